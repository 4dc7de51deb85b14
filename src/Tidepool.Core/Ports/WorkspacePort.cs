namespace Tidepool.Core.Ports;

/// <summary>A TCP port that a workspace may open to its user: 1024 to 65535.</summary>
public readonly record struct PortNumber
{
    public const int Lowest = 1024;
    public const int Highest = 65535;

    private PortNumber(int value) => Value = value;

    public int Value { get; }

    public static bool TryParse(int value, out PortNumber port)
    {
        var valid = value is >= Lowest and <= Highest;
        port = valid ? new PortNumber(value) : default;
        return valid;
    }

    /// <exception cref="ArgumentOutOfRangeException">No port of a workspace has that number.</exception>
    public static PortNumber Parse(int value) =>
        TryParse(value, out var port) ? port : throw new ArgumentOutOfRangeException(nameof(value), value, $"A port is a number from {Lowest} to {Highest}.");

    public override string ToString() => Value.ToString();
}

/// <summary>A port that its user registered.</summary>
/// <param name="Port">Which one.</param>
/// <param name="Label">What the user calls it.</param>
/// <param name="StripPrefix">Whether what listens there is asked for <c>/x</c>, or for the whole <c>/workspace/NAME/port/N/x</c> that the browser asked for.</param>
/// <param name="Answers">Whether something accepted a connection there at the last check; false while the workspace does not run.</param>
public sealed record WorkspacePort(PortNumber Port, string? Label, bool StripPrefix = true, bool Answers = false);
