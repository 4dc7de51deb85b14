using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Runtime.Tart;

namespace Tidepool.Runtime.Tests.Tart;

/// <summary>
/// The contract and Tart's own traps, against a program that plays Tart's documented behaviour: no Mac was there. Where
/// <c>TIDEPOOL_TART</c> names a real one, the contract runs against that; docs/tart.md says how.
/// </summary>
public sealed class TartRuntimeTests : WorkspaceRuntimeContract
{
    private static readonly string? Real = Environment.GetEnvironmentVariable("TIDEPOOL_TART");
    private readonly DirectoryInfo place = Directory.CreateTempSubdirectory("tp-tart-");
    private readonly ServiceProvider services;

    public TartRuntimeTests()
    {
        Directory.CreateDirectory(Path.Combine(place.FullName, "image"));
        File.WriteAllText(Path.Combine(place.FullName, "image", "disk.raw"), "a disk");
        services = new ServiceCollection().AddTartRuntime(options =>
        {
            options.Program = Real ?? Path.Combine(AppContext.BaseDirectory, "Tart", "tart-stand-in");
            options.Home = Real is null ? Home : null;
            options.Notes = Path.Combine(place.FullName, "notes");
            options.DiskGiB = 1;
        }).BuildServiceProvider();
        Image = new RuntimeImage("default", Real is null ? "0123456789abcdef" : Environment.GetEnvironmentVariable("TIDEPOOL_TART_HASH") ?? "contract", Environment.GetEnvironmentVariable("TIDEPOOL_TART_IMAGE") ?? Path.Combine(place.FullName, "image"));
    }

    protected override IWorkspaceRuntime Runtime => services.GetRequiredService<IWorkspaceRuntime>();

    protected override RuntimeImage Image { get; }

    private string Home => Path.Combine(place.FullName, "home");

    public override async ValueTask DisposeAsync()
    {
        foreach (var fault in Directory.Exists(Path.Combine(Home, "faults")) ? Directory.GetFiles(Path.Combine(Home, "faults")) : [])
        {
            File.Delete(fault);
        }

        await base.DisposeAsync();
        await services.DisposeAsync();
        place.Delete(recursive: true);
    }

    [Fact]
    public async Task A_guest_gets_its_name_on_a_disk_of_its_own_and_is_behind_softnet()
    {
        OnlyStandIn();
        var spec = await RunningAsync();
        var arguments = (await File.ReadAllTextAsync(Path.Combine(Home, "vms", spec.Name.ToString(), "arguments"), Token)).Trim();
        Assert.Contains("--net-softnet", arguments, StringComparison.Ordinal);
        var seed = arguments.Split(' ').Single(a => a.StartsWith("--disk=", StringComparison.Ordinal))["--disk=".Length..^":ro".Length];
        var text = await File.ReadAllTextAsync(seed, Token);
        Assert.StartsWith("# tidepool\nTIDEPOOL_WORKSPACE_NAME=contract\nVSCODE_PROXY_URI=./port/{{port}}/\n", text, StringComparison.Ordinal);
        Assert.Equal(0, text.Length % 512);
        Assert.Equal($"{spec.Name} --cpu 1 --memory 512 --random-mac", (await File.ReadAllTextAsync(Path.Combine(Home, "vms", spec.Name.ToString(), "settings"), Token)).Trim());
    }

    [Fact]
    public async Task An_address_that_no_lease_names_is_found_among_the_neighbours()
    {
        OnlyStandIn();
        Directory.CreateDirectory(Home);
        await File.WriteAllTextAsync(Path.Combine(Home, "duid"), "", Token);
        var spec = await RunningAsync();
        Assert.NotNull((await UntilAddressAsync(spec.Name)).Address);
    }

