using System.Globalization;
using Tidepool.Host.Accounts;
using Tidepool.Host.Processes;
using Tidepool.Host.State;

namespace Tidepool.Host.Supervision;

/// <summary>A process that a killed supervisor left running and that the next one must not adopt.</summary>
internal static class LeftProcess
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Ends processes that have the wrong rights, as those of an earlier version do. Workspaces go on.</summary>
    public static async Task EndOthersAsync(StateDirectory state, ServiceAccounts accounts, Action<string> say, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var (name, user) in new[] { (TidepoolProcesses.Server, accounts.Server.User), (TidepoolProcesses.Caddy, accounts.Caddy.User) })
        {
            if (PidFile.ReadAlive(state.PidFile(name)) is { } process && ProcessRights.Of(process.Pid)?.User != user)
            {
                say($"Ending {name}, which does not run as its user.");
                await EndAsync(state, name, time, cancellationToken);
            }
        }

        if (PidFile.ReadAlive(state.PidFile(TidepoolProcesses.Worker)) is { } worker
            && !(ProcessTable.CommandLine(worker.Pid) + " ").Contains(string.Create(CultureInfo.InvariantCulture, $" --proxy-user {accounts.Caddy.User} "), StringComparison.Ordinal))
        {
            say("Ending worker, which lets another user than Caddy's connect to workspaces.");
            await EndAsync(state, TidepoolProcesses.Worker, time, cancellationToken);
        }
    }

    public static async Task EndAsync(StateDirectory state, string name, TimeProvider time, CancellationToken cancellationToken)
    {
        if (PidFile.ReadAlive(state.PidFile(name)) is not { } process)
        {
            return;
        }

        Signals.Send(process, Signals.Terminate);
        for (var began = time.GetTimestamp(); process.IsAlive && time.GetElapsedTime(began) < Grace;)
        {
            await Task.Delay(PollInterval, time, cancellationToken);
        }

        Signals.Send(process, Signals.Kill);
        while (process.IsAlive)
        {
            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }
}
