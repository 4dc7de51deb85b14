using Tidepool.Host.Accounts;
using Tidepool.Host.Kernel;
using Tidepool.Host.Processes;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Shutdown;

/// <summary>
/// Takes a Tidepool down whose supervisor is gone or has detached: first in good order, each part with a deadline, then whatever
/// is left by force. Each step checks before it acts, so it may be repeated and may find everything done.
/// </summary>
public sealed class Teardown(RuntimeCatalog runtimes, StateDirectory state, Programs programs, Action<string> say, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan HaltDeadline = TimeSpan.FromSeconds(120);
    private readonly RuntimeDescriptor runtime = runtimes.Of(Settings.Read(state, runtimes));
    private readonly Leftovers leftovers = new(runtimes, state, Settings.Read(state, runtimes));

    /// <summary>Stops everything; with <paramref name="purge"/> destroys what is ours in the runtime, too. Returns what could not be removed.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(bool purge, CancellationToken cancellationToken)
    {
        await Task.WhenAll(
            StopAsync(TidepoolProcesses.Caddy, TimeSpan.FromSeconds(10), cancellationToken),
            StopAsync(TidepoolProcesses.Server, TimeSpan.FromSeconds(10), cancellationToken),
            StopAsync(TidepoolProcesses.Worker, TimeSpan.FromSeconds(20), cancellationToken));
        if (ServiceAccounts.Find(state) is { } accounts)
        {
            // A compromised server or Caddy can have started others.
            await Tool.RunAsync("/bin/sh", ["-c", TidepoolProcesses.EndAll(accounts.Server) + TidepoolProcesses.EndAll(accounts.Caddy)], cancellationToken);
        }

        ConnectionMigration.PutBack(state);
        await (runtime.Daemon is { } daemon ? EndDaemonAsync(daemon, purge, cancellationToken) : EndMachinesAsync(purge, cancellationToken));
        await leftovers.RemoveAsync(say, cancellationToken);
        foreach (var setting in KernelSetting.Shared(time).Select(shared => shared.Setting).Append(KernelSetting.Forwarding(time)))
        {
            await setting.PutBackAsync(state, cancellationToken);
        }

        foreach (var name in TidepoolProcesses.Names(runtimes).Append("supervisor"))
        {
            File.Delete(state.PidFile(name));
        }

        foreach (var socket in new[] { state.ServerSocket, state.OwnerSocket }.Where(path => !Directory.Exists(path)))
        {
            File.Delete(socket);
        }

        File.Delete(state.SupervisorReport);
        return await leftovers.FindAsync(cancellationToken);
    }

    private async Task StopAsync(string name, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (PidFile.ReadAlive(state.PidFile(name)) is not { } process)
        {
            return;
        }

        say($"Stopping {name}.");
        Signals.Send(process, Signals.Terminate);
        if (!await GoneAsync(process, grace, cancellationToken))
        {
            say($"{name} did not end within {grace.TotalSeconds:0} s; ending it by force.");
            Signals.Send(process, Signals.Kill);
            await GoneAsync(process, TimeSpan.FromSeconds(5), cancellationToken);
        }
    }

    /// <summary>Of a runtime without a daemon. Machines that do not heed it are left over, and ended so.</summary>
    private async Task EndMachinesAsync(bool purge, CancellationToken cancellationToken)
    {
        if (leftovers.MachinesRun() || leftovers.BridgeExists || (purge && runtime.HasPrepared(state)))
        {
            await EndWorkspacesAsync(purge, cancellationToken);
        }
    }

    private Task EndWorkspacesAsync(bool purge, CancellationToken cancellationToken) =>
        RunWorkerAsync(purge ? "purge" : "halt", purge ? "Removing the workspaces, their disks and their network." : "Stopping the workspaces; they come back at the next `tidepool up`.", cancellationToken);

    private async Task EndDaemonAsync(RuntimeDaemon daemon, bool purge, CancellationToken cancellationToken)
    {
        var process = PidFile.ReadAlive(state.PidFile(daemon.Name));
        if (process is null && !leftovers.MachinesRun() && !(purge && runtime.HasPrepared(state)))
        {
            return;
        }

        if (!await ReachAsync(daemon, cancellationToken))
        {
            say($"{runtime.DisplayName} does not answer; ending it and its machines by force.");
            Force();
            return;
        }

        process = PidFile.ReadAlive(state.PidFile(daemon.Name));
        await EndWorkspacesAsync(purge, cancellationToken);
        say($"Stopping {daemon.Name}.");
        await daemon.AskToEndAsync(state, cancellationToken);
        if (process is { } asked && !await GoneAsync(asked, daemon.StopTimeout, cancellationToken))
        {
            say($"{daemon.Name} did not end in time; ending it by force.");
            Force();
        }

        void Force()
        {
            if (process is { } stuck)
            {
                Signals.Send(stuck, Signals.Kill);
            }
        }
    }

    /// <summary>Only the daemon can stop its machines, so one that died is started once more.</summary>
    private async Task<bool> ReachAsync(RuntimeDaemon daemon, CancellationToken cancellationToken)
    {
        if (await daemon.AnswersAsync(state, cancellationToken))
        {
            return true;
        }

        if (PidFile.ReadAlive(state.PidFile(daemon.Name)) is null)
        {
            if (!daemon.IsInstalled)
            {
                return false;
            }

            say($"Starting {daemon.Name} once more, to end its machines in good order.");
            RunningProcess.Start(daemon.SpecOf(state), time).Dispose();
        }

        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < daemon.StartTimeout)
        {
            if (await daemon.AnswersAsync(state, cancellationToken))
            {
                return true;
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }

        return false;
    }

    private async Task RunWorkerAsync(string verb, string sentence, CancellationToken cancellationToken)
    {
        if (!File.Exists(programs.Worker))
        {
            return;
        }

        say(sentence);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(HaltDeadline);
        try
        {
            var result = await Tool.RunAsync(Programs.Dotnet, [programs.Worker, verb, "--state", state.Root], deadline.Token);
            if (!result.Succeeded)
            {
                say($"That did not fully succeed: {result.LastOutput}");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            say($"That took longer than {HaltDeadline.TotalSeconds:0} s and was given up.");
        }
    }

    private async Task<bool> GoneAsync(ProcessIdentity process, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (process.IsAlive)
        {
            if (time.GetElapsedTime(began) > timeout)
            {
                return false;
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }

        return true;
    }
}
