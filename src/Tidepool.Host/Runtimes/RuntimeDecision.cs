using Tidepool.Host.Doctor;
using Tidepool.Host.Images;
using Tidepool.Host.Packages;
using Tidepool.Host.Processes;
using Tidepool.Host.State;

namespace Tidepool.Host.Runtimes;

/// <summary>
/// Decides once which runtime a state directory's workspaces are in. Cheap facts come first: where there is no <c>/dev/kvm</c>
/// nothing is tried. Where there is one, the packages of a runtime that can try it and an image with a kernel are made ready, and that
/// kernel is booted.
/// </summary>
internal sealed class RuntimeDecision(RuntimeCatalog runtimes, StateDirectory state, Settings settings, Programs programs, IScreen screen, HostInstaller installer, WorkspaceImage image)
{
    public async Task RunAsync(HostFacts host, bool yes, CancellationToken cancellationToken)
    {
        if (settings.RuntimeInUse is not null)
        {
            return;
        }

        var choice = runtimes.Parse(settings.Runtime) is { } named
            ? RuntimeChoice.Named(runtimes, named, host)
            : await ChooseAsync(host, yes, cancellationToken);
        settings.RuntimeInUse = choice.Runtime.Name;
        choice.Runtime.Settle(settings, choice.Isolation);
        foreach (var reason in choice.Reasons)
        {
            screen.Detail(reason);
        }
    }

    private async Task<RuntimeChoice> ChooseAsync(HostFacts host, bool yes, CancellationToken cancellationToken)
    {
        var kvmWorks = false;
        if (host.HasKvm && runtimes.Possible(host).FirstOrDefault(runtime => runtime.CanTryKvm) is { } trial)
        {
            screen.Detail($"/dev/kvm is here. Whether it works shows when a kernel boots with it, so {trial.DisplayName} and the workspace image come first.");
            await installer.RunAsync(trial, yes, cancellationToken);
            await image.EnsureAsync(force: false, withMachine: true, cancellationToken);
            kvmWorks = await KvmWorksAsync(cancellationToken);
        }

        return await RuntimeChoice.OfAsync(runtimes, host, kvmWorks, runtime => installer.CanHaveAsync(runtime, cancellationToken));
    }

    private async Task<bool> KvmWorksAsync(CancellationToken cancellationToken)
    {
        var result = await Tool.RunAsync(Programs.Dotnet, [programs.Worker, "kvm", "--state", state.Root, "--image", image.Place()!], cancellationToken);
        return result.Succeeded
            ? result.Output.Trim() == "works"
            : throw new CommandException($"Whether KVM works could not be found out: {result.LastOutput} Name the runtime with --runtime.");
    }
}
