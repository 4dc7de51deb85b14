using System.Globalization;
using Tidepool.Contracts;

namespace Tidepool.App.Ports;

/// <summary>What a user may type, and what the page shows for it. The server decides.</summary>
internal static class PortRules
{
    public const int Lowest = 1024;
    public const int Highest = 65535;
    public const int MaxLabel = 40;

    /// <summary>How many ports a workspace can have.</summary>
    public const int Limit = 5;

    public static readonly string NumberRule = $"A whole number from {Lowest} to {Highest}.";

    public static int? Number(string? text) =>
        int.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= Lowest and <= Highest ? number : null;

    /// <summary>What the page shows about whether the port answers.</summary>
    public static string Answers(WorkspaceResponse workspace, PortResponse port) =>
        port.Answers ? "Answers"
        : workspace.Status == WorkspaceStatus.Running ? "Nothing answers yet"
        : "The workspace is not running";

    /// <summary>The path to configure in a server that needs a base path.</summary>
    public static string BasePath(string workspace, int? port) =>
        $"/workspace/{workspace}/port/{port?.ToString(CultureInfo.InvariantCulture) ?? "PORT"}/";
}
