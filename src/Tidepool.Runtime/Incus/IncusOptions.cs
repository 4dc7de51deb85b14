namespace Tidepool.Runtime.Incus;

/// <summary>Which Incus to use, and the names of what is ours in it. With names of their own, several Tidepools can share one.</summary>
public sealed class IncusOptions
{
    /// <summary>The daemon's Unix socket.</summary>
    public string Socket { get; set; } = "/var/lib/incus/unix.socket";

    /// <summary>How long one call may take that only asks, or only begins something.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether Incus may run virtual machines if it reports that it can: it reports that also with a KVM in which no kernel boots.</summary>
    public bool Machines { get; set; } = true;

    public string Project { get; set; } = "tidepool";

    /// <summary>The bridge's name: at most 15 characters, as Linux has it.</summary>
    public string Network { get; set; } = "tidepool0";

    public string Pool { get; set; } = "tidepool";

    /// <summary>A copy-on-write driver; <c>dir</c> works anywhere and copies everything.</summary>
    public string PoolDriver { get; set; } = "btrfs";

    /// <summary>The pool's size in GiB, a sparse file; null leaves it to Incus.</summary>
    public int? PoolSizeGiB { get; set; }

    /// <summary>What one workspace's disk may grow to, in GiB.</summary>
    public int DiskGiB { get; set; } = 20;

    /// <summary>The bridge's own address with its prefix length, for example 10.77.0.1/24; null takes one that is free on this machine.</summary>
    public string? Subnet { get; set; }

    /// <summary>Whether workspaces reach the internet. Tests turn it off.</summary>
    public bool Nat { get; set; } = true;

    /// <summary>
    /// How much of the processors a workspace gets while other processes want them too, in percent of what a process beside it gets.
    /// While no other process does, it has all of its cores.
    /// </summary>
    public int CpuSharePercent { get; set; } = 25;

    /// <summary>How many processes and threads one workspace may have; less where so many workspaces run that the host's would not suffice.</summary>
    public int ProcessLimit { get; set; } = 8192;

    /// <summary>How many processes and threads all workspaces may have together; null takes three quarters of what the host can have.</summary>
    public long? ProcessBudget { get; set; }
}
