using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Host.State;
using Tidepool.Runtime.Incus;
using Tidepool.Runtime.Qemu;
using Tidepool.Testing;
using Tidepool.Worker.Hosting;

namespace Tidepool.Worker.Tests.Hosting;

public sealed class RuntimeRegistrationTests
{
    [Theory]
    [InlineData("incus", "IncusRuntime", "NftablesBoundary")]
    [InlineData("qemu", "QemuRuntime", "NftablesBoundary")]
    [InlineData("tart", "TartRuntime", "NoBoundary")]
    public async Task The_runtime_in_use_comes_with_the_network_boundary_that_it_needs(string name, string runtime, string boundary)
    {
        await using var services = Build(("RuntimeInUse", name));
        Assert.Equal(runtime, services.GetRequiredService<IWorkspaceRuntime>().GetType().Name);
        Assert.Equal(boundary, services.GetRequiredService<INetworkBoundary>().GetType().Name);
    }

    [Fact]
    public async Task Each_runtime_gets_its_own_part_of_the_settings()
    {
        await using var qemu = Build(("RuntimeInUse", "qemu"), ("Qemu:Bridge", "tp12345678"), ("Qemu:Nat", "false"), ("Qemu:Accelerator", "tcg"));
        var options = qemu.GetRequiredService<IOptions<QemuOptions>>().Value;
        Assert.Equal(("/state/qemu", "tp12345678", false, "tcg", 20), (options.Directory, options.Bridge, options.Nat, options.Accelerator, options.DiskGiB));

        await using var incus = Build(("RuntimeInUse", "incus"), ("Incus:Network", "tp12345678"), ("Incus:Machines", "false"));
        Assert.Equal(("tp12345678", false), (incus.GetRequiredService<IOptions<IncusOptions>>().Value.Network, incus.GetRequiredService<IOptions<IncusOptions>>().Value.Machines));
    }

    [Fact]
    public async Task A_runtime_that_needs_our_network_boundary_never_runs_without_it()
    {
        await using var services = Build(("RuntimeInUse", "tart"));
        var rules = new NetworkRules(new WorkspaceNetwork("tp0", "tw0", System.Net.IPAddress.Loopback, System.Net.IPNetwork.Parse("127.0.0.0/8"), false, []), []);
        var fault = await Assert.ThrowsAsync<RuntimeException>(() => services.GetRequiredService<INetworkBoundary>().ApplyAsync(rules, default));
        Assert.Equal(RuntimeFaults.BoundaryDown, fault.Code);
    }

    [Fact]
    public async Task A_runtime_that_the_worker_does_not_know_registers_itself()
    {
        var services = new ServiceCollection();
        services.AddRuntime(new ToyDescriptor(), new ConfigurationBuilder().Build(), new StateDirectory("/state"), proxyUser: null);
        await using var provider = services.BuildServiceProvider();
        Assert.IsType<InMemoryRuntime>(provider.GetRequiredService<IWorkspaceRuntime>());
        Assert.Equal("NoBoundary", provider.GetRequiredService<INetworkBoundary>().GetType().Name);
    }

    private static ServiceProvider Build(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddRuntime(configuration, new StateDirectory("/state"));
        return services.BuildServiceProvider();
    }
}
