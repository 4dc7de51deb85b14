using System.Net;
using Tidepool.Core.Network;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Runtime;

/// <summary>What separates a workspace from its host, as shown to the user.</summary>
public enum Isolation
{
    /// <summary>Hardware-assisted virtual machine with a kernel of its own.</summary>
    VirtualMachine,

    /// <summary>Virtual machine under software emulation.</summary>
    EmulatedMachine,

    /// <summary>System container: shares the host's kernel.</summary>
    Container,
}

/// <summary>What a runtime can do on this host.</summary>
public sealed record RuntimeCapabilities(Isolation Isolation, bool Snapshots, bool Suspend);

/// <summary>An image that was built locally, as the runtime has to import it.</summary>
/// <param name="Name">The template's name, for example <c>default</c>.</param>
/// <param name="Hash">The content hash of the build.</param>
/// <param name="Directory">Where the build's files are, on the worker's machine.</param>
public sealed record RuntimeImage(string Name, string Hash, string Directory);

/// <summary>A machine to make.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Workspace">Whose it is, as its guest is called.</param>
/// <param name="Image">What its disk is made from; null where that is another machine's disk.</param>
/// <param name="Cpus">Cores.</param>
/// <param name="MemoryMiB">Memory, in MiB.</param>
/// <param name="Environment">The environment that its guest is given; nothing secret.</param>
public sealed record InstanceSpec(
    InstanceName Name,
    WorkspaceName Workspace,
    RuntimeImage? Image,
    int Cpus,
    int MemoryMiB,
    IReadOnlyDictionary<string, string> Environment);

public enum InstanceState
{
    Running,
    Stopped,

    /// <summary>Between the two, or in a state that is neither; poll again.</summary>
    Changing,
}

/// <summary>What ended a machine that is stopped.</summary>
public enum StopCause
{
    /// <summary>The guest shut itself down, or the machine was stopped on request.</summary>
    Guest,

    /// <summary>The host or its daemon went down: a machine that was wanted running is started again.</summary>
    Host,
}

/// <summary>A machine as the runtime shows it now.</summary>
/// <param name="Name">Whose machine it is.</param>
/// <param name="State">Whether it runs.</param>
/// <param name="Address">Its address on the workspace bridge, once it has one. Given by the host side, never taken from what the guest says.</param>
/// <param name="Isolation">What it runs in.</param>
/// <param name="StoppedBy">Meaningful only while stopped.</param>
public sealed record InstanceObservation(InstanceName Name, InstanceState State, IPAddress? Address, Isolation Isolation, StopCause StoppedBy);

/// <summary>A part of what a guest wrote to its console.</summary>
/// <param name="Bytes">As the guest wrote them: anything.</param>
/// <param name="Position">Where the next part begins, in the runtime's own form.</param>
/// <param name="IsCut">Whether something between the last part and this one is lost.</param>
public sealed record ConsoleOutput(ReadOnlyMemory<byte> Bytes, string? Position, bool IsCut);

/// <summary>
/// Makes, drives and observes the machines that workspaces run in. Every member may be repeated: what is already so
/// counts as done. Everything the runtime owns is named after <see cref="InstanceName"/>; it never touches what is not ours.
/// Each member throws <see cref="RuntimeException"/>, and nothing else, when the runtime refuses or cannot be reached.
/// </summary>
public interface IWorkspaceRuntime
{
    /// <summary>Makes whatever the runtime needs before its first machine: project, network, storage.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    Task<RuntimeCapabilities> GetCapabilitiesAsync(CancellationToken cancellationToken);

    /// <summary>Imports the image and warms it, so that the first machine is made as fast as the next ones.</summary>
    Task ImportImageAsync(RuntimeImage image, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a stopped machine from its image. If an earlier call is still making it, waits for that. A machine that an earlier
    /// call left half made is made again, so this must not be called for a workspace that was ever started.
    /// </summary>
    Task CreateAsync(InstanceSpec spec, CancellationToken cancellationToken);

    /// <summary>
    /// Copies a machine's disk, as it is at one moment, into a new stopped machine with an identity of its own. The other may run
    /// meanwhile. Repeatable as <see cref="CreateAsync"/> is.
    /// </summary>
    Task CloneAsync(InstanceName source, InstanceSpec spec, CancellationToken cancellationToken);

    /// <summary>Starts the machine. If an earlier request is still changing it, waits for that first, so that a late stop does not undo this start.</summary>
    Task StartAsync(InstanceName name, CancellationToken cancellationToken);

    /// <summary>Asks the guest to shut down, and after <paramref name="grace"/> ends it by force. Returns once it is stopped.</summary>
    Task StopAsync(InstanceName name, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Ends the machine if it runs and destroys its disk. Success if there is none.</summary>
    Task DeleteAsync(InstanceName name, CancellationToken cancellationToken);

    /// <summary>The machine as it is now, or null if there is none.</summary>
    Task<InstanceObservation?> ObserveAsync(InstanceName name, CancellationToken cancellationToken);

    /// <summary>All machines that are ours, in one call.</summary>
    Task<IReadOnlyList<InstanceObservation>> ObserveAllAsync(CancellationToken cancellationToken);

    /// <summary>The bridge and each machine's network identity, for the firewall rules; null if the runtime has a network boundary of its own.</summary>
    Task<WorkspaceNetwork?> FindNetworkAsync(CancellationToken cancellationToken);

    /// <summary>
    /// What the guest wrote to its console after <paramref name="position"/>, each byte once, whether it still runs or not; of very
    /// much the newest. Nothing where there is no such machine. The one member that may not be repeated: it may use up what it gives.
    /// </summary>
    /// <param name="name">Whose console.</param>
    /// <param name="position">What the last answer gave; null for all that there is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<ConsoleOutput> ReadConsoleAsync(InstanceName name, string? position, CancellationToken cancellationToken);

    /// <summary>
    /// Ends every machine of ours because the host side goes down, marked so that <see cref="InstanceObservation.StoppedBy"/>
    /// says <see cref="StopCause.Host"/> afterwards.
    /// </summary>
    Task HaltAsync(TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Destroys everything of ours: machines, images, network, storage. Irreversible; only <c>uninstall</c> calls it.</summary>
    Task PurgeAsync(CancellationToken cancellationToken);
}
