using Tidepool.Host.Images;
using Tidepool.Host.Packages;
using Tidepool.Host.Runtimes;
using Tidepool.Host.Shutdown;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Doctor;

/// <summary>Whether what Tidepool needs is installed, built, private and running.</summary>
public static class InstallationChecks
{
    /// <summary>The part of the health report that is there only while there are orphan machines.</summary>
    private const string Orphans = "machines";

    public static async Task<IReadOnlyList<CheckResult>> RunAsync(RuntimeCatalog runtimes, StateDirectory state, Programs programs, IScreen screen, HealthQuery query, string cache, CancellationToken cancellationToken)
    {
        var settings = Settings.Read(state, runtimes);
        var runtime = runtimes.Of(settings);
        var running = SupervisorLock.Holder(state) is not null;
        var health = running ? await query(cancellationToken) : null;
        return
        [
            Packages(await new HostPackages(runtimes, programs).MissingAsync(runtimes.InUse(settings), cancellationToken)),
            await CaddyAsync(state, cancellationToken),
            await ImageAsync(new WorkspaceImage(state, programs, screen, cache), runtimes.NeedsMachineImage(settings), cancellationToken),
            Privacy(state),
            .. Directory.Exists(state.Root) ? [await UserChecks.OwnersAsync(state, cancellationToken)] : Array.Empty<CheckResult>(),
            running
                ? CheckResult.Ok(CheckCodes.Supervisor, "Supervisor", "running")
                : CheckResult.Warn(CheckCodes.Supervisor, "Supervisor", "Tidepool is not running.", "Start it with `tidepool up`."),
            Processes(SupervisorReport.Read(state)),
            running
                ? Health(health)
                : CheckResult.Warn(CheckCodes.Health, "Health", "not asked, as Tidepool is not running", "Start it with `tidepool up`."),
            .. running && health is not null ? [Machines(health)] : Array.Empty<CheckResult>(),
            Runtime(runtimes, state, settings),
            .. running ? [UserChecks.Processes(state)] : Array.Empty<CheckResult>(),
            .. running && runtime.HasBridge ? [Boundary(await new BoundaryRules(runtime.BridgeOf(settings)).FindAsync(cancellationToken))] : Array.Empty<CheckResult>(),
            .. Directory.Exists(state.Root) ? await DiskChecks.RunAsync(state, settings, runtime, cancellationToken) : Array.Empty<CheckResult>(),
        ];
    }

    internal static CheckResult Runtime(RuntimeCatalog runtimes, StateDirectory state, Settings settings) =>
        runtimes.InUse(settings)?.Describe(state, settings)
        ?? CheckResult.Ok(CheckCodes.Runtime, "Runtime", $"{settings.Runtime}; `tidepool up` decides and says why");

    internal static CheckResult Health(IReadOnlyList<PartHealth>? health)
    {
        const string title = "Health";
        if (health is null)
        {
            return CheckResult.Fail(CheckCodes.Health, title, "The server does not answer.", "`tidepool logs --component server` shows why.");
        }

        var down = health.Where(c => !c.Healthy).Select(c => $"{c.Component}: {c.Detail ?? "down"}").ToList();
        return down.Count > 0
            ? CheckResult.Fail(CheckCodes.Health, title, string.Join(" ", down), "It is tried again by itself. If it stays so, `tidepool logs --component worker` shows why.")
            : CheckResult.Ok(CheckCodes.Health, title, string.Join(" ", health.Where(c => c.Component != Orphans).Select(c => c.Detail).OfType<string>().Prepend("All parts are up.")));
    }

    internal static CheckResult Machines(IReadOnlyList<PartHealth> health) =>
        health.FirstOrDefault(c => c.Component == Orphans)?.Detail is { } detail
            ? CheckResult.Warn(CheckCodes.Machines, "Machines", detail, "If the database was lost, bring its copy back. If they are not needed, remove them as docs/doctor.md says.")
            : CheckResult.Ok(CheckCodes.Machines, "Machines", "each belongs to a workspace");

    internal static CheckResult Boundary(IReadOnlyList<string> found) =>
        found.Count(item => item.StartsWith("firewall table", StringComparison.Ordinal)) == NetworkNames.TableFamilies.Count
            ? CheckResult.Ok(CheckCodes.Boundary, "Network boundary", "the firewall around the workspaces stands")
            : CheckResult.Fail(
                CheckCodes.Boundary,
                "Network boundary",
                "The firewall tables around the workspaces are not all there; something removed them.",
                "The worker puts them back at once, and starts no workspace without them. If it stays so, `tidepool logs --component worker` shows why.");

    internal static CheckResult Processes(SupervisorReport report)
    {
        var failing = report.Processes.Where(p => p.State == ProcessReport.Failing).ToList();
        return failing.Count > 0
            ? CheckResult.Fail(CheckCodes.Processes, "Processes", string.Join(" ", failing.Select(p => p.Message)), $"Read that log: `tidepool logs --component {failing[0].Name}`.")
            : CheckResult.Ok(CheckCodes.Processes, "Processes", "none keeps ending");
    }

    private static CheckResult Packages(IReadOnlyList<string> missing) =>
        missing.Count > 0
            ? CheckResult.Fail(CheckCodes.Packages, "Packages", $"missing: {string.Join(", ", missing)}", "`tidepool up` installs them after asking.")
            : CheckResult.Ok(CheckCodes.Packages, "Packages", "all installed");

    private static async Task<CheckResult> CaddyAsync(StateDirectory state, CancellationToken cancellationToken) =>
        await CaddyProgram.FindAsync(state, cancellationToken) is { } path
            ? CheckResult.Ok(CheckCodes.Caddy, "Caddy", $"{await CaddyProgram.VersionAsync(path, cancellationToken)} at {path}")
            : CheckResult.Fail(CheckCodes.Caddy, "Caddy", $"None of version {CaddyProgram.Needed} or newer was found.", "`tidepool up` fetches one into the state directory.");

    private static async Task<CheckResult> ImageAsync(WorkspaceImage image, bool needsMachine, CancellationToken cancellationToken)
    {
        const string next = "`tidepool image build` builds it.";
        return image.Current() is not { } current ? CheckResult.Fail(CheckCodes.Image, "Workspace image", "It was not built yet.", next)
            : current != await image.RecipeHashAsync(cancellationToken) ? CheckResult.Warn(CheckCodes.Image, "Workspace image", "Its recipe has changed since it was built.", next)
            : needsMachine && !image.HasMachine() ? CheckResult.Fail(CheckCodes.Image, "Workspace image", "It was built without a disk for virtual machines.", next)
            : CheckResult.Ok(CheckCodes.Image, "Workspace image", $"built, {current}");
    }

    private static CheckResult Privacy(StateDirectory state)
    {
        // The check of the owners covers the groups' permissions.
        var others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        var open = new[] { state.Root, state.Auth, state.SessionKey, state.Settings }.Where(path => Path.Exists(path) && (File.GetUnixFileMode(path) & others) != UnixFileMode.None).ToList();
        return open.Count > 0
            ? CheckResult.Fail(CheckCodes.Privacy, "Privacy", $"Others can open {string.Join(", ", open)}.", $"chmod o= {string.Join(' ', open)}")
            : CheckResult.Ok(CheckCodes.Privacy, "Privacy", "only the owner can open the state directory");
    }
}
