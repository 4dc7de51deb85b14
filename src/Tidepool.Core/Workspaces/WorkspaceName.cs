using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Tidepool.Core.Workspaces;

/// <summary>A workspace's name as its user gave it: a DNS label of 3 to 63 characters, unique among the living.</summary>
public readonly partial record struct WorkspaceName
{
    /// <summary>What a valid name looks like, for people.</summary>
    public const string Rule = "3 to 63 characters: lower-case letters, digits and hyphens, beginning and ending with a letter or digit.";

    private readonly string? value;

    private WorkspaceName(string value) => this.value = value;

    public string Value => value ?? throw new InvalidOperationException("A workspace name was used before it was parsed.");

    public static bool TryParse([NotNullWhen(true)] string? text, out WorkspaceName name)
    {
        var valid = text is { Length: <= 63 } && Pattern().IsMatch(text);
        name = valid ? new WorkspaceName(text!) : default;
        return valid;
    }

    /// <exception cref="FormatException">The text is not a valid name.</exception>
    public static WorkspaceName Parse(string text) =>
        TryParse(text, out var name) ? name : throw new FormatException($"'{text}' is not a workspace name. {Rule}");

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
