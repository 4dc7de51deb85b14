using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Runtime.Incus;
using Tidepool.Testing;

namespace Tidepool.Runtime.Tests;

/// <summary>The whole contract, and what only a real guest can show, on a real Incus.</summary>
public sealed class IncusRuntimeTests(IncusRuntimeTests.Host host) : GuestContract, IClassFixture<IncusRuntimeTests.Host>
{
    protected override IWorkspaceRuntime Runtime => host.Runtime;

    protected override RuntimeImage Image => host.Image;

    protected override string? WhyNot => host.Reason;

    [Fact]
    public async Task A_link_that_a_start_of_before_left_over_is_in_nobodys_way()
    {
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        var link = (await host.GetAsync($"1.0/instances/{spec.Name}")).GetProperty("devices").GetProperty("eth0").GetProperty("host_name").GetString();
        await host.ShellAsync($"ip link add {link} type veth peer name left-over");

        await Runtime.StartAsync(spec.Name, Token);
        await UntilEditorAnswersAsync(spec.Name);
    }

    [Fact]
    public async Task A_start_waits_for_a_stop_that_a_worker_of_before_left_under_way()
    {
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        await UntilEditorAnswersAsync(spec.Name);
        var before = await GuestAsync(spec.Name);

        // The guest takes its time.
        await host.ShellAsync($"kill -STOP {before}");
        await host.BeginStopAsync(spec.Name);
        var starting = Runtime.StartAsync(spec.Name, Token);
        await host.ShellAsync($"kill -CONT {before}");
        await starting;
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(spec.Name, Token))!.State);
        Assert.NotEqual(before, await GuestAsync(spec.Name));
    }

    [Fact]
    public async Task Machines_that_are_not_ours_are_neither_listed_nor_purged_by_name()
    {
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        Assert.All(await Runtime.ObserveAllAsync(Token), seen => Assert.True(InstanceName.TryParse(seen.Name.ToString(), out _)));
        Assert.Contains(await Runtime.ObserveAllAsync(Token), seen => seen.Name == spec.Name);
    }

    [Fact]
    public async Task Running_machines_outlive_their_daemon_and_are_seen_again()
    {
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        var before = await UntilEditorAnswersAsync(spec.Name);

        await host.Daemon.KillAsync();
        var fault = await Assert.ThrowsAsync<RuntimeException>(() => Runtime.ObserveAsync(spec.Name, Token));
        Assert.Equal(RuntimeFaults.Unreachable, fault.Code);
        Assert.True(fault.IsTransient);

        await host.Daemon.RunAsync();
        var after = await UntilEditorAnswersAsync(spec.Name);
        Assert.Equal(before.Address, after.Address);
    }

    [Fact]
    public async Task A_daemon_that_ended_in_good_order_leaves_its_machines_to_be_brought_back()
    {
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        await UntilEditorAnswersAsync(spec.Name);

        await host.Daemon.ShutDownAsync();
        await host.Daemon.RunAsync();
        var seen = await Runtime.ObserveAsync(spec.Name, Token);
        Assert.Equal((InstanceState.Stopped, StopCause.Host), (seen!.State, seen.StoppedBy));
    }

    [Fact]
    public async Task An_address_that_a_guest_gives_itself_is_not_believed()
    {
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        var given = (await UntilEditorAnswersAsync(spec.Name)).Address;
        Assert.Contains((await Runtime.FindNetworkAsync(Token))!.Links, link => link.Address.Equals(given));

        var guest = await GuestAsync(spec.Name);
        await host.ShellAsync($"nsenter --target {guest} --net -- sh -c 'ip address flush dev eth0; ip address add 192.168.1.1/24 dev eth0; ip address add 10.0.0.9/8 dev eth0'");
        Assert.Null((await Runtime.ObserveAsync(spec.Name, Token))!.Address);

        await host.ShellAsync($"nsenter --target {guest} --net -- ip address add {given}/24 dev eth0");
        Assert.Equal(given, (await Runtime.ObserveAsync(spec.Name, Token))!.Address);
    }

    [Fact]
    public async Task The_isolation_of_the_machine_is_configured()
    {
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        var instance = await host.GetAsync($"1.0/instances/{spec.Name}");
        var config = instance.GetProperty("config");
        Assert.Equal("false", config.GetProperty("security.privileged").GetString());
        Assert.Equal("false", config.GetProperty("security.nesting").GetString());
        Assert.Equal("false", config.GetProperty("security.guestapi").GetString());
        Assert.Equal("1", config.GetProperty("limits.cpu").GetString());
        Assert.Equal("512MiB", config.GetProperty("limits.memory").GetString());
        var nic = instance.GetProperty("devices").GetProperty("eth0");
        foreach (var filter in new[] { "port_isolation", "mac_filtering", "ipv4_filtering", "ipv6_filtering" })
        {
            Assert.Equal("true", nic.GetProperty("security." + filter).GetString());
        }
    }

    private async Task<int> GuestAsync(InstanceName name) => (await host.GetAsync($"1.0/instances/{name}/state")).GetProperty("pid").GetInt32();

    protected override Task<string> InsideAsync(InstanceName name, string script) => host.RunInsideAsync(name, script);

    protected override async Task HangAsync(InstanceName name) => await host.ShellAsync($"kill -STOP {await GuestAsync(name)}");

    /// <summary>One daemon with the image in it for all tests of the class.</summary>
    public sealed class Host : IAsyncLifetime
    {
        private const string Project = "contract";
        private ServiceProvider? services;
        private HttpClient? client;

        public string? Reason { get; } = IncusDaemon.WhyNot()
            ?? (Environment.GetEnvironmentVariable("TIDEPOOL_TEST_IMAGE") is null ? "No workspace image was built: run ./test, which builds it and sets TIDEPOOL_TEST_IMAGE." : null);

        public IncusDaemon Daemon { get; private set; } = null!;

        public IWorkspaceRuntime Runtime => services!.GetRequiredService<IWorkspaceRuntime>();

        public RuntimeImage Image { get; private set; } = null!;

        public void SkipIfMissing() => Assert.SkipWhen(Reason is not null, Reason ?? "");

        public async ValueTask InitializeAsync()
        {
            if (Reason is not null)
            {
                return;
            }

            Daemon = await IncusDaemon.StartAsync();
            Image = new RuntimeImage("default", "contract", Environment.GetEnvironmentVariable("TIDEPOOL_TEST_IMAGE")!);
            services = new ServiceCollection().AddLogging().AddIncusRuntime(Configure).BuildServiceProvider();
            client = Daemon.Client();
            await Runtime.PrepareAsync(CancellationToken.None);
            await Runtime.ImportImageAsync(Image, CancellationToken.None);
        }

        public void Configure(IncusOptions options)
        {
            options.Socket = Daemon.Socket;
            options.Project = Project;
            options.Network = Daemon.Bridge;
            options.Pool = "contract";
            options.PoolSizeGiB = 10;
            options.Nat = false;
        }

        public async Task<JsonElement> GetAsync(string path)
        {
            using var document = JsonDocument.Parse(await client!.GetStringAsync(new Uri($"{path}?project={Project}", UriKind.Relative)));
            return document.RootElement.GetProperty("metadata").Clone();
        }

        /// <summary>Asks for a stop and does not wait for it.</summary>
        public async Task BeginStopAsync(InstanceName name)
        {
            using var content = new StringContent("""{"action":"stop","timeout":30}""", Encoding.UTF8, "application/json");
            using var answer = await client!.PutAsync(new Uri($"1.0/instances/{name}/state?project={Project}", UriKind.Relative), content);
            answer.EnsureSuccessStatusCode();
        }

        public async Task ShellAsync(string command)
        {
            using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", command } })!;
            await shell.WaitForExitAsync();
            Assert.Equal(0, shell.ExitCode);
        }

        public async Task<string> RunInsideAsync(InstanceName name, string script)
        {
            var request = new Dictionary<string, object>
            {
                ["command"] = new[] { "/bin/sh", "-c", script },
                ["wait-for-websocket"] = false,
                ["interactive"] = false,
                ["record-output"] = true,
                ["environment"] = new Dictionary<string, string> { ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
            };
            using var begun = await client!.PostAsJsonAsync(new Uri($"1.0/instances/{name}/exec?project={Project}", UriKind.Relative), request);
            using var operation = JsonDocument.Parse(await begun.Content.ReadAsStringAsync());
            var id = operation.RootElement.GetProperty("metadata").GetProperty("id").GetString();
            var ended = (await GetAsync($"1.0/operations/{id}/wait")).GetProperty("metadata");
            Assert.Equal(0, ended.GetProperty("return").GetInt32());
            return await client!.GetStringAsync(new Uri($"{ended.GetProperty("output").GetProperty("1").GetString()![1..]}?project={Project}", UriKind.Relative));
        }

        public async ValueTask DisposeAsync()
        {
            if (services is not null)
            {
                await Runtime.PurgeAsync(CancellationToken.None);
                await services.DisposeAsync();
            }

            client?.Dispose();
            if (Daemon is not null)
            {
                await Daemon.DisposeAsync();
            }
        }
    }
}
