namespace Tidepool.Core.Jobs;

/// <summary>The doorbells there are; each is registered as an <see cref="IDoorbell"/> under its name as the service key.</summary>
public static class DoorbellNames
{
    /// <summary>Rung after a job was recorded; the worker listens.</summary>
    public const string Jobs = "jobs";

    /// <summary>Rung after a workspace changed or went; the server listens.</summary>
    public const string Changes = "changes";
}
