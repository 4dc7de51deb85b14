using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Runtime.Qemu;

namespace Tidepool.Runtime.Tests.Qemu;

/// <summary>What the QEMU runtime makes of a file system that fails, of files that a power cut left, and of a QEMU that lies. No machine runs.</summary>
public sealed partial class QemuSeamTests : IAsyncLifetime
{
    private readonly DirectoryInfo place = Directory.CreateTempSubdirectory("tp-qemu-");
    private readonly FakeTimeProvider time = new();
    private readonly List<Process> processes = [];
    private ServiceProvider? services;

    private IWorkspaceRuntime Runtime => services!.GetRequiredService<IWorkspaceRuntime>();

    private string Home => Path.Combine(place.FullName, "qemu");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(!OperatingSystem.IsLinux() || Environment.UserName != "root", "The bridge needs Linux and root.");
        Assert.SkipWhen(!File.Exists(new QemuOptions().Program), "QEMU is not installed: run ./test, which installs it.");
        services = Services(TimeProvider.System);
        await Runtime.PrepareAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (services is not null)
        {
            // With a clock that goes on by itself.
            await BeginAnewAsync();
            await Runtime.PurgeAsync(CancellationToken.None);
            await services.DisposeAsync();
        }

        foreach (var process in processes)
        {
            process.Kill();
            process.Dispose();
        }

