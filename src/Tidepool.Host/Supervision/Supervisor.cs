using System.Collections.Concurrent;
using Tidepool.Host.Processes;
using Tidepool.Host.State;

namespace Tidepool.Host.Supervision;

/// <summary>
/// Keeps processes alive until it is asked to detach. It adopts what already runs and does not start it twice. Detaching leaves
/// everything running: <see cref="Shutdown.Teardown"/> ends it.
/// </summary>
internal sealed class Supervisor(StateDirectory state, IReadOnlyList<ProcessSpec> specs, Journal journal, TimeProvider time)
{
    private static readonly TimeSpan ReadyInterval = TimeSpan.FromMilliseconds(50);
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, RunningProcess> running = new();
    private readonly Dictionary<string, ProcessReport> reports = specs.ToDictionary(s => s.Name, s => new ProcessReport(s.Name, ProcessReport.Waiting, 0, null));

    public async Task RunAsync(CancellationToken detach)
    {
        NoteItself();
        try
        {
            await Task.WhenAll([RotateAsync(detach), .. specs.Select(spec => KeepAsync(spec, detach))]);
        }
        catch (OperationCanceledException) when (detach.IsCancellationRequested)
        {
            // Asked to detach.
        }
    }

    private async Task KeepAsync(ProcessSpec spec, CancellationToken detach)
    {
        var policy = new RestartPolicy(time);
        string? trouble = null;
        while (true)
        {
            var began = time.GetTimestamp();
            string end;
            try
            {
                using var process = RunningProcess.Adopt(spec, time) ?? await StartAsync(spec, detach);
                running[spec.Name] = process;
                began = time.GetTimestamp();
                Report(spec, trouble is null ? ProcessReport.Running : ProcessReport.Failing, trouble);
                journal.Write(process.IsAdopted ? $"Found {spec.Name} running as {process.Identity.Pid}." : $"Started {spec.Name} as {process.Identity.Pid}.");
                await WaitForExitAsync(spec, process, trouble is not null, detach);
                end = $"{spec.Name} ended{(process.ExitCode is { } code ? $" with code {code}" : "")}";
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !detach.IsCancellationRequested)
            {
                // The machine has no process, no memory or no room on the disk for it now; later it may.
                end = $"{spec.Name} could not be started: {fault.Message.TrimEnd('.')}";
            }

            var wait = policy.Died(time.GetElapsedTime(began));
            trouble = policy.IsCrashLoop
                ? $"{spec.Name} ended {RestartPolicy.LoopDeaths} times or more within {RestartPolicy.LoopWindow.TotalMinutes:0} minutes and is now tried every {RestartPolicy.Longest.TotalSeconds:0} seconds. Its log says why: {spec.LogFile}"
                : null;
            Report(spec, trouble is null ? ProcessReport.Restarting : ProcessReport.Failing, trouble, restarted: true);
            journal.Write($"{end}; starting it again in {wait.TotalSeconds:0.0} s.{(trouble is null ? "" : " " + trouble)}");
            await Task.Delay(wait, time, detach);
        }
    }

    private async Task WaitForExitAsync(ProcessSpec spec, RunningProcess process, bool wasFailing, CancellationToken detach)
    {
        var exit = process.WaitForExitAsync(detach);
        if (wasFailing)
        {
            // What is wrong stays visible until it has lived for a while.
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(detach);
            if (await Task.WhenAny(exit, Task.Delay(RestartPolicy.Recovered, time, enough.Token)) != exit)
            {
                Report(spec, ProcessReport.Running, null);
            }

            await enough.CancelAsync();
        }

        await exit;
    }

    private async Task<RunningProcess> StartAsync(ProcessSpec spec, CancellationToken detach)
    {
        while (spec.IsReady is { } isReady && !isReady())
        {
            await Task.Delay(ReadyInterval, time, detach);
        }

        detach.ThrowIfCancellationRequested();
        return RunningProcess.Start(spec, time);
    }

    private async Task RotateAsync(CancellationToken detach)
    {
        while (true)
        {
            await Task.Delay(LogRotation.Interval, time, detach);
            NoteItself();
            foreach (var spec in specs)
            {
                LogRotation.Rotate(spec.LogFile);
                if (running.TryGetValue(spec.Name, out var process))
                {
                    process.NoteAgain(spec);
                }
            }
        }
    }

    /// <summary>Notes the supervisor's own process; if that fails, the lock alone names the supervisor until the next round.</summary>
    private void NoteItself()
    {
        if (ProcessIdentity.Of(Environment.ProcessId) is { } self)
        {
            PidFile.Note(state.PidFile("supervisor"), self);
        }
    }

    private void Report(ProcessSpec spec, string processState, string? message, bool restarted = false)
    {
        lock (gate)
        {
            var restarts = reports[spec.Name].Restarts + (restarted ? 1 : 0);
            reports[spec.Name] = new ProcessReport(spec.Name, processState, restarts, message);
            new SupervisorReport([.. specs.Select(s => reports[s.Name])]).Write(state);
        }
    }
}
