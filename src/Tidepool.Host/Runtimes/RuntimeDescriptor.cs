using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Host.Doctor;
using Tidepool.Host.Files;
using Tidepool.Host.State;

namespace Tidepool.Host.Runtimes;

/// <summary>
/// What a runtime says of itself: what it needs of this machine, how its workspaces are separated, what it keeps and what it may leave.
/// Everything outside the runtime's own folder asks the descriptor and names no runtime. A member that is not overridden stands for a
/// runtime that needs nothing of the kind.
/// </summary>
public abstract class RuntimeDescriptor
{
    /// <summary>Its name in the settings and on the command line. It is also the name of its directory in the state directory.</summary>
    public abstract string Name { get; }

    /// <summary>Its name for people.</summary>
    public abstract string DisplayName { get; }

    /// <summary>The one system that it runs on.</summary>
    public virtual OSPlatform System => OSPlatform.Linux;

    /// <summary>The packages that it needs on the host.</summary>
    public virtual IReadOnlyList<string> Packages => [];

    /// <summary>The package that has to be of some version; null where any version will do.</summary>
    public virtual NeededVersion? NeededVersion => null;

    /// <summary>The environment variables that its own parts read; the supervisor passes them on.</summary>
    public virtual IReadOnlyList<string> EnvironmentVariables => [];

    /// <summary>The process to keep alive before the worker; null for a runtime without one.</summary>
    public virtual RuntimeDaemon? Daemon => null;

    /// <summary>What it may leave on this machine when its processes are killed.</summary>
    public virtual RuntimeLeftovers Leftovers => RuntimeLeftovers.None;

    /// <summary>Whether its machines hang on a Linux bridge of ours. Tidepool's firewall is around that; without it the runtime has a network boundary of its own.</summary>
    public virtual bool HasBridge => false;

    /// <summary>Whether all workspaces' disks lie in one pool, whose size <c>--pool-size</c> sets.</summary>
    public virtual bool HasPool => false;

    /// <summary>Whether <see cref="TryKvmAsync"/> can tell if KVM works.</summary>
    public virtual bool CanTryKvm => false;

    /// <summary>Why it cannot run on this machine, as a sentence; null if it can.</summary>
    public virtual string? WhyNotHere(HostFacts host) =>
        host.IsMac == (System == OSPlatform.OSX) ? null : $"{DisplayName} runs on {(System == OSPlatform.OSX ? "macOS" : "Linux")} only.";

    /// <summary>Whether this machine has what it needs; <c>up</c> and <c>doctor</c> ask the same.</summary>
    public virtual IReadOnlyList<CheckResult> CheckHost(HostFacts host) => [];

    /// <summary>The ways in which it can run workspaces on this machine, if its packages can be had. Pure.</summary>
    /// <param name="host">A machine on which <see cref="WhyNotHere"/> has nothing to say.</param>
    /// <param name="kvmWorks">Whether a kernel was seen to boot with KVM.</param>
    public abstract IReadOnlyList<RuntimeOffer> Offers(HostFacts host, bool kvmWorks);

    /// <summary>Why it does not offer virtual machines where KVM works; null if it does, or if that needs no sentence.</summary>
    public virtual string? WhyNoMachines(HostFacts host) => null;

    /// <summary>Its own directory.</summary>
    public string DirectoryOf(StateDirectory state) => state.At(Name);

    /// <summary>Removes its directory, and the file beside it that may bear the directory's id. Its machines are gone already.</summary>
    internal void RemoveDirectory(StateDirectory state)
    {
        if (Directory.Exists(DirectoryOf(state)))
        {
            DirectoryTree.Remove(DirectoryOf(state));
        }

        File.Delete(IdOf(state));
    }

    /// <summary>The file beside its directory by which it may tell that directory from another.</summary>
    internal string IdOf(StateDirectory state) => DirectoryOf(state) + ".id";

    /// <summary>Whether it has ever run in this state directory.</summary>
    public virtual bool HasPrepared(StateDirectory state) => Directory.Exists(DirectoryOf(state));

