using CliWrap;
using CliWrap.Buffered;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Testing.Guests;

namespace Tidepool.Runtime.Tests.Qemu;

/// <summary>The network that each QEMU has to itself, and what other users of the host learn of a machine.</summary>
public sealed class QemuNetworkTests(QemuHost host) : IClassFixture<QemuHost>, IAsyncLifetime
{
    private const string WorkspaceName = "quarterly-figures";

    /// <summary>What a resolver says about itself by default; a question of the class CHAOS for a text.</summary>
    private const string AskResolver = """
        python3 - <<'END'
        import socket, struct, subprocess
        gateway = subprocess.run(["ip", "route", "show", "default"], stdout=subprocess.PIPE, text=True).stdout.split()[2]
        for name in ("servers.bind", "version.bind", "hits.bind", "authors.bind", "version.server", "id.server", "hostname.bind"):
            question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0" + struct.pack("!2H", 16, 3)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(2)
                s.connect((gateway, 53))
                try:
                    s.send(struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + question)
                    print(name, struct.unpack("!H", s.recv(4096)[6:8])[0])
                except OSError:
                    print(name, "silence")
        END
        """;

    private readonly List<InstanceName> made = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(QemuHost.Reason is not null, QemuHost.Reason ?? "");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in made)
        {
            await host.Runtime.DeleteAsync(name, CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_machine_has_a_network_of_its_own_in_which_nothing_has_an_address()
    {
        var name = await StartedAsync();
        var pid = host.FindPid(name);
        Assert.NotEqual(NetworkOf("self"), NetworkOf($"{pid}"));
        Assert.NotEqual(new FileInfo("/proc/self/ns/ipc").LinkTarget, new FileInfo($"/proc/{pid}/ns/ipc").LinkTarget);
        Assert.Empty(await ShellAsync($"nsenter --target {pid} --net ip -oneline address show"));
        Assert.DoesNotContain(Directory.GetFiles($"/proc/{pid}/fd").Select(file => new FileInfo(file).LinkTarget ?? ""), target => target.StartsWith("net:", StringComparison.Ordinal));

        var link = host.LinkOf(name);
        Assert.Equal("1", File.ReadAllText($"/sys/class/net/{link}/brport/isolated").Trim());
        Assert.Equal("1", File.ReadAllText($"/proc/sys/net/ipv6/conf/{link}/disable_ipv6").Trim());
    }

    [Fact]
    public async Task The_hosts_end_goes_with_the_killed_process_without_any_check()
    {
        var name = await StartedAsync();
        var link = host.LinkOf(name);
        Kill(host.FindPid(name)!.Value);
        await UntilAsync($"{link} is gone", () => !HasLink(link));
        await host.Runtime.StartAsync(name, Token);
        Assert.True(HasLink(link));
    }

    [Theory]
    [InlineData("process")]
    [InlineData("link")]
    [InlineData("bridge")]
    public async Task A_start_that_is_killed_halfway_leaves_no_link_and_the_next_one_succeeds(string seen)
    {
        var name = await MadeAsync();
        var link = host.LinkOf(name);
        var start = host.Runtime.StartAsync(name, Token);
        await UntilAsync($"the start has come to its {seen}", () => seen switch
        {
            "process" => host.FindPid(name) is not null,
            "link" => HasLink(link),
            _ => Directory.Exists($"/sys/class/net/{link}/brport"),
        });
        Kill(host.FindPid(name)!.Value);
        await Assert.ThrowsAsync<RuntimeException>(() => start);
        await UntilAsync($"{link} is gone", () => !HasLink(link));
        await host.Runtime.StartAsync(name, Token);
        Assert.Equal(InstanceState.Running, (await host.Runtime.ObserveAsync(name, Token))?.State);
    }

    [Fact]
    public async Task A_link_that_an_older_Tidepool_left_is_replaced()
    {
        var name = await MadeAsync();
        await ShellAsync($"ip tuntap add dev {host.LinkOf(name)} mode tap");
        await host.Runtime.StartAsync(name, Token);
        Assert.Equal(InstanceState.Running, (await host.Runtime.ObserveAsync(name, Token))?.State);
    }

    [Fact]
    public async Task A_bridge_that_was_taken_away_is_put_back_with_the_links_of_running_machines()
    {
        var name = await StartedAsync();
        var bridge = (await host.Runtime.FindNetworkAsync(Token))!.Bridge;
        await ShellAsync($"ip link delete dev {bridge}");
        await host.BeginAnewAsync();
        await host.Runtime.PrepareAsync(Token);
        Assert.Equal("1", File.ReadAllText($"/sys/class/net/{host.LinkOf(name)}/brport/isolated").Trim());
        Assert.Equal("here", (await InsideAsync(name, "echo here")).Trim());
    }

    [Fact]
    public async Task Other_users_learn_no_workspace_name_from_processes_and_files()
    {
        var name = await StartedAsync();
        var titles = await ShellAsync("setpriv --reuid=65534 --regid=65534 --clear-groups /bin/sh -c 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/comm 2>/dev/null | tr \"\\0\" \" \"'");
        Assert.True(titles.Contains("qemu-system", StringComparison.Ordinal), "The processes cannot be read at all.");
        Assert.DoesNotContain(WorkspaceName, titles, StringComparison.Ordinal);
        Assert.Equal(WorkspaceName, (await InsideAsync(name, "hostname")).Trim());

        const UnixFileMode others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute;
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(host.Home) & others);
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Path.Combine(host.Home, "machines")) & others);
    }

    [Fact]
    public async Task The_resolver_reveals_nothing_about_itself_and_ends_when_workspaces_are_to_reach_nothing()
    {
        await host.BeginAnewAsync(reachesInternet: true);
        try
        {
            await host.Runtime.PrepareAsync(Token);
            var name = await StartedAsync();
            var answers = (await InsideAsync(name, AskResolver)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(7, answers.Length);
            Assert.All(answers, answer => Assert.EndsWith(" 0", answer, StringComparison.Ordinal));

            await host.BeginAnewAsync(reachesInternet: false);
            await host.Runtime.PrepareAsync(Token);
            answers = (await InsideAsync(name, AskResolver)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.All(answers, answer => Assert.EndsWith(" silence", answer, StringComparison.Ordinal));
            Assert.Equal("nothing", (await InsideAsync(name, "getent ahostsv4 public.example || echo nothing")).Trim());
        }
        finally
        {
            await host.BeginAnewAsync();
        }
    }

    private async Task<InstanceName> MadeAsync()
    {
        var spec = new InstanceSpec(
            InstanceName.Of(new WorkspaceId(Guid.NewGuid())), Tidepool.Core.Workspaces.WorkspaceName.Parse(WorkspaceName), host.Image, 1, 512,
            new Dictionary<string, string> { ["TIDEPOOL_WORKSPACE_NAME"] = WorkspaceName });
        made.Add(spec.Name);
        await host.Runtime.CreateAsync(spec, Token);
        return spec.Name;
    }

    private async Task<InstanceName> StartedAsync()
    {
        var name = await MadeAsync();
        await host.Runtime.StartAsync(name, Token);
        return name;
    }

    private async Task<string> InsideAsync(InstanceName name, string script)
    {
        using var agent = new GuestAgent(host.AddressOf(name));
        GuestResult? result = null;
        await UntilAsync($"{name} runs what it is sent", async () => (result = await agent.TryRunAsync(script, Token)) is not null);
        Assert.True(result!.ExitCode == 0, result.Error);
        return result.Output;
    }

    private static bool HasLink(string link) => Directory.Exists("/sys/class/net/" + link);

    private static string? NetworkOf(string process) => new FileInfo($"/proc/{process}/ns/net").LinkTarget;

    private static void Kill(int pid)
    {
        using var process = System.Diagnostics.Process.GetProcessById(pid);
        process.Kill();
    }

    private static async Task<string> ShellAsync(string command) =>
        (await Cli.Wrap("/bin/sh").WithArguments(["-c", command]).WithEnvironmentVariables(e => e.Set("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")).ExecuteBufferedAsync(Token)).StandardOutput;

    private static Task UntilAsync(string what, Func<bool> check) => UntilAsync(what, () => Task.FromResult(check()));

    private static async Task UntilAsync(string what, Func<Task<bool>> check)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await check())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(4), $"It did not come to pass that {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Token);
        }
    }
}
