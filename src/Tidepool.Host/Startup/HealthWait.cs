using Tidepool.Host.Files;
using Tidepool.Host.Runtimes;
using Tidepool.Host.Sockets;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Startup;

/// <summary>Waits until every part is up, telling of each as it comes.</summary>
public sealed class HealthWait(RuntimeCatalog runtimes, StateDirectory state, Settings settings, IScreen screen, HealthQuery query, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    /// <summary>Returns when all is well; fails with what is not, after a while or as soon as <paramref name="supervisorRuns"/> says no.</summary>
    public Task RunAsync(Func<bool> supervisorRuns, CancellationToken cancellationToken) =>
        screen.WaitAsync("Waiting for every part to be up", async _ =>
        {
            var began = time.GetTimestamp();
            var reported = new HashSet<string>();
            IReadOnlyList<PartHealth>? health = null;
            while (true)
            {
                health = await query(cancellationToken) ?? health;
                foreach (var component in health?.Where(c => c.Healthy && reported.Add(c.Component)) ?? [])
                {
                    screen.Detail($"{component.Component} is up.{(component.Detail is null ? "" : " " + component.Detail)}");
                }

                if (health is not null && health.All(c => c.Healthy) && await ProcessesServeAsync(cancellationToken))
                {
                    return true;
                }

                if (!supervisorRuns())
                {
                    throw new CommandException($"The supervisor ended. Its last output, from {state.Log("supervisor")}:\n{LogTail.Of(state.Log("supervisor"), 8)}");
                }

                if (time.GetElapsedTime(began) > Timeout)
                {
                    throw new CommandException(Describe(health));
                }

                await Task.Delay(PollInterval, time, cancellationToken);
            }
        });

    /// <summary>What the server knows of the others may be a few seconds old, so they are asked themselves, too.</summary>
    private async Task<bool> ProcessesServeAsync(CancellationToken cancellationToken) =>
        SupervisorReport.Read(state).Processes is { Count: > 0 } processes
        && processes.All(p => p.State == ProcessReport.Running)
        && (runtimes.InUse(settings)?.Daemon is not { } daemon || await daemon.AnswersAsync(state, cancellationToken))
        && await ListeningPort.AnswerAsync(settings, cancellationToken);

    private string Describe(IReadOnlyList<PartHealth>? health)
    {
        var failing = SupervisorReport.Read(state).Processes.Select(p => p.Message).OfType<string>();
        var down = health?.Where(c => !c.Healthy).Select(c => $"{c.Component}: {c.Detail}") ?? ["The server does not answer."];
        return $"Tidepool did not get well within {Timeout.TotalMinutes:0} minutes, and goes on trying.\n{string.Join('\n', failing.Concat(down))}\n`tidepool doctor` says what to do, `tidepool down` ends it.";
    }
}
