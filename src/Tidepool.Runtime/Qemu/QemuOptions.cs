namespace Tidepool.Runtime.Qemu;

/// <summary>Where the QEMU runtime keeps what is its own, and how it is to run machines.</summary>
public sealed class QemuOptions
{
    internal const uint DefaultFirstUser = 1_900_000_000;

    /// <summary>The full path of a directory for images, machines and the resolver's notes.</summary>
    public string Directory { get; set; } = "";

    /// <summary>The program; found by PATH unless it is a path.</summary>
    public string Program { get; set; } = "/usr/bin/qemu-system-x86_64";

    /// <summary><c>kvm</c>, <c>tcg</c> (software emulation), or <c>auto</c>: KVM where a guest was seen to boot with it.</summary>
    public string Accelerator { get; set; } = Accelerators.Auto;

    /// <summary>The bridge's name: at most 15 characters, as Linux has it.</summary>
    public string Bridge { get; set; } = "tidepool1";

    /// <summary>The bridge's own address with its prefix length, for example 10.77.0.1/24; null takes one that is free on this machine.</summary>
    public string? Subnet { get; set; }

    /// <summary>Whether workspaces reach the internet. Tests turn it off.</summary>
    public bool Nat { get; set; } = true;

    /// <summary>What one workspace's disk may grow to, in GiB.</summary>
    public int DiskGiB { get; set; } = 20;

    /// <summary>
    /// The first of 2^24 user ids that machines run as, one each. Nothing else on a Linux host uses them: they are above those of
    /// people, services, containers and user namespaces.
    /// </summary>
    public uint FirstUser { get; set; } = DefaultFirstUser;

    /// <summary>How much nicer machines are to the rest of the host, in the kernel's scale of 0 to 19.</summary>
    public int Niceness { get; set; } = 5;
}