    /// <summary>The directories in which each workspace's machine has an entry whose name contains the workspace's id. They need not exist.</summary>
    public virtual IReadOnlyList<string> MachineDirectories(StateDirectory state) => [];

    /// <summary>The longest path of a socket that it makes in its directory; null for none.</summary>
    public virtual string? LongestSocket(StateDirectory state) => null;

    /// <summary>Fills in what its section of the settings lacks. The names that it puts there are made of the path, so that several Tidepools on one machine never meet.</summary>
    public virtual void Complete(Settings settings, StateDirectory state)
    {
    }

    /// <summary>Takes over the options of <c>up</c>; null for one that was not given.</summary>
    public virtual void Apply(Settings settings, bool? nat, int? poolSizeGiB)
    {
    }

    /// <summary>Keeps how the runtime was chosen.</summary>
    /// <param name="settings">Which to change.</param>
    /// <param name="isolation">What this machine was found able to do; null if the user named the runtime.</param>
    public virtual void Settle(Settings settings, Isolation? isolation)
    {
    }

    /// <summary>Decides what is decided once, just before the first start.</summary>
    public virtual void BeforeStart(Settings settings, StateDirectory state)
    {
    }

    /// <summary>The bridge that its machines hang on; empty where <see cref="HasBridge"/> is false.</summary>
    public virtual string BridgeOf(Settings settings) => "";

    /// <summary>Whether the workspaces' image has to have a disk and a kernel for virtual machines.</summary>
    public virtual bool NeedsMachineImage(Settings settings) => false;

    /// <summary>Which settings of the kernel to hold while Tidepool is up.</summary>
    public virtual KernelNeeds HeldWhileUp(Settings settings) => KernelNeeds.None;

    /// <summary>What of it <c>uninstall</c> removes, as the end of a list: "its network …".</summary>
    public virtual string Possessions(Settings settings) => $"the machines of {DisplayName}";

    /// <summary>In plain words what separates its workspaces from this machine, under the code <see cref="CheckCodes.Runtime"/>.</summary>
    public abstract CheckResult Describe(StateDirectory state, Settings settings);

    /// <summary>The further checks of <c>doctor</c> for an installation in this runtime.</summary>
    public virtual Task<IReadOnlyList<CheckResult>> CheckAsync(StateDirectory state, Settings settings, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CheckResult>>([]);

    /// <summary>Registers the runtime for the worker.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="state">The state directory.</param>
    /// <param name="bind">Puts a section of the settings into an object of options.</param>
    public abstract void AddServices(IServiceCollection services, StateDirectory state, Action<string, object> bind);

    /// <summary>Whether the kernel of a built image comes up with KVM on this machine. Only where <see cref="CanTryKvm"/>.</summary>
    /// <param name="services">With what <see cref="AddServices"/> registered.</param>
    /// <param name="image">The directory of the build.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public virtual Task<bool> TryKvmAsync(IServiceProvider services, string image, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{DisplayName} does not try KVM.");
}

/// <summary>A package that has to be of some version.</summary>
/// <param name="Package">Its name.</param>
/// <param name="Least">The oldest version that will do.</param>
/// <param name="OfferedBy">The systems that offer it, as a sentence for a user whose system does not.</param>
public sealed record NeededVersion(string Package, Version Least, string OfferedBy);

/// <summary>Settings of the whole machine's kernel.</summary>
[Flags]
public enum KernelNeeds
{
    None = 0,

    /// <summary>The machine passes packets on from one network to another, and does again what it did before when Tidepool goes down.</summary>
    Forwarding = 1,

    /// <summary>Tables that all containers share with the host are large enough for all.</summary>
    SharedTables = 2,
}

/// <summary>A way in which a runtime can run workspaces on this machine.</summary>
/// <param name="Isolation">What it gives.</param>
/// <param name="Reasons">For the user who runs <c>up</c>: at least one, a line each.</param>
public sealed record RuntimeOffer(Isolation Isolation, IReadOnlyList<string> Reasons);
