namespace Tidepool.Db.Leases;

/// <summary>
/// The owner of a resource. The row stays when the lease is given back, without an owner, so that the epoch goes on rising; it goes
/// with its workspace, whose id is never used again.
/// </summary>
internal sealed class LeaseRow
{
    public string Resource { get; set; } = "";
    public string? Owner { get; set; }
    public long Epoch { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
}
