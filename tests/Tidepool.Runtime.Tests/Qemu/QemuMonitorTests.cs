using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Tests.Qemu;

/// <summary>A monitor that is slow, hangs, hangs up, refuses or dies: each call ends in time, may be repeated, and no machine is taken for gone.</summary>
public sealed partial class QemuSeamTests
{
    /// <summary>What the longest of the calls may take: a boot that does not end, and then its end by force.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private const int Repeats = 5;
    private const int HandlesToSpare = 4;

    public static TheoryData<string, Trouble> AllCallsInTrouble =>
        [.. Calls.Keys.SelectMany(call => Enum.GetValues<Trouble>().Where(trouble => trouble != Trouble.None).Select(trouble => new TheoryDataRow<string, Trouble>(call, trouble)))];

    private static Dictionary<string, Func<IWorkspaceRuntime, InstanceName, Task>> Calls { get; } = new()
    {
        ["observe"] = (runtime, name) => runtime.ObserveAsync(name, Token),
        ["observe all"] = (runtime, _) => runtime.ObserveAllAsync(Token),
        ["start"] = (runtime, name) => runtime.StartAsync(name, Token),
        ["stop"] = (runtime, name) => runtime.StopAsync(name, TimeSpan.FromSeconds(10), Token),
        ["halt"] = (runtime, _) => runtime.HaltAsync(TimeSpan.FromSeconds(10), Token),
        ["delete"] = (runtime, name) => runtime.DeleteAsync(name, Token),
        ["clone"] = (runtime, name) => runtime.CloneAsync(name, SpecOf(NewName()), Token),
    };

    /// <summary>What is wrong with a monitor.</summary>
    public enum Trouble
    {
        None,
        NeverGreets,
        NeverAnswers,
        DoesItAndNeverSaysSo,
        HangsUpAtOnce,
        HangsUpMidway,
        DoesItAndHangsUp,
        Refuses,
        Dies,
    }

    [Theory]
    [MemberData(nameof(AllCallsInTrouble))]
    public async Task Whatever_is_wrong_with_the_monitor_a_call_ends_in_time_and_no_machine_is_taken_for_gone(string call, Trouble trouble)
    {
        var name = Machine();
        var process = Process(name);
        await using var monitor = new Monitor(SocketOf(name), process) { Trouble = trouble };
        await BeginAnewAsync(time);

        var (fault, took) = await RunAsync(() => Calls[call](Runtime, name));

        Assert.True(fault is null or RuntimeException { IsTransient: true }, fault?.ToString());
        Assert.InRange(took, TimeSpan.Zero, Longest);
        monitor.Trouble = Trouble.None;
        await BeginAnewAsync();
        var seen = await Runtime.ObserveAsync(name, Token);
        if (call == "delete")
        {
            Assert.Null(fault);
            Assert.Null(seen);
        }
        else if (call is "stop" or "halt")
        {
            Assert.Null(fault);
            Assert.Equal(InstanceState.Stopped, seen?.State);
        }
        else if (seen?.State == InstanceState.Stopped)
        {
            // A start that is not answered within the time for a boot ends the machine.
            Assert.True(call == "start" || trouble == Trouble.Dies, "Nothing else ends a machine.");
            await process.WaitForExitAsync(Token);
        }
        else
        {
            Assert.Equal((InstanceState.Running, "running"), (seen?.State, monitor.Status));
        }
    }

    [Fact]
    public async Task A_slow_monitor_is_listened_to_to_the_end_of_its_answer()
    {
        var name = Machine();
        await using var monitor = new Monitor(SocketOf(name), Process(name)) { IsSlow = true, Status = "shutdown" };
        var seen = await Runtime.ObserveAsync(name, Token);
        Assert.Equal((InstanceState.Stopped, StopCause.Guest), (seen?.State, seen?.StoppedBy));
    }

    [Fact]
    public async Task Many_failures_of_a_monitor_leave_no_handle_behind()
    {
        var name = Machine();
        var process = Process(name);
        await BeginAnewAsync(time);
        await FailAsync([Trouble.NeverAnswers]);
        var before = Handles();
        await FailAsync(Enum.GetValues<Trouble>().Where(trouble => trouble != Trouble.Dies));
        Assert.InRange(Handles(), 0, before + HandlesToSpare);

        async Task FailAsync(IEnumerable<Trouble> troubles)
        {
            // The monitor's own handles, in this same process, are closed with it.
            File.Delete(SocketOf(name));
            await using var monitor = new Monitor(SocketOf(name), process);
            foreach (var trouble in troubles)
            {
                monitor.Trouble = trouble;
                for (var i = 0; i < Repeats; i++)
                {
                    await RunAsync(() => Runtime.ObserveAsync(name, Token));
                }
            }
        }
    }

