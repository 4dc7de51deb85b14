using System.Net;

namespace Tidepool.Core.Runtime;

/// <summary>Asks a workspace's editor whether it answers.</summary>
public interface IReadinessProbe
{
    /// <summary>True if the editor at <paramref name="address"/> answers now; false if not. Never throws for a network reason.</summary>
    Task<bool> IsReadyAsync(IPAddress address, CancellationToken cancellationToken);
}

/// <summary>The images that were built on this machine.</summary>
public interface IImageCatalog
{
    /// <summary>The latest build of a template, or null if it was never built.</summary>
    RuntimeImage? Find(string name);
}
