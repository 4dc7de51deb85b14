namespace Tidepool.Runtime.Tart;

/// <summary>How Tart is called, and where what we note of its machines lies.</summary>
public sealed class TartOptions
{
    /// <summary>The program; found by PATH unless it is a path.</summary>
    public string Program { get; set; } = "tart";

    /// <summary>Where Tart keeps its machines, its <c>TART_HOME</c>; null for Tart's own place, <c>~/.tart</c>.</summary>
    public string? Home { get; set; }

    /// <summary>Our notes on each machine: its guest's environment, its last output, how it ended. A machine without a folder here is not ours.</summary>
    public string Notes { get; set; } = "";

    /// <summary>What one workspace's disk may grow to, in GiB.</summary>
    public int DiskGiB { get; set; } = 20;

    /// <summary>
    /// Whether machines are behind Tart's software network, which keeps them from the host's network and from each other. It needs
    /// the right to become root, which `softnet` asks for once.
    /// </summary>
    public bool Softnet { get; set; } = true;
}
