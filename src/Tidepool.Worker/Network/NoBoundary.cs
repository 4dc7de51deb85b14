using Tidepool.Core.Network;
using Tidepool.Core.Runtime;

namespace Tidepool.Worker.Network;

/// <summary>For a runtime with a network boundary of its own. A runtime that needs ours is refused: no workspace may run without one.</summary>
internal sealed class NoBoundary : INetworkBoundary
{
    public Task<bool> ApplyAsync(NetworkRules rules, CancellationToken cancellationToken) =>
        throw new RuntimeException(RuntimeFaults.BoundaryDown, "This runtime has to put up a network boundary of its own around the workspaces, and did not. Report it as a defect.", isTransient: false);

    public long Changes => 0;

    public Task ChangedAsync(long since, CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);
}
