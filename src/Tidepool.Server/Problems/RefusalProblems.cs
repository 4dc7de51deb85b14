using System.Diagnostics;
using Tidepool.Contracts;
using Tidepool.Core.Capacity;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Capacity;

namespace Tidepool.Server.Problems;

/// <summary>The one place where refusals become HTTP.</summary>
internal static class RefusalProblems
{
    public static Problem ToProblem(this Refusal refusal) => refusal switch
    {
        Refusal.NotFound r => new(404, ProblemCodes.NotFound, "There is no such workspace.", $"No workspace has the id or name '{r.Reference}'. It may have been deleted."),
        Refusal.NameTaken r => new(409, ProblemCodes.NameTaken, "The name is taken.", $"A workspace called '{r.Name}' exists already. Choose another name, or delete that one first."),
        Refusal.WorkspaceLimit r => new(409, ProblemCodes.WorkspaceLimit, "There are too many workspaces.", $"At most {r.Limit} workspaces can exist at once. Delete one that you no longer need."),
        Refusal.PortLimit r => new(409, ProblemCodes.PortLimit, "There are too many ports.", $"A workspace can have {r.Limit} registered ports. Remove one that you no longer need."),
        Refusal.PortNotFound r => new(404, ProblemCodes.NotFound, "There is no such port.", $"Port {r.Port} of '{r.Name}' is not registered."),
        Refusal.TransitionRefused r => new(409, ProblemCodes.TransitionRefused, "That is not possible now.", $"The workspace is {Lower(r.From)} and cannot become {Lower(r.To)}. A deletion cannot be undone; create a new workspace.")
        {
            Extensions = new Dictionary<string, object?> { ["from"] = Lower(r.From), ["to"] = Lower(r.To) },
        },
        Refusal.NothingToClone r => new(409, ProblemCodes.TransitionRefused, "That is not possible now.", $"'{r.Name}' is {Lower(r.Status)} and has no disk to copy. Clone a workspace that has run before.")
        {
            Extensions = new Dictionary<string, object?> { ["from"] = Lower(r.Status), ["to"] = Lower(Core.Workspaces.WorkspaceStatus.Running) },
        },
        Refusal.ImageUnknown r => Problem.Invalid("image", $"No image called '{r.Image}' was built on this machine. `tidepool image ls` lists those that were."),
        Refusal.NotRunning r => new(409, ProblemCodes.NotRunning, "The workspace is not running.", $"'{r.Name}' is {Lower(r.Status)}. Start it first."),
        Refusal.CapacityExhausted r => new(409, ProblemCodes.CapacityExhausted, $"There is not enough {Words(r.Resource)} left.", Capacity(r))
        {
            Extensions = new Dictionary<string, object?>
            {
                ["resource"] = Lower(r.Resource),
                ["needed"] = r.Needed,
                ["available"] = r.Available,
                ["leastRecentlyAccessed"] = r.LeastRecentlyAccessed?.ToLeastRecentlyAccessed(),
            },
        },
        Refusal.DiskLow r => new(
            409,
            ProblemCodes.CapacityExhausted,
            "There is not enough disk space left.",
            $"Only {r.FreeMiB} MiB are free on the disk that holds {r.Directory}, and {r.ReserveMiB} MiB of it are kept for the workspaces there are, so none is made. Free some and try again; `tidepool doctor` shows details.")
        {
            Extensions = new Dictionary<string, object?>
            {
                ["resource"] = Lower(CapacityResource.Disk),
                ["needed"] = r.ReserveMiB,
                ["available"] = r.FreeMiB,
                ["leastRecentlyAccessed"] = null,
            },
        },
        Refusal.DependencyDown r => Problem.DependencyDown(r.Dependency),
        _ => throw new UnreachableException($"{refusal.GetType().Name} has no problem."),
    };

    private static string Capacity(Refusal.CapacityExhausted refusal)
    {
        var unit = refusal.Resource == CapacityResource.Cpu ? "cores" : "MiB";
        var lack = $"There is not enough {Words(refusal.Resource)} left: {refusal.Needed} {unit} are needed and {refusal.Available} {unit} are free.";
        return refusal switch
        {
            { LeastRecentlyAccessed: { } oldest } => $"{lack} Stop '{oldest.Name}', which was used least recently, and try again.",
            { Resource: CapacityResource.Disk } => $"{lack} Delete a workspace that you no longer need: a stopped one keeps its disk.",
            _ => $"This machine has {refusal.Total} {unit} of {Words(refusal.Resource)} for all workspaces together, and {refusal.Needed} {unit} are needed. Stopping workspaces does not help. Ask for less.",
        };
    }

    private static string Words(CapacityResource resource) => resource switch
    {
        CapacityResource.Memory => "memory",
        CapacityResource.Cpu => "processor",
        CapacityResource.Disk => "disk space",
    };

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
