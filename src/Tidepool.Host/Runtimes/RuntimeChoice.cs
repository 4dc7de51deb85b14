using Tidepool.Core.Runtime;
using Tidepool.Host.Doctor;

namespace Tidepool.Host.Runtimes;

/// <summary>A runtime, and why it was chosen.</summary>
/// <param name="Runtime">Which.</param>
/// <param name="Isolation">What this machine can do in it; null if the user named the runtime, and nothing was tried.</param>
/// <param name="Reasons">For the user who runs <c>up</c>: a sentence each.</param>
internal sealed record RuntimeChoice(RuntimeDescriptor Runtime, Isolation? Isolation, IReadOnlyList<string> Reasons)
{
    /// <summary>By what the machine can do: the best isolation first, and among equals the earlier runtime.</summary>
    /// <param name="runtimes">To choose from.</param>
    /// <param name="host">The machine.</param>
    /// <param name="kvmWorks">Whether a kernel was seen to boot with KVM.</param>
    /// <param name="canHave">Whether a runtime's packages can be had; that may take long, so only runtimes that would be chosen are asked.</param>
    /// <exception cref="CommandException">No runtime can work.</exception>
    public static async Task<RuntimeChoice> OfAsync(RuntimeCatalog runtimes, HostFacts host, bool kvmWorks, Func<RuntimeDescriptor, Task<bool>> canHave)
    {
        var offers = (
            from runtime in runtimes.Possible(host)
            from offer in runtime.Offers(host, kvmWorks)
            orderby Rank(offer.Isolation)
            select (Runtime: runtime, Offer: offer)).ToList();
        var missing = new List<RuntimeDescriptor>();
        foreach (var (runtime, offer) in offers)
        {
            if (missing.Contains(runtime))
            {
                continue;
            }

            if (await canHave(runtime))
            {
                var machines = offers.FirstOrDefault(other => offer.Isolation == Core.Runtime.Isolation.Container && other.Offer.Isolation != Core.Runtime.Isolation.Container).Runtime;
                var warning = machines is null ? "" : $" `tidepool up --runtime {machines.Name}` gives virtual machines, slower.";
                return new RuntimeChoice(runtime, offer.Isolation, [.. offer.Reasons.SkipLast(1), offer.Reasons[^1] + warning, .. Passed(runtimes, runtime, host, kvmWorks, missing)]);
            }

            missing.Add(runtime);
        }

        var why = missing.Select(runtime => $"{runtime.DisplayName} is not available.").Concat(runtimes.All.Select(runtime => runtime.WhyNotHere(host)).OfType<string>());
        throw new CommandException($"No runtime can work here: {string.Join(" ", why)}");
    }

    /// <summary>What the user asked for by name, if it can be.</summary>
    /// <exception cref="CommandException">It cannot run on this machine.</exception>
    public static RuntimeChoice Named(RuntimeCatalog runtimes, RuntimeDescriptor runtime, HostFacts host) =>
        runtime.WhyNotHere(host) is { } why
            ? throw new CommandException($"{why} The runtimes of this machine: {string.Join(", ", runtimes.Possible(host).Select(other => other.Name))}.")
            : new RuntimeChoice(runtime, null, [$"Workspaces run in {runtime.DisplayName}, as it was asked for."]);

    /// <summary>A container is before an emulated machine, which is slow.</summary>
    private static int Rank(Isolation isolation) => isolation switch
    {
        Core.Runtime.Isolation.VirtualMachine => 0,
        Core.Runtime.Isolation.Container => 1,
        Core.Runtime.Isolation.EmulatedMachine => 2,
    };

    /// <summary>Why the earlier runtimes were not chosen, where the user may wonder.</summary>
    private static IEnumerable<string> Passed(RuntimeCatalog runtimes, RuntimeDescriptor chosen, HostFacts host, bool kvmWorks, List<RuntimeDescriptor> missing) =>
        runtimes.Possible(host).TakeWhile(runtime => runtime != chosen)
            .Select(runtime => missing.Contains(runtime) ? $"{runtime.DisplayName} is not available." : kvmWorks ? runtime.WhyNoMachines(host) : null)
            .OfType<string>();
}
