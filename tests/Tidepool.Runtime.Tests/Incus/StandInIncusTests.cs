using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Tests.Incus;

/// <summary>While the stand-in is honest, the adapter over it keeps the whole contract: so what the others show of it counts.</summary>
public sealed class StandInIncusTests(StandInIncusTests.Host host) : WorkspaceRuntimeContract, IClassFixture<StandInIncusTests.Host>
{
    protected override IWorkspaceRuntime Runtime => host.Seam.Runtime;

    protected override RuntimeImage Image => host.Seam.Image;

    public sealed class Host : IAsyncLifetime
    {
        internal IncusSeam Seam { get; } = new(TimeProvider.System);

        public async ValueTask InitializeAsync()
        {
            await Seam.Daemon.StartAsync();
            await Seam.Runtime.PrepareAsync(CancellationToken.None);
        }

        public ValueTask DisposeAsync() => Seam.DisposeAsync();
    }
}
