namespace Tidepool.Core.Jobs;

/// <summary>The notifications there are; each is registered as an <see cref="INotification"/> under its name as the service key.</summary>
public static class NotificationNames
{
    /// <summary>Sent after a job was recorded; the worker listens.</summary>
    public const string Jobs = "jobs";

    /// <summary>Sent after a workspace changed or was removed; the server listens.</summary>
    public const string Changes = "changes";
}
