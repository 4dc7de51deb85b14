using System.Collections.Concurrent;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Qemu;

/// <summary>One at a time with each machine: its QEMU talks to one only, and its files are changed by one only.</summary>
internal sealed class MachineLocks
{
    private readonly ConcurrentDictionary<InstanceName, SemaphoreSlim> locks = new();

    public async Task<IDisposable> EnterAsync(InstanceName name, CancellationToken cancellationToken)
    {
        var one = locks.GetOrAdd(name, _ => new SemaphoreSlim(1));
        await one.WaitAsync(cancellationToken);
        return new Held(one);
    }

    private sealed class Held(SemaphoreSlim one) : IDisposable
    {
        public void Dispose() => one.Release();
    }
}
