using System.Diagnostics.CodeAnalysis;

namespace Tidepool.Core.Workspaces;

/// <summary>
/// Identifies a workspace for ever; never reused. Written <c>ws_</c> and 32 hexadecimal digits: the underscore is not
/// allowed in a name, so one path segment can carry either.
/// </summary>
public readonly record struct WorkspaceId(Guid Value)
{
    private const string Prefix = "ws_";

    /// <summary>A new id that sorts by the time of its making.</summary>
    public static WorkspaceId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    public static bool TryParse([NotNullWhen(true)] string? text, out WorkspaceId id)
    {
        if (text is not null && text.StartsWith(Prefix, StringComparison.Ordinal) && Guid.TryParseExact(text[Prefix.Length..], "N", out var value))
        {
            id = new WorkspaceId(value);
            return true;
        }

        id = default;
        return false;
    }

    public override string ToString() => Prefix + Value.ToString("N");
}
