using Microsoft.Extensions.Options;
using Tidepool.Core.Jobs;
using Tidepool.Queue.Notifications;
using Tidepool.Queue.Embedded;
using Tidepool.Testing;

namespace Tidepool.Queue.Tests.Embedded;

public sealed class EmbeddedQueueInMemoryTests : EmbeddedQueueContract
{
    private readonly InMemoryNotification notification;
    private readonly InMemoryJobTable table;

    public EmbeddedQueueInMemoryTests()
    {
        notification = new InMemoryNotification(Time);
        table = new InMemoryJobTable(notification);
    }

    [Fact]
    public async Task A_waiting_consumer_polls_only_when_there_is_a_reason()
    {
        var waiting = Queue.ReceiveAsync(1, Visibility, TimeSpan.FromSeconds(20), default);

        Assert.Empty(await Time.RunUntilAsync(waiting));

        Assert.Equal(2, table.Polls);
    }

    [Fact]
    public async Task A_consumer_that_waits_waits_no_longer_because_the_clock_was_set_back()
    {
        var clock = new HostClock(Time);
        var consumer = new EmbeddedQueue(table, notification, Options.Create(new QueueOptions { MaxAttempts = MaxAttempts }), clock);
        var before = Time.GetUtcNow();
        var waiting = consumer.ReceiveAsync(1, Visibility, TimeSpan.FromSeconds(20), default);
        clock.Set(TimeSpan.FromHours(-1));

        // It polls again, and does not wait for an hour.
        notification.Notify();
        Assert.Empty(await Time.RunUntilAsync(waiting));
        Assert.InRange(Time.GetUtcNow() - before, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Fewer_than_one_attempt_is_refused_at_the_start()
    {
        var result = new QueueOptionsValidator().Validate(null, new QueueOptions { MaxAttempts = 0 });

        Assert.True(result.Failed);
        Assert.Contains(nameof(QueueOptions.MaxAttempts), result.FailureMessage, StringComparison.Ordinal);
    }

    protected override Task<IJobQueue> AddConsumerAsync() =>
        Task.FromResult<IJobQueue>(new EmbeddedQueue(table, notification, Options.Create(new QueueOptions { MaxAttempts = MaxAttempts }), Time));
}
