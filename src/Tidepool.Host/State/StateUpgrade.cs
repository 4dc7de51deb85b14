using Tidepool.Host.Supervision;

namespace Tidepool.Host.State;

/// <summary>
/// Brings a state directory of a Tidepool whose processes were all root to today's layout. A file is moved in one step and nothing
/// is opened before the last has moved, so what was cut off is simply done again.
/// </summary>
public static class StateUpgrade
{
    private static readonly string[] Processes = [TidepoolProcesses.Worker, TidepoolProcesses.Server, TidepoolProcesses.Caddy];
    private static readonly string[] OldSockets = ["server.sock", "owner.sock", "caddy-admin.sock", "open-gate.sock", "jobs.bell", "changes.bell"];

    /// <summary>New ones are made: every browser asks for the password once more.</summary>
    private static readonly string[] OldSecrets = ["session-token", "proxy-secret"];

    public static string OldDatabase(StateDirectory state) => state.At("tidepool.db");

    public static bool IsNeeded(StateDirectory state) => Moves(state).Any(move => Path.Exists(move.From)) || OldSockets.Any(name => Path.Exists(state.At("run", name))) || OldSecrets.Any(name => File.Exists(state.At(name)));

    /// <summary>The same for a caller that does not hold the supervisor's lock. Before anything is asked of the database.</summary>
    /// <exception cref="CommandException">An earlier version is running.</exception>
    public static async Task RunAloneAsync(StateDirectory state, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(state.Run) || !IsNeeded(state))
        {
            return;
        }

        using var only = SupervisorLock.Holder(state) is null ? await SupervisorLock.TakeAsync(state, time, cancellationToken) : null;
        if (only is null)
        {
            throw new CommandException("An earlier version of Tidepool is running. Run `tidepool down`, then `tidepool up`; workspaces keep their disks.");
        }

        await RunAsync(state, time, cancellationToken);
    }

    /// <summary>Does nothing where nothing is of the old layout. The caller holds the supervisor's lock, so no process is started meanwhile.</summary>
    /// <exception cref="CommandException">There is a database in both places.</exception>
    public static async Task RunAsync(StateDirectory state, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!IsNeeded(state))
        {
            return;
        }

        if (File.Exists(OldDatabase(state)) && File.Exists(state.Database))
        {
            throw new CommandException($"There are two databases, {OldDatabase(state)} and {state.Database}. Keep the one that has your workspaces at {state.Database}, move the other away, and run `tidepool up` again.");
        }

        // An earlier version's processes, left by a supervisor that was killed, would go on writing where nothing reads any more.
        foreach (var name in Processes)
        {
            await LeftProcess.EndAsync(state, name, time, cancellationToken);
        }

        state.Create();

        // The index is made again from the log, which goes before the database: while that is at its old place, all is not moved.
        File.Delete(OldDatabase(state) + "-shm");
        foreach (var (from, to) in Moves(state))
        {
            Move(from, to);
        }

        foreach (var name in OldSecrets)
        {
            File.Delete(state.At(name));
        }

        foreach (var name in OldSockets)
        {
            File.Delete(state.At("run", name));
        }
    }

    private static IEnumerable<(string From, string To)> Moves(StateDirectory state) =>
    [
        (OldDatabase(state) + "-wal", state.Database + "-wal"),
        (OldDatabase(state), state.Database),
        (Path.Combine(state.Caddy, "data"), Path.Combine(state.CaddyOwn, "data")),
        (Path.Combine(state.Caddy, "config"), Path.Combine(state.CaddyOwn, "config")),
        .. Directory.Exists(state.Caddy)
            ? Directory.EnumerateFiles(state.Caddy, "access*.log").Select(path => (path, Path.Combine(state.CaddyOwn, Path.GetFileName(path))))
            : [],
    ];

    private static void Move(string from, string to)
    {
        if (Directory.Exists(from))
        {
            Directory.Move(from, to);
        }
        else if (File.Exists(from))
        {
            File.Move(from, to, overwrite: true);
        }
    }
}
