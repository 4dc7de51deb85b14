namespace Tidepool.Core.Storage;

/// <summary>The database cannot be reached or failed; trying again can help.</summary>
public sealed class StoreException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>Whether the disk has no space left for the write; what was there before is whole.</summary>
    public bool IsDiskFull { get; init; }
}
