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

/// <summary>A registered port with the label its user gave it.</summary>
public sealed record WorkspacePort(PortNumber Port, string? Label);
