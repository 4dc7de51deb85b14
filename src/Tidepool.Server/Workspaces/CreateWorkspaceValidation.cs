using Tidepool.Contracts;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Problems;

namespace Tidepool.Server.Workspaces;

/// <summary>Every fault of a create request at once, by field.</summary>
internal static class CreateWorkspaceValidation
{
    public const int DefaultCpus = 2;
    public const int DefaultMemoryMiB = 4096;
    public const string NameFault = "A name has " + WorkspaceName.Rule;
    private const int MaxCpus = 64;
    private const int MinMemoryMiB = 512;
    private const int MaxMemoryMiB = 262_144;
    private const int MaxDescription = 500;

    public static Problem? Validate(CreateWorkspaceRequest request)
    {
        var errors = new Dictionary<string, string[]>();
        if (!WorkspaceName.TryParse(request.Name, out _))
        {
            errors["name"] = [NameFault];
        }

        if (request.Description is { Length: > MaxDescription } || request.Description?.Any(char.IsControl) == true)
        {
            errors["description"] = [$"A description has at most {MaxDescription} characters, in one line."];
        }

        if (request.Cpus is < 1 or > MaxCpus)
        {
            errors["cpus"] = [$"1 to {MaxCpus} cores."];
        }

        if (request.MemoryMiB is < MinMemoryMiB or > MaxMemoryMiB)
        {
            errors["memoryMiB"] = [$"{MinMemoryMiB} to {MaxMemoryMiB} MiB."];
        }

        return errors.Count == 0 ? null : Problem.Invalid(errors);
    }
}