    [Fact]
    public async Task A_guest_that_shuts_down_is_distinguished_from_a_killed_one()
    {
        OnlyStandIn();
        var (shut, killed) = (await RunningAsync(), await RunningAsync());
        await SignalAsync(shut.Name, "USR1");
        await SignalAsync(killed.Name, "KILL");
        Assert.Equal(StopCause.Guest, (await UntilStoppedAsync(shut.Name)).StoppedBy);
        Assert.Equal(StopCause.Host, (await UntilStoppedAsync(killed.Name)).StoppedBy);
        await Runtime.StartAsync(killed.Name, Token);
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(killed.Name, Token))!.State);
    }

    [Fact]
    public async Task One_that_does_not_shut_down_is_ended_by_force()
    {
        OnlyStandIn();
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        await File.WriteAllTextAsync(Path.Combine(Home, "vms", spec.Name.ToString(), "stubborn"), "", Token);
        await Runtime.StartAsync(spec.Name, Token);
        await Runtime.StopAsync(spec.Name, TimeSpan.FromSeconds(1), Token);
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(spec.Name, Token))!.State);
    }

    [Fact]
    public async Task A_copy_begins_with_the_disk_of_the_other()
    {
        OnlyStandIn();
        var source = await RunningAsync();
        await File.WriteAllTextAsync(Path.Combine(Home, "vms", source.Name.ToString(), "disk.img"), "work", Token);
        var copy = Spec() with { Image = null };
        await Runtime.CloneAsync(source.Name, copy, Token);
        Assert.Equal("work", await File.ReadAllTextAsync(Path.Combine(Home, "vms", copy.Name.ToString(), "disk.img"), Token));
    }

    [Theory]
    [InlineData("fail The VM exceeded its licence", true)]
    [InlineData("fail Error: Unknown option '--format'", false)]
    [InlineData("garbage", true)]
    public async Task What_tart_says_is_reported_and_tried_again_where_that_can_help(string fault, bool isTransient)
    {
        OnlyStandIn();
        FailWith("list", fault);
        var thrown = await Assert.ThrowsAsync<RuntimeException>(() => Runtime.ObserveAllAsync(Token));
        Assert.Equal((RuntimeFaults.Failed, isTransient), (thrown.Code, thrown.IsTransient));
        Assert.Empty(await Runtime.ObserveAllAsync(Token));
    }

    [Fact]
    public async Task A_full_disk_is_not_tried_again()
    {
        OnlyStandIn();
        FailWith("clone", "fail The file could not be written: No space left on device");
        var thrown = await Assert.ThrowsAsync<RuntimeException>(() => Runtime.CreateAsync(Spec(), Token));
        Assert.Equal((RuntimeFaults.StorageFull, false), (thrown.Code, thrown.IsTransient));
    }

    [Theory]
    [InlineData("clone")]
    [InlineData("set")]
    [InlineData("rename")]
    public async Task A_making_that_failed_anywhere_goes_on_where_it_was(string command)
    {
        OnlyStandIn();
        var spec = Spec();
        FailWith(command, "fail Something passing");
        await Assert.ThrowsAsync<RuntimeException>(() => Runtime.CreateAsync(spec, Token));
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        Assert.Contains("--cpu 1", await File.ReadAllTextAsync(Path.Combine(Home, "vms", spec.Name.ToString(), "settings"), Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_that_ends_at_once_says_why()
    {
        OnlyStandIn();
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        FailWith("run", "fail Softnet could not be started: it needs to be root");
        var thrown = await Assert.ThrowsAsync<RuntimeException>(() => Runtime.StartAsync(spec.Name, Token));
        Assert.Contains("Softnet could not be started", thrown.Message, StringComparison.Ordinal);
        await Runtime.StartAsync(spec.Name, Token);
    }

    [Fact]
    public async Task Machines_that_are_not_ours_are_neither_seen_nor_touched()
    {
        OnlyStandIn();
        var foreign = Path.Combine(Home, "vms", InstanceName.Of(WorkspaceId.New(TimeProvider.System)).ToString());
        Directory.CreateDirectory(foreign);
        Assert.True(InstanceName.TryParse(Path.GetFileName(foreign), out var name));
        Assert.Empty(await Runtime.ObserveAllAsync(Token));
        await Runtime.StopAsync(name, TimeSpan.Zero, Token);
        await Runtime.DeleteAsync(name, Token);
        await Runtime.PurgeAsync(Token);
        Assert.True(Directory.Exists(foreign));
    }

    [Fact]
    public async Task Without_tart_it_says_what_is_missing()
    {
        await using var none = new ServiceCollection().AddTartRuntime(o => (o.Program, o.Notes) = ("/nonexistent/tart", place.FullName)).BuildServiceProvider();
        var thrown = await Assert.ThrowsAsync<RuntimeException>(() => none.GetRequiredService<IWorkspaceRuntime>().PrepareAsync(Token));
        Assert.Equal(RuntimeFaults.Unreachable, thrown.Code);
    }

    private static void OnlyStandIn() => Assert.SkipWhen(Real is not null, "A real Tart cannot be made to fail.");

    private void FailWith(string command, string fault)
    {
        Directory.CreateDirectory(Path.Combine(Home, "faults"));
        File.WriteAllText(Path.Combine(Home, "faults", command), fault + "\n");
    }

    private async Task<InstanceSpec> RunningAsync()
    {
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        return spec;
    }

    private async Task SignalAsync(InstanceName name, string signal)
    {
        var pid = (await File.ReadAllTextAsync(Path.Combine(Home, "vms", name.ToString(), "run.pid"), Token)).Trim();
        using var kill = Process.Start("/bin/sh", ["-c", signal == "KILL" ? $"pkill -KILL -P {pid}; kill -KILL {pid}" : $"kill -{signal} {pid}"]);
        await kill.WaitForExitAsync(Token);
    }

    private Task<InstanceObservation> UntilStoppedAsync(InstanceName name) =>
        UntilAsync($"{name} is stopped", async () => await Runtime.ObserveAsync(name, Token) is { State: InstanceState.Stopped } seen && File.Exists(Path.Combine(place.FullName, "notes", name.ToString(), "exit")) ? seen : null);
}
