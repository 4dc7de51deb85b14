using System.Net;

namespace Tidepool.Core.Accesses;

/// <summary>An open connection, identified by its two ends.</summary>
public readonly record struct OpenConnection(int LocalPort, IPEndPoint Remote);

/// <summary>The connections that are open from this machine.</summary>
public interface IConnectionTable
{
    /// <summary>Those to one of the addresses. Empty where they are unknown.</summary>
    IReadOnlyCollection<OpenConnection> Read(IReadOnlySet<IPAddress> remotes);
}
