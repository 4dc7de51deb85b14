using Microsoft.Extensions.Time.Testing;
using Tidepool.Host.Processes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Supervision;

/// <summary>With real processes that do nothing but sleep.</summary>
public sealed class SupervisorTests : IAsyncDisposable
{
    private readonly TemporaryState state = new();
    private readonly CancellationTokenSource letGo = new();
    private readonly List<ProcessIdentity> seen = [];
    private Task supervising = Task.CompletedTask;

    [Fact]
    public async Task A_killed_process_is_started_again()
    {
        Supervise(TimeProvider.System, Sleeper());
        var first = await NextAsync(null);
        Signals.Send(first, Signals.Kill);
        var second = await NextAsync(first);

        Assert.NotEqual(first, second);
        await UntilAsync(() => Report().Restarts == 1 && Report().State == ProcessReport.Running);
    }

    [Fact]
    public async Task A_disk_that_takes_no_report_ends_no_supervising()
    {
        // Where the report is to be written first there is something that cannot be replaced.
        Directory.CreateDirectory(state.Directory.SupervisorReport + ".new");
        Supervise(TimeProvider.System, Sleeper());
        var first = await NextAsync(null);
        Signals.Send(first, Signals.Kill);
        Assert.NotEqual(first, await NextAsync(first));
    }

    [Fact]
    public async Task One_that_cannot_be_started_now_is_started_later()
    {
        // A file where the directory of its log is to be.
        var directory = Path.Combine(state.Directory.Root, "blocked");
        File.WriteAllText(directory, "");
        Supervise(TimeProvider.System, Sleeper() with { LogFile = Path.Combine(directory, "sleeper.log") });
        await UntilAsync(() => Report() is { State: ProcessReport.Restarting, Restarts: > 0 });
        Assert.Contains("sleeper could not be started: ", File.ReadAllText(state.Directory.Log("supervisor")), StringComparison.Ordinal);

        File.Delete(directory);
        await NextAsync(null);
        await UntilAsync(() => Report().State == ProcessReport.Running);
    }

    [Fact]
    public async Task A_disk_that_takes_no_pid_file_keeps_no_supervisor_from_its_work()
    {
        var time = new FakeTimeProvider();
        var inTheWay = state.Directory.PidFile("supervisor") + ".new";
        Directory.CreateDirectory(inTheWay);
        Supervise(time, Sleeper());
        await NextAsync(null);

        Directory.Delete(inTheWay);
        await UntilAsync(() =>
        {
            time.Advance(LogRotation.Interval);
            return PidFile.ReadAlive(state.Directory.PidFile("supervisor")) is not null;
        });
    }

    [Fact]
    public async Task Letting_go_leaves_everything_running_and_the_next_supervisor_adopts_it()
    {
        Supervise(TimeProvider.System, Sleeper());
        var process = await NextAsync(null);
        await letGo.CancelAsync();
        await supervising;
        Assert.True(process.IsAlive);

        using var again = new CancellationTokenSource();
        var journal = new Journal(state.Directory, TimeProvider.System);
        var second = new Supervisor(state.Directory, [Sleeper()], journal, TimeProvider.System).RunAsync(again.Token);
        await UntilAsync(() => File.Exists(journal.Path) && File.ReadAllText(journal.Path).Contains($"Found sleeper running as {process.Pid}.", StringComparison.Ordinal));
        Assert.Equal(process, PidFile.ReadAlive(Sleeper().PidFile));

        Signals.Send(process, Signals.Kill);
        await NextAsync(process);
        await again.CancelAsync();
        await second;
    }

    [Fact]
    public async Task A_number_that_went_to_another_process_is_not_adopted()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        PidFile.Write(Sleeper().PidFile, self with { StartTicks = self.StartTicks - 1 });
        Supervise(TimeProvider.System, Sleeper());

        Assert.NotEqual(self.Pid, (await NextAsync(null)).Pid);
    }

    [Fact]
    public async Task One_that_keeps_ending_is_reported_and_tried_rarely()
    {
        var time = new FakeTimeProvider();
        Supervise(time, Sleeper() with { Program = "/bin/false", Arguments = [] });
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Report().State == ProcessReport.Failing;
        });

        Assert.Equal(RestartPolicy.LoopDeaths, Report().Restarts);
        Assert.Contains(state.Directory.Log("sleeper"), Report().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_it_says_goes_to_its_log_and_its_environment_is_only_what_it_was_given()
    {
        Supervise(TimeProvider.System, Sleeper() with { Program = "/bin/sh", Arguments = ["-c", "env; echo to-stderr >&2; exec sleep 60"] });
        await NextAsync(null);
        await UntilAsync(() => File.Exists(state.Directory.Log("sleeper")) && File.ReadAllText(state.Directory.Log("sleeper")).Contains("to-stderr", StringComparison.Ordinal));

        var text = File.ReadAllText(state.Directory.Log("sleeper"));
        Assert.Contains("GREETING=hello", text, StringComparison.Ordinal);
        Assert.DoesNotContain("HOME=", text, StringComparison.Ordinal);
        Assert.Equal(StateDirectory.PrivateFile, File.GetUnixFileMode(state.Directory.Log("sleeper")));
    }

    [Fact]
    public async Task It_is_not_started_before_it_is_ready()
    {
        var ready = false;
        Supervise(TimeProvider.System, Sleeper() with { IsReady = () => Volatile.Read(ref ready) });
        await UntilAsync(() => File.Exists(state.Directory.PidFile("supervisor")));
        Assert.Null(PidFile.ReadAlive(Sleeper().PidFile));

        Volatile.Write(ref ready, true);
        await NextAsync(null);
    }

    [Fact]
    public void Two_supervisors_never_serve_the_same_directory()
    {
        using (SupervisorLock.TryTake(state.Directory))
        {
            Assert.Null(SupervisorLock.TryTake(state.Directory));
        }

        using var free = SupervisorLock.TryTake(state.Directory);
        Assert.NotNull(free);
    }

    public async ValueTask DisposeAsync()
    {
        await letGo.CancelAsync();
        await supervising;
        foreach (var process in seen)
        {
            Signals.Send(process, Signals.Kill);
        }

        if (PidFile.ReadAlive(Sleeper().PidFile) is { } last)
        {
            Signals.Send(last, Signals.Kill);
            seen.Add(last);
        }

        // What was killed a moment ago may still be opening its log.
        await UntilAsync(() => seen.TrueForAll(process => !process.IsAlive));
        letGo.Dispose();
        state.Dispose();
    }

    private void Supervise(TimeProvider time, ProcessSpec spec) =>
        supervising = new Supervisor(state.Directory, [spec], new Journal(state.Directory, time), time).RunAsync(letGo.Token);

    private ProcessSpec Sleeper() => new(
        "sleeper",
        "/bin/sleep",
        ["60"],
        new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["GREETING"] = "hello" },
        state.Directory.PidFile("sleeper"),
        state.Directory.Log("sleeper"));

    private ProcessReport Report() => SupervisorReport.Read(state.Directory).Processes.SingleOrDefault() ?? new ProcessReport("", "", 0, null);

    private async Task<ProcessIdentity> NextAsync(ProcessIdentity? before)
    {
        ProcessIdentity? now = null;
        await UntilAsync(() => (now = PidFile.ReadAlive(Sleeper().PidFile)) is not null && now != before);
        seen.Add(now!.Value);
        return now.Value;
    }

    private static async Task UntilAsync(Func<bool> check)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!check())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
        }
    }
}
