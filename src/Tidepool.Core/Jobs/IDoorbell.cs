namespace Tidepool.Core.Jobs;

/// <summary>
/// Tells another process that something changed in the database, so that it looks now and not at its next regular look.
/// Carries nothing, promises nothing: a ring may be lost, and several may become one.
/// </summary>
public interface IDoorbell
{
    /// <summary>Rings. Never fails and never waits; nobody may be listening.</summary>
    void Ring();

    /// <summary>Returns at the next ring since the last wait ended, or after <paramref name="timeout"/>.</summary>
    Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken);
}
