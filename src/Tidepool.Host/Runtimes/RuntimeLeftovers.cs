using Tidepool.Host.State;

namespace Tidepool.Host.Runtimes;

/// <summary>
/// What a runtime's killed processes leave on the machine. Something is ours if a path in the state directory, or a name derived from
/// it, shows that; several Tidepools share a machine. Removing it may be repeated.
/// </summary>
public class RuntimeLeftovers
{
    internal static readonly RuntimeLeftovers None = new();

    /// <summary>A directory outside the state directory on which the runtime mounts its own; null for none. State directories share the directory around it. Both are removed once they are empty.</summary>
    public virtual string? MountPoint(StateDirectory state) => null;

    /// <summary>Whether a command line is that of a running machine. It is ours if it also names a path of ours.</summary>
    public virtual bool IsMachine(string commandLine) => false;

    /// <summary>The lowest user id that its machines run as, besides root; null where they are all root's.</summary>
    public virtual uint? FirstMachineUser => null;

    /// <summary>The processes of machines that the runtime recorded, and that still run.</summary>
    public virtual IEnumerable<int> RecordedMachines(StateDirectory state) => [];

    /// <summary>Whether a process is the runtime's daemon for this state directory.</summary>
    /// <param name="state">The state directory.</param>
    /// <param name="pid">The process.</param>
    /// <param name="program">The file name of its program.</param>
    /// <param name="namesOurs">Whether its command line names a path of ours.</param>
    public virtual bool IsDaemon(StateDirectory state, int pid, string program, bool namesOurs) => false;

    /// <summary>The host's ends of links to machines that run no more, besides those whose name shows that they belong to our bridge.</summary>
    public virtual IEnumerable<string> Links(StateDirectory state) => [];

    /// <summary>A description of each firewall rule of its own that is still there.</summary>
    public virtual Task<IReadOnlyList<string>> FindRulesAsync(StateDirectory state, string bridge, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>Removes those rules and says which.</summary>
    public virtual Task RemoveRulesAsync(StateDirectory state, string bridge, Action<string> say, CancellationToken cancellationToken) => Task.CompletedTask;
}