    private string SocketOf(InstanceName name) => Path.Combine(Of(name), "vm", "qmp");

    private static int Handles() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    /// <summary>Runs it to its end while the clock is moved on, and returns how it failed and how much time went by.</summary>
    private async Task<(Exception? Fault, TimeSpan Took)> RunAsync(Func<Task> call)
    {
        var began = time.GetUtcNow();
        var running = call();
        while (!running.IsCompleted)
        {
            // While real bytes move, a moment of real time; then the next deadline.
            await Task.WhenAny(running, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Token));
            if (!running.IsCompleted)
            {
                time.Advance(Tick);
            }
        }

        return (await Record.ExceptionAsync(() => running), time.GetUtcNow() - began);
    }

    /// <summary>The monitor of a machine whose QEMU is another process: it answers as QEMU does, but for its trouble.</summary>
    private sealed class Monitor : IAsyncDisposable
    {
        private readonly FakeQemu socket;
        private readonly Process process;

        public Monitor(string path, Process process)
        {
            this.process = process;
            socket = new FakeQemu(path, TalkAsync);
        }

        public Trouble Trouble { get; set; }

        public bool IsSlow { get; init; }

        public string Status { get; set; } = "running";

        public ValueTask DisposeAsync() => socket.DisposeAsync();

        private async Task TalkAsync(NetworkStream stream, CancellationToken token)
        {
            if (Trouble == Trouble.HangsUpAtOnce)
            {
                return;
            }

            using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
            if (Trouble == Trouble.NeverGreets)
            {
                await UntilTheyLeaveAsync(reader, token);
                return;
            }

            await SendAsync(stream, """{"QMP":{"version":{},"capabilities":[]}}""", token);
            while (await reader.ReadLineAsync(token) is { } line)
            {
                using var request = JsonDocument.Parse(line);
                var command = request.RootElement.GetProperty("execute").GetString()!;
                if (command == "qmp_capabilities")
                {
                    await SendAsync(stream, """{"return":{}}""", token);
                    continue;
                }

                switch (Trouble)
                {
                    case Trouble.NeverAnswers:
                        await UntilTheyLeaveAsync(reader, token);
                        return;
                    case Trouble.Refuses:
                        await SendAsync(stream, """{"error":{"class":"GenericError","desc":"Not now"}}""", token);
                        continue;
                    case Trouble.HangsUpMidway:
                        await stream.WriteAsync("{\"return\":{\"sta"u8.ToArray(), token);
                        return;
                    case Trouble.Dies:
                        process.Kill();
                        await process.WaitForExitAsync(token);
                        return;
                }

                var answer = Do(command);
                switch (Trouble)
                {
                    case Trouble.DoesItAndNeverSaysSo:
                        await UntilTheyLeaveAsync(reader, token);
                        return;
                    case Trouble.DoesItAndHangsUp:
                        return;
                    default:
                        await SendAsync(stream, """{"event":"RESUME","timestamp":{"seconds":1,"microseconds":1}}""", token);
                        await SendAsync(stream, answer, token);
                        break;
                }
            }
        }

        private string Do(string command)
        {
            Status = command switch
            {
                "stop" => "paused",
                "cont" => "running",
                "system_powerdown" => "shutdown",
                _ => Status,
            };
            if (command == "quit")
            {
                process.Kill();
            }

            return command == "query-status" ? $$$"""{"return":{"running":{{{(Status == "running" ? "true" : "false")}}},"status":"{{{Status}}}"}}""" : """{"return":{}}""";
        }

        private async Task SendAsync(NetworkStream stream, string message, CancellationToken token)
        {
            foreach (var part in Encoding.UTF8.GetBytes(message + "\n").Chunk(IsSlow ? 1 : int.MaxValue))
            {
                await stream.WriteAsync(part, token);
                await Task.Yield();
            }
        }

        private static async Task UntilTheyLeaveAsync(StreamReader reader, CancellationToken token)
        {
            while (await reader.ReadLineAsync(token) is not null)
            {
                // Heard, and not answered.
            }
        }
    }
}
