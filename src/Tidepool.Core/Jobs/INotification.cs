namespace Tidepool.Core.Jobs;

/// <summary>
/// Notifies another process that something changed in the database, so that it polls now and not at its next interval.
/// It carries no data and promises nothing: a notification may be lost, and several may become one.
/// </summary>
public interface INotification
{
    /// <summary>Sends a notification. Never fails and never waits, also where no process listens.</summary>
    void Notify();

    /// <summary>Returns at the next notification since the last wait ended, or after <paramref name="timeout"/>.</summary>
    Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken);
}
