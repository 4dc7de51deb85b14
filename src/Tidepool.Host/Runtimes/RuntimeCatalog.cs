using System.Runtime.InteropServices;
using Tidepool.Host.Doctor;
using Tidepool.Host.State;

namespace Tidepool.Host.Runtimes;

/// <summary>
/// All runtimes. Where several give a workspace the same, an earlier one is chosen. The first one of each system is also the runtime of
/// a state directory that names none: the versions that had no choice had that one.
/// </summary>
public sealed class RuntimeCatalog(IReadOnlyList<RuntimeDescriptor> all)
{
    /// <summary>What <c>--runtime</c> takes for the choice by this machine.</summary>
    public const string Auto = "auto";

    public IReadOnlyList<RuntimeDescriptor> All => all;

    /// <summary>What <c>--runtime</c> takes.</summary>
    public IReadOnlyList<string> Words => [Auto, .. all.Select(runtime => runtime.Name)];

    /// <summary>Null for <c>auto</c>.</summary>
    /// <exception cref="CommandException">There is no runtime of that name.</exception>
    public RuntimeDescriptor? Parse(string word) =>
        word == Auto ? null
        : Find(word) ?? throw new CommandException($"'{word}' is no runtime. The runtimes are: {string.Join(", ", Words)}.", ExitCodes.Usage);

    /// <summary>The runtime that was decided for; null while none was.</summary>
    public RuntimeDescriptor? InUse(Settings settings) => settings.RuntimeInUse is { } name ? Parse(name) : null;

    /// <summary>The runtime whose machines may exist: the one that was decided for, or the one that a version without the choice had.</summary>
    public RuntimeDescriptor Of(Settings settings) => InUse(settings) ?? FirstOn(ThisSystem);

    /// <summary>The worker's runtime.</summary>
    /// <param name="inUse">What <c>tidepool up</c> decided and keeps; null if another program started Tidepool, or a version that had no choice did.</param>
    /// <param name="requested">What the user asked for.</param>
    /// <exception cref="InvalidOperationException">There is no runtime of that name.</exception>
    public RuntimeDescriptor InForce(string? inUse, string? requested) => InForce(inUse, requested, ThisSystem);

    internal RuntimeDescriptor InForce(string? inUse, string? requested, OSPlatform system)
    {
        var name = inUse is { Length: > 0 } ? inUse : requested;
        return name is null or "" or Auto ? FirstOn(system)
            : Find(name) ?? throw new InvalidOperationException($"Tidepool:Runtime is '{name}'. The runtimes are {string.Join(", ", all.Select(runtime => runtime.Name))}.");
    }

    /// <summary>Those that can run on this machine.</summary>
    public IReadOnlyList<RuntimeDescriptor> Possible(HostFacts host) => [.. all.Where(runtime => runtime.WhyNotHere(host) is null)];

    /// <summary>Whether the workspaces' image has to have a disk and a kernel for virtual machines.</summary>
    public bool NeedsMachineImage(Settings settings) => InUse(settings)?.NeedsMachineImage(settings) == true;

    private static OSPlatform ThisSystem => OperatingSystem.IsMacOS() ? OSPlatform.OSX : OSPlatform.Linux;

    private RuntimeDescriptor? Find(string name) => all.FirstOrDefault(runtime => string.Equals(runtime.Name, name, StringComparison.OrdinalIgnoreCase));

    private RuntimeDescriptor FirstOn(OSPlatform system) => all.First(runtime => runtime.System == system);
}
