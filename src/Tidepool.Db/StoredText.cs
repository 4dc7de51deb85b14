using System.Net;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db;

/// <summary>
/// Reads what a column holds as text. A value that Tidepool never writes is a failure of the store, which its callers survive: a
/// process that ended for one row would end again at each start.
/// </summary>
internal static class StoredText
{
    private static readonly Dictionary<string, ProgressStep> Steps = Enum.GetValues<ProgressStep>().ToDictionary(step => step.ToString());

    /// <exception cref="StoreException">It is no workspace name.</exception>
    public static WorkspaceName Name(string stored) => WorkspaceName.TryParse(stored, out var name) ? name : throw Unreadable("a workspace's name");

    /// <exception cref="StoreException">It is no address.</exception>
    public static IPAddress Address(string stored) => IPAddress.TryParse(stored, out var address) ? address : throw Unreadable("an address");

    /// <summary>
    /// The step with that name. Null for no name, and for a name that only another version of Tidepool knows: the worker records the step
    /// again when it goes on.
    /// </summary>
    public static ProgressStep? Step(string? stored) => stored is not null && Steps.TryGetValue(stored, out var step) ? step : null;

    private static StoreException Unreadable(string what) =>
        new($"The database holds {what} that Tidepool cannot read. Correct it, or bring back a copy of the database.", new FormatException(what));
}
