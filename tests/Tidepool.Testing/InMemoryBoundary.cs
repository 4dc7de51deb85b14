using Tidepool.Core.Network;
using Tidepool.Core.Runtime;

namespace Tidepool.Testing;

/// <summary>A network boundary that only remembers its rules, and refuses where a test asks for it.</summary>
public sealed class InMemoryBoundary : INetworkBoundary
{
    public bool Fails { get; set; }

    public NetworkRules? Standing { get; private set; }

    public Task<bool> ApplyAsync(NetworkRules rules, CancellationToken cancellationToken)
    {
        if (Fails)
        {
            throw new RuntimeException(RuntimeFaults.BoundaryDown, "The firewall refuses.", isTransient: true);
        }

        Standing = rules;
        return Task.FromResult(true);
    }

    /// <summary>What another program does to it.</summary>
    public void Remove() => Standing = null;

    public long Changes => 0;

    public Task ChangedAsync(long since, CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
}
