namespace Tidepool.Core.Runtime;

/// <summary>The runtimes by the names that the settings have for them.</summary>
public static class RuntimeNames
{
    public const string Auto = "auto";
    public const string Incus = "incus";
    public const string Qemu = "qemu";
    public const string Tart = "tart";

    /// <summary>The runtime that a state directory's workspaces are in.</summary>
    /// <param name="inUse">What <c>tidepool up</c> decided and keeps; null if another program started Tidepool, or a version that had no choice did.</param>
    /// <param name="asked">What it was asked for.</param>
    /// <param name="isMac">Whether this is macOS, which knows one runtime only.</param>
    /// <exception cref="InvalidOperationException">There is no runtime of that name.</exception>
    public static string InForce(string? inUse, string? asked, bool isMac)
    {
        var name = inUse is { Length: > 0 } ? inUse
            : asked is null or "" or Auto ? (isMac ? Tart : Incus)
            : asked;
        return name is Incus or Qemu or Tart
            ? name
            : throw new InvalidOperationException($"Tidepool:Runtime is '{name}'. The runtimes are {Incus}, {Qemu} and {Tart}.");
    }
}
