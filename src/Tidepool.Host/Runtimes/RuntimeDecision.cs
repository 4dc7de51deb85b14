using Tidepool.Host.Doctor;
using Tidepool.Host.Images;
using Tidepool.Host.Packages;
using Tidepool.Host.Processes;
using Tidepool.Host.State;

namespace Tidepool.Host.Runtimes;

/// <summary>
/// Decides once which runtime a state directory's workspaces are in. Cheap facts come first: where there is no <c>/dev/kvm</c>
/// nothing is tried. Where there is one, both possible runtimes need QEMU and an image with a kernel, so these are
/// made ready, and that kernel is booted.
/// </summary>
internal sealed class RuntimeDecision(StateDirectory state, Settings settings, Programs programs, IScreen screen, HostInstaller installer, WorkspaceImage image)
{
    public async Task RunAsync(HostFacts host, bool yes, CancellationToken cancellationToken)
    {
        if (settings.RuntimeInUse is not null)
        {
            return;
        }

        var choice = RuntimeWords.Parse(settings.Runtime) is { } asked
            ? RuntimeChoice.Asked(asked, host.IsMac, host.IsX64)
            : await ChooseAsync(host, yes, cancellationToken);
        settings.RuntimeInUse = choice.Runtime;
        settings.Incus.Machines = choice.Machines;
        foreach (var reason in choice.Reasons)
        {
            screen.Detail(reason);
        }
    }

    private async Task<RuntimeChoice> ChooseAsync(HostFacts host, bool yes, CancellationToken cancellationToken)
    {
        var facts = new RuntimeFacts(host.IsMac, host.IsX64, host.HasKvm, KvmWorks: false, host.HasVsock, HasIncus: false);
        if (facts.NeedsProbe)
        {
            screen.Detail("/dev/kvm is here. Whether it works shows when a kernel boots with it, so QEMU and the workspace image come first.");
            await installer.RunAsync(RuntimeKind.Qemu, yes, cancellationToken);
            await image.EnsureAsync(force: false, withMachine: true, cancellationToken);
            facts = facts with { KvmWorks = await KvmWorksAsync(cancellationToken) };
        }

        if (facts.NeedsIncusAsked && host.WhyNoBtrfs is null)
        {
            facts = facts with { HasIncus = await installer.CanHaveIncusAsync(cancellationToken) };
        }

        return RuntimeChoice.Of(facts);
    }

    private async Task<bool> KvmWorksAsync(CancellationToken cancellationToken)
    {
        var result = await Tool.RunAsync(Programs.Dotnet, [programs.Worker, "kvm", "--state", state.Root, "--image", image.Place()!], cancellationToken);
        return result.Succeeded
            ? result.Output.Trim() == "works"
            : throw new CommandException($"Whether KVM works could not be found out: {result.LastOutput} Name the runtime with --runtime incus or --runtime qemu.");
    }
}
