using Tidepool.Core.Jobs;
using Tidepool.Queue.Doorbells;

namespace Tidepool.Queue.Tests.Doorbells;

public sealed class InMemoryDoorbellTests : DoorbellContract
{
    public InMemoryDoorbellTests() => Listener = new InMemoryDoorbell(Time);

    protected override IDoorbell Listener { get; }

    protected override IDoorbell Button => Listener;
}
