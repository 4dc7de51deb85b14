using Tidepool.Host.Processes;
using Tidepool.Host.Shutdown;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Runtimes;

/// <summary>
/// Another runtime for a state directory that has one. A workspace's machine cannot be moved, so it is refused while there are
/// workspaces; and what is left of the old runtime goes before the new one takes its place.
/// </summary>
public sealed class RuntimeChange(RuntimeCatalog runtimes, StateDirectory state, Programs programs, IScreen screen, TimeProvider time)
{
    private const int Named = 5;

    /// <summary>Prepares the settings for the requested runtime. Nothing runs meanwhile.</summary>
    /// <param name="asked">The runtime that the user asked for by name; null for none.</param>
    /// <param name="settings">They already have the requested values.</param>
    /// <param name="cancellationToken">Ends the checks.</param>
    public async Task RunAsync(string? asked, Settings settings, CancellationToken cancellationToken)
    {
        if (asked is null || runtimes.InUse(settings) is not { } old || runtimes.Parse(asked) == old)
        {
            return;
        }

        if (await WhyNotAsync(old, cancellationToken) is { } why)
        {
            if (runtimes.Parse(asked) is { } wanted)
            {
                throw new CommandException(
                    $"{why} A workspace's machine cannot be moved from {old.DisplayName} to {wanted.DisplayName}. Delete them first, or have a second Tidepool with --state DIR, --port and --workspace-port. Nothing was changed.");
            }

            screen.Line($"The runtime stays {old.DisplayName}: {why}");
            return;
        }

        if (old.HasPrepared(state))
        {
            using var only = SupervisorLock.TryTake(state.At("run", "up.lock"))
                ?? throw new CommandException("Another `tidepool up` is at work on this state directory; wait for it.");
            screen.Line($"Removing what is left of {old.DisplayName}: it has no workspaces any more.");
            var left = await new Teardown(runtimes, state, programs, screen.Detail, time).RunAsync(purge: true, cancellationToken);
            if (left.Count > 0)
            {
                throw new CommandException($"Something of {old.DisplayName} could not be removed, so the runtime stays what it is: {string.Join(", ", left)}.");
            }

            old.RemoveDirectory(state);
        }

        settings.RuntimeInUse = null;
    }

    private async Task<string?> WhyNotAsync(RuntimeDescriptor old, CancellationToken cancellationToken)
    {
        var workspaces = await WorkspacesAsync(cancellationToken);
        var machines = RuntimeMachines.Of(runtimes, state);
        return workspaces.Count > 0 ? $"There {(workspaces.Count == 1 ? "is a workspace" : $"are {workspaces.Count} workspaces")} in {old.DisplayName}: {List(workspaces)}."
            : machines.Count > 0 ? $"{old.DisplayName} has machines that no workspace names: {List(machines)}; docs/doctor.md says at TP-RUN-004 what that means."
            : null;
    }

    private async Task<IReadOnlyList<string>> WorkspacesAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(state.Database))
        {
            return [];
        }

        var result = await Tool.RunAsync(Programs.Dotnet, [programs.Worker, "workspaces", "--state", state.Root], cancellationToken);
        return result.Succeeded
            ? result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : throw new CommandException($"Whether there are workspaces could not be read, so the runtime stays what it is: {result.LastOutput}");
    }

    private static string List(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(Named)) + (names.Count > Named ? $" and {names.Count - Named} more" : "");
}