        place.Delete(recursive: true);
    }

    [Fact]
    public async Task A_machine_that_the_file_system_does_not_tell_of_is_never_called_gone()
    {
        var name = Machine();
        var machines = Path.Combine(Home, "machines");
        Directory.Move(machines, machines + ".away");
        Directory.CreateSymbolicLink(machines, machines);
        await AssertNothingIsToldAsync(name);

        File.Delete(machines);
        Directory.Move(machines + ".away", machines);
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(name, Token))?.State);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("an empty directory")]
    [InlineData("another runtime's directory")]
    public async Task A_machine_is_never_called_gone_while_something_else_is_in_the_place_of_the_runtimes_directory(string instead)
    {
        var name = Machine();
        Directory.Move(Home, Home + ".away");
        if (instead != "nothing")
        {
            Directory.CreateDirectory(Home);
        }

        if (instead == "another runtime's directory")
        {
            await File.WriteAllTextAsync(Path.Combine(Home, "id"), "another", Token);
        }

        var message = await AssertNothingIsToldAsync(name);
        Assert.Contains(Home, message, StringComparison.Ordinal);
        Assert.Contains("mounted", message, StringComparison.Ordinal);
        await AssertMayPassAsync(() => Runtime.PrepareAsync(Token));
        await AssertMayPassAsync(() => Runtime.HaltAsync(TimeSpan.Zero, Token));
        await AssertMayPassAsync(() => Runtime.PurgeAsync(Token));

        if (Directory.Exists(Home))
        {
            Directory.Delete(Home, recursive: true);
        }

        Directory.Move(Home + ".away", Home);
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(name, Token))?.State);
    }

    [Fact]
    public async Task The_directory_of_an_older_Tidepool_is_adopted_with_its_machines()
    {
        var name = Machine();
        File.Delete(Path.Combine(Home, "id"));
        File.Delete(Home + ".id");
        await Runtime.PrepareAsync(Token);
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(name, Token))?.State);
        Assert.Null(await Runtime.ObserveAsync(NewName(), Token));
    }

    [Fact]
    public async Task Halting_and_purging_what_was_never_prepared_leaves_nothing()
    {
        await Runtime.PurgeAsync(Token);
        await Runtime.HaltAsync(TimeSpan.Zero, Token);
        await Runtime.PurgeAsync(Token);
        Assert.Empty(place.GetFileSystemInfos());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"Image\":null,\"Cpus\":1,\"MemoryMiB\":512,\"Environment\":{},\"Link\":\"l\",\"HardwareAddress\":\"02:00:00:00:00:02\",\"Address\":\"10.77.0.9\",\"User\":0}")]
    [InlineData("{\"Image\":\"i\",\"Cpus\":1,\"MemoryMiB\":512,\"Environment\":{},\"Link\":\"l\",\"HardwareAddress\":\"02:00:00:00:00:02\",\"Address\":\"nowhere\",\"User\":0}")]
    public async Task A_machine_whose_record_is_damaged_is_reported_by_its_file_and_keeps_none_of_the_others_from_anything(string record)
    {
        var whole = Machine();
        var damaged = Machine();
        var file = Path.Combine(Of(damaged), "machine.json");
        await File.WriteAllTextAsync(file, record, Token);
        var process = Process(damaged);

        foreach (var call in new Func<Task>[] { () => Runtime.ObserveAsync(damaged, Token), () => Runtime.StartAsync(damaged, Token) })
        {
            var fault = await Assert.ThrowsAsync<RuntimeException>(call);
            Assert.False(fault.IsTransient);
            Assert.Contains(file, fault.Message, StringComparison.Ordinal);
        }

        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(whole, Token))?.State);
        var all = await Runtime.ObserveAllAsync(Token);
        Assert.Equal(InstanceState.Stopped, all.Single(seen => seen.Name == whole).State);
        Assert.Equal(InstanceState.Changing, all.Single(seen => seen.Name == damaged).State);
        Assert.Single((await Runtime.FindNetworkAsync(Token))!.Links);

        await Runtime.HaltAsync(TimeSpan.FromSeconds(10), Token);
        await process.WaitForExitAsync(Token);
        await Runtime.DeleteAsync(damaged, Token);
        Assert.Null(await Runtime.ObserveAsync(damaged, Token));
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(whole, Token))?.State);
    }

    [Fact]
    public async Task A_subnet_that_a_power_cut_left_empty_is_written_again_where_it_is_the_one_of_the_machines()
    {
        var file = Path.Combine(Home, "subnet");
        var before = await File.ReadAllTextAsync(file, Token);
        Machine(before.Replace(".1/24", ".9", StringComparison.Ordinal).Trim());
        await File.WriteAllTextAsync(file, "", Token);
        await Runtime.HaltAsync(TimeSpan.Zero, Token);
        await BeginAnewAsync();
        await Runtime.PrepareAsync(Token);
        Assert.Equal(before, await File.ReadAllTextAsync(file, Token));
    }

    [Fact]
    public async Task A_damaged_subnet_of_other_machines_is_reported_by_its_file_and_not_replaced()
    {
        var file = Path.Combine(Home, "subnet");
        var name = Machine("192.0.2.9");
        await File.WriteAllTextAsync(file, "", Token);
        await BeginAnewAsync();
        var message = await AssertMayPassAsync(() => Runtime.PrepareAsync(Token));
        Assert.Contains(file, message, StringComparison.Ordinal);
        Assert.Contains("192.0.2.9", message, StringComparison.Ordinal);
        Assert.Equal("", await File.ReadAllTextAsync(file, Token));
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(name, Token))?.State);
    }

    public static TheoryData<string> Lies() =>
    [
        "{\"return\":{}}\n", "{\"return\":[]}\n", "{\"return\":{\"status\":7}}\n", "{\"return\":{\"status\":\"\\ud800\"}}\n", "{\"\\ud800\":1}\n", "{\"error\":\"no\"}\n",
        "{\"error\":{\"desc\":{}}}\n", "[]\n", "7\n", "\n", "\u0001\n", new string('[', 2000) + "\n", "",
    ];

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Whatever_QEMU_answers_in_place_of_its_state_the_machine_is_seen_and_can_be_ended(string lie)
    {
        var name = Machine();
        var process = Process(name);
        await using var qemu = new FakeQemu(Path.Combine(Of(name), "vm", "qmp"), async (stream, token) =>
        {
            await stream.WriteAsync("{\"QMP\":{}}\n{\"return\":{}}\n"u8.ToArray(), token);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(lie), token);
        });
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(name, Token))?.State);
        await Runtime.DeleteAsync(name, Token);
        await process.WaitForExitAsync(Token);
    }

    [Fact]
    public async Task A_line_that_does_not_end_is_not_read_to_its_end()
    {
        var name = Machine();
        Process(name);
        var sent = 0L;
        await using var qemu = new FakeQemu(Path.Combine(Of(name), "vm", "qmp"), async (stream, token) =>
        {
            var part = new byte[4096];
            Array.Fill(part, (byte)'[');
            while (true)
            {
                await stream.WriteAsync(part, token);
                sent += part.Length;
            }
        });
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(name, Token))?.State);
        await qemu.DisposeAsync();
        Assert.InRange(sent, 1, 4 << 20);
    }

    [Fact]
    public async Task Events_without_end_are_listened_to_for_a_while_only()
    {
        var name = Machine();
        Process(name);
        await using var qemu = new FakeQemu(Path.Combine(Of(name), "vm", "qmp"), async (stream, token) =>
        {
            await stream.WriteAsync("{\"QMP\":{}}\n"u8.ToArray(), token);
            for (var sent = 0; ; sent++)
            {
                await stream.WriteAsync("{\"event\":\"NOISE\"}\n"u8.ToArray(), token);
                if (sent == 10)
                {
                    time.Advance(TimeSpan.FromMinutes(1));
                }
            }
        });
        await BeginAnewAsync(time);
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(name, Token))?.State);
        await BeginAnewAsync();
    }

    [Fact]
    public async Task A_QEMU_that_never_answers_is_waited_for_a_while_only()
    {
        var name = Machine();
        Process(name);
        await using var qemu = new FakeQemu(Path.Combine(Of(name), "vm", "qmp"), async (stream, token) =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        });
        await BeginAnewAsync(time);
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(name, Token))?.State);
        await BeginAnewAsync();
    }

    [Fact]
    public async Task The_last_that_a_hostile_QEMU_can_do_is_to_fail_its_own_machine_alone()
    {
        var other = Machine();
        var name = Machine();
        Process(name);
        var isAsked = false;
        await using var qemu = new FakeQemu(Path.Combine(Of(name), "vm", "qmp"), async (stream, token) =>
        {
            isAsked = !isAsked;
            await stream.WriteAsync("{\"QMP\":{}}\n{\"return\":{}}\n"u8.ToArray(), token);
            await stream.WriteAsync(isAsked ? "{\"return\":{\"status\":\"paused\"}}\n"u8.ToArray() : "{\"error\":{\"desc\":\"\\u001b[2J\"}}\n"u8.ToArray(), token);
        });
        var fault = await AssertMayPassAsync(() => Runtime.ObserveAsync(name, Token));
        Assert.DoesNotContain('\u001b', fault);
        var all = await Runtime.ObserveAllAsync(Token);
        Assert.Equal(InstanceState.Stopped, all.Single(seen => seen.Name == other).State);
        Assert.Equal(InstanceState.Changing, all.Single(seen => seen.Name == name).State);
    }

    [Fact]
    public async Task No_check_waits_for_a_long_copy()
    {
        var source = Machine();
        var disk = Path.Combine(Of(source), "vm", "disk.qcow2");
        File.Delete(disk);
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", disk))
        {
            await mkfifo.WaitForExitAsync(Token);
        }

        var copy = SpecOf(NewName());
        var cloning = Runtime.CloneAsync(source, copy, Token);
        await UntilAsync("the copy has begun", () => System.Diagnostics.Process.GetProcessesByName("cp").Length > 0);

        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(source, Token))?.State);
        Assert.Equal(source, Assert.Single(await Runtime.ObserveAllAsync(Token)).Name);
        Assert.False(cloning.IsCompleted);

        await using (new FileStream(disk, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            // It opens as soon as it is read, and has nothing in it.
        }

        await cloning;
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(copy.Name, Token))?.State);
    }

    /// <summary>A compromised QEMU that closes its lock and ends its first thread alone appears dead to programs that read its state.</summary>
    [Theory]
    [InlineData("stop")]
    [InlineData("halt")]
    [InlineData("delete")]
    public async Task A_QEMU_that_plays_dead_is_ended(string how)
    {
        const uint user = 1_900_000_001;
        var name = Machine(user: user);
        var threads = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 93 : 60;
        var process = Process(name, "setpriv", "--reuid", $"{user}", "--regid", $"{user}", "--clear-groups", "perl", "-Mthreads", "-e", $"threads->create(sub {{ sleep 600 }}); syscall({threads}, 0);");
        await UntilAsync("its first thread has ended", () => File.ReadAllText($"/proc/{process.Id}/stat").Contains(") Z ", StringComparison.Ordinal));

        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(name, Token))?.State);
        await (how switch
        {
            "stop" => Runtime.StopAsync(name, TimeSpan.Zero, Token),
            "halt" => Runtime.HaltAsync(TimeSpan.Zero, Token),
            _ => Runtime.DeleteAsync(name, Token),
        });
        await process.WaitForExitAsync(Token);
        Assert.Equal(how == "delete" ? null : InstanceState.Stopped, (await Runtime.ObserveAsync(name, Token))?.State);
    }

    [Fact]
    public async Task An_unrecorded_process_of_the_machines_user_is_ended_with_it()
    {
        const uint user = 1_900_000_002;
        var name = Machine(user: user);
        var start = new ProcessStartInfo("setpriv", ["--reuid", $"{user}", "--regid", $"{user}", "--clear-groups", "sh", "-c", "echo ready; exec sleep 600"]) { RedirectStandardOutput = true, UseShellExecute = false };
        using var process = System.Diagnostics.Process.Start(start)!;
        await process.StandardOutput.ReadLineAsync(Token);
        await Runtime.DeleteAsync(name, Token);
        await process.WaitForExitAsync(Token);
    }

    [Fact]
    public async Task However_many_checks_run_at_once_there_is_one_resolver_and_it_ends_with_the_network()
    {
        var runtimes = Enumerable.Range(0, 8).Select(_ => Services(TimeProvider.System, reachesInternet: true)).ToList();
        try
        {
            await Task.WhenAll(runtimes.Select(other => other.GetRequiredService<IWorkspaceRuntime>().GetCapabilitiesAsync(Token)));
            await Runtime.HaltAsync(TimeSpan.Zero, Token);
            Assert.Empty(Resolvers());
        }
        finally
        {
            runtimes.ForEach(other => other.Dispose());
            foreach (var left in Resolvers())
            {
                using var process = System.Diagnostics.Process.GetProcessById(left);
                process.Kill();
            }
        }
    }

    /// <summary>Those of this test's bridge.</summary>
    private static IReadOnlyList<int> Resolvers() =>
        [.. System.Diagnostics.Process.GetProcessesByName("dnsmasq").Select(process => process.Id).Where(pid => File.ReadAllText($"/proc/{pid}/cmdline").Contains(Bridge, StringComparison.Ordinal))];

    private async Task<string> AssertNothingIsToldAsync(InstanceName name)
    {
        await AssertMayPassAsync(() => Runtime.ObserveAllAsync(Token));
        await AssertMayPassAsync(() => Runtime.StartAsync(name, Token));
        await AssertMayPassAsync(() => Runtime.StopAsync(name, TimeSpan.Zero, Token));
        await AssertMayPassAsync(() => Runtime.DeleteAsync(name, Token));
        await AssertMayPassAsync(() => Runtime.CreateAsync(SpecOf(name), Token));
        await AssertMayPassAsync(() => Runtime.CloneAsync(name, SpecOf(NewName()), Token));
        return await AssertMayPassAsync(() => Runtime.ObserveAsync(name, Token));
    }

    private static async Task<string> AssertMayPassAsync(Func<Task> call)
    {
        var fault = await Assert.ThrowsAsync<RuntimeException>(call);
        Assert.True(fault.IsTransient, fault.Message);
        return fault.Message;
    }

    private static async Task UntilAsync(string what, Func<bool> check)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!check())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1), $"It did not come to pass that {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Token);
        }
    }

    private static string Bridge => "tpf" + Environment.ProcessId;

    private static InstanceName NewName() => InstanceName.Of(new WorkspaceId(Guid.NewGuid()));

    private static InstanceSpec SpecOf(InstanceName name) =>
        new(name, WorkspaceName.Parse("demo"), new RuntimeImage("default", "i", "/nonexistent"), 1, 512, new Dictionary<string, string>());

    private string Of(InstanceName name) => Path.Combine(Home, "machines", name.ToString());

    /// <summary>The files of a machine that was made and never started.</summary>
    private InstanceName Machine(string? address = null, uint user = 0)
    {
        var name = NewName();
        Directory.CreateDirectory(Path.Combine(Of(name), "vm"));
        File.WriteAllText(
            Path.Combine(Of(name), "machine.json"),
            $$"""{"Image":"i","Cpus":1,"MemoryMiB":512,"Environment":{},"Link":"none","HardwareAddress":"02:00:00:00:00:01","Address":"{{address ?? Inside()}}","User":{{user}}}""");
        File.WriteAllText(Path.Combine(Of(name), "vm", "disk.qcow2"), "");
        return name;

        string Inside() => File.ReadAllText(Path.Combine(Home, "subnet")).Trim().Replace(".1/24", ".9", StringComparison.Ordinal);
    }

    /// <summary>Something that lives and is noted as the machine's QEMU.</summary>
    private Process Process(InstanceName name) => Process(name, "sleep", "infinity");

    private Process Process(InstanceName name, string program, params string[] arguments)
    {
        var process = System.Diagnostics.Process.Start(program, arguments);
        processes.Add(process);
        var stat = File.ReadAllText($"/proc/{process.Id}/stat");
        File.WriteAllText(Path.Combine(Of(name), "process"), $"{process.Id} {stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]}\n");
        File.WriteAllText(Path.Combine(Of(name), "started"), "tcg");
        return process;
    }

    private async Task BeginAnewAsync(TimeProvider? clock = null)
    {
        await services!.DisposeAsync();
        services = Services(clock ?? TimeProvider.System);
    }

    private ServiceProvider Services(TimeProvider clock, bool reachesInternet = false) => new ServiceCollection().AddLogging().AddSingleton(clock).AddQemuRuntime(options =>
    {
        options.Directory = Home;
        options.Bridge = Bridge;
        options.Accelerator = "tcg";
        options.Nat = reachesInternet;
    }).BuildServiceProvider();

    /// <summary>Listens where a machine's QEMU would, and says what a test has it say.</summary>
    private sealed class FakeQemu : IAsyncDisposable
    {
        private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly CancellationTokenSource ending = new();
        private readonly Task listening;

        public FakeQemu(string path, Func<NetworkStream, CancellationToken, Task> speak)
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            socket.Listen();
            listening = ListenAsync(speak);
        }

        public async ValueTask DisposeAsync()
        {
            await ending.CancelAsync();
            socket.Dispose();
            await listening;
        }

        private async Task ListenAsync(Func<NetworkStream, CancellationToken, Task> speak)
        {
            var open = new List<NetworkStream>();
            try
            {
                while (true)
                {
                    var stream = new NetworkStream(await socket.AcceptAsync(ending.Token), ownsSocket: true);
                    open.Add(stream);
                    try
                    {
                        await speak(stream, ending.Token);
                        stream.Socket.Shutdown(SocketShutdown.Send);
                    }
                    catch (IOException)
                    {
                        // The other end had enough.
                    }
                }
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                open.ForEach(stream => stream.Dispose());
            }
        }
    }
}
