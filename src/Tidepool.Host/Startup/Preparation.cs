using Tidepool.Host.Accounts;
using Tidepool.Host.Doctor;
using Tidepool.Host.Images;
using Tidepool.Host.Packages;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Host.Startup;

/// <summary>Makes the host ready: checked, the runtime chosen, everything installed, the image built. What is done already is not done again.</summary>
public sealed class Preparation(RuntimeCatalog runtimes, StateDirectory state, Settings settings, Programs programs, IScreen screen, string cache)
{
    public async Task RunAsync(bool yes, bool withPorts, int steps, CancellationToken cancellationToken)
    {
        screen.Step(1, steps, "Checking this machine");
        var host = await HostFacts.ReadAsync(state.Root, cancellationToken);
        var checks = HostChecks.Of(runtimes, host, state, settings)
            .Where(check => withPorts || check.Code is not (CheckCodes.ApiPort or CheckCodes.WorkspacePort))
            .ToList();
        Refuse(checks);
        state.Create();
        Directory.CreateDirectory(cache);

        screen.Step(2, steps, "Installing what is missing");
        var installer = new HostInstaller(runtimes, state, programs, screen, cache);
        var image = new WorkspaceImage(state, programs, screen, cache);
        await new RuntimeDecision(runtimes, state, settings, programs, screen, installer, image).RunAsync(host, yes, cancellationToken);
        await installer.RunAsync(runtimes.Of(settings), yes, cancellationToken);
        await ServiceAccounts.EnsureAsync(state, TimeProvider.System, cancellationToken);

        screen.Step(3, steps, "Building the workspace image");
        screen.Detail(await image.EnsureAsync(force: false, runtimes.NeedsMachineImage(settings), cancellationToken) ? $"Built, {image.Current()}." : $"Up to date, {image.Current()}.");
    }

    private void Refuse(IReadOnlyList<CheckResult> checks)
    {
        foreach (var check in checks.Where(c => c.Status == CheckStatus.Warn))
        {
            screen.Detail($"{check.Code} {check.Title}: {check.Detail} {check.Next}");
        }

        var failed = checks.Where(c => c.Status == CheckStatus.Fail).ToList();
        if (failed.Count > 0)
        {
            throw new CommandException(string.Join('\n', failed.Select(c => $"{c.Code} {c.Title}: {c.Detail} {c.Next}")));
        }

        screen.Detail("It can run Tidepool.");
    }
}
