using System.Net;

namespace Tidepool.Core.Ports;

/// <summary>Asks whether anything listens on a workspace's port.</summary>
public interface IPortProbe
{
    /// <summary>True if a connection is taken there now. Never throws for a network reason, and waits half a second at most.</summary>
    Task<bool> AnswersAsync(IPEndPoint port, CancellationToken cancellationToken);
}
