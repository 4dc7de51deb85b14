using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Tidepool.Core.Jobs;
using Tidepool.Core.Workspaces;

namespace Tidepool.Queue.Tests;

/// <summary>What every <see cref="IJobQueue"/> does. A consumer is a queue as one process has it, over the one queue of the test.</summary>
public abstract class JobQueueContract : IAsyncLifetime
{
    protected const int MaxAttempts = 3;

    protected static readonly TimeSpan Visibility = TimeSpan.FromSeconds(30);

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));

    protected IJobQueue Queue { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Queue = await AddConsumerAsync();

    public async ValueTask DisposeAsync()
    {
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_job_that_was_sent_is_received()
    {
        var job = NewJob();
        await Queue.SendAsync(job, TimeSpan.Zero, default);

        var received = Assert.Single(await ReceiveAsync());

        Assert.Equal(job, received.Job);
        Assert.Equal(1, received.Attempt);
    }

    [Fact]
    public async Task A_job_in_hand_is_hidden_from_others()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        await ReceiveAsync();
        var other = await AddConsumerAsync();

        Assert.Empty(await ReceiveAsync());
        Assert.Empty(await ReceiveAsync(other));
    }

    [Fact]
    public async Task A_job_whose_consumer_died_comes_again_after_its_visibility()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        var first = Assert.Single(await ReceiveAsync());
        var other = await AddConsumerAsync();

        await LetTimePassAsync(Visibility - TimeSpan.FromSeconds(1));
        Assert.Empty(await ReceiveAsync(other));
        await LetTimePassAsync(TimeSpan.FromSeconds(1));
        var second = Assert.Single(await ReceiveAsync(other));

        Assert.Equal((first.Id, first.Job, 2), (second.Id, second.Job, second.Attempt));
        Assert.NotEqual(first.Receipt, second.Receipt);
    }

    [Fact]
    public async Task A_completed_job_never_comes_again()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        var received = Assert.Single(await ReceiveAsync());

        Assert.True(await Queue.CompleteAsync(received, default));

        await LetTimePassAsync(Visibility * 2);
        Assert.Empty(await ReceiveAsync());
        Assert.False(await Queue.CompleteAsync(received, default));
    }

    [Fact]
    public async Task A_late_receipt_completes_extends_and_releases_nothing()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        var late = Assert.Single(await ReceiveAsync());
        await LetTimePassAsync(Visibility);
        var current = Assert.Single(await ReceiveAsync());

        Assert.False(await Queue.CompleteAsync(late, default));
        Assert.False(await Queue.ExtendAsync(late, Visibility * 10, default));
        Assert.False(await Queue.ReleaseAsync(late, TimeSpan.Zero, default));

        Assert.Empty(await ReceiveAsync());
        Assert.True(await Queue.CompleteAsync(current, default));
    }

    [Fact]
    public async Task A_job_that_goes_on_is_extended()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        var received = Assert.Single(await ReceiveAsync());

        for (var i = 0; i < 4; i++)
        {
            await LetTimePassAsync(Visibility / 2);
            Assert.True(await Queue.ExtendAsync(received, Visibility, default));
            Assert.Empty(await ReceiveAsync());
        }

        Assert.True(await Queue.CompleteAsync(received, default));
    }

    [Fact]
    public async Task An_extended_job_whose_consumer_dies_comes_again()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        var received = Assert.Single(await ReceiveAsync());
        await LetTimePassAsync(Visibility / 2);
        await Queue.ExtendAsync(received, Visibility, default);

        await LetTimePassAsync(Visibility);

        Assert.Equal(2, Assert.Single(await ReceiveAsync()).Attempt);
    }

    [Fact]
    public async Task A_released_job_comes_again_after_its_delay()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        var received = Assert.Single(await ReceiveAsync());

        Assert.True(await Queue.ReleaseAsync(received, TimeSpan.FromSeconds(5), default));

        Assert.Empty(await ReceiveAsync());
        await LetTimePassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(2, Assert.Single(await ReceiveAsync()).Attempt);
    }

    [Fact]
    public async Task A_delayed_job_comes_after_its_delay()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.FromSeconds(5), default);

        Assert.Empty(await ReceiveAsync());
        await LetTimePassAsync(TimeSpan.FromSeconds(5));
        Assert.Single(await ReceiveAsync());
    }

    [Fact]
    public async Task A_job_that_is_never_completed_goes_to_the_dead_letters()
    {
        var job = NewJob();
        await Queue.SendAsync(job, TimeSpan.Zero, default);
        var id = "";
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var received = Assert.Single(await ReceiveAsync());
            Assert.Equal(attempt, received.Attempt);
            id = received.Id;
            await LetTimePassAsync(Visibility);
        }

        Assert.Empty(await ReceiveAsync());

        var dead = Assert.Single(await Queue.ListDeadAsync(10, default));
        Assert.Equal((id, job, MaxAttempts), (dead.Id, dead.Job, dead.Attempts));
        await LetTimePassAsync(Visibility * 10);
        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task No_more_jobs_come_than_were_asked_for()
    {
        for (var i = 0; i < 5; i++)
        {
            await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        }

        Assert.Equal(3, (await Queue.ReceiveAsync(3, Visibility, TimeSpan.Zero, default)).Count);
        Assert.Equal(2, (await Queue.ReceiveAsync(3, Visibility, TimeSpan.Zero, default)).Count);
    }

    [Fact]
    public async Task Concurrent_consumers_get_every_job_and_none_at_the_same_time()
    {
        const int Jobs = 200;
        var jobs = Enumerable.Range(0, Jobs).Select(_ => NewJob()).ToList();
        foreach (var job in jobs)
        {
            await Queue.SendAsync(job, TimeSpan.Zero, default);
        }

        IJobQueue[] consumers = [Queue, await AddConsumerAsync()];
        var inHand = new ConcurrentDictionary<Job, ReceivedJob>();
        var completed = new ConcurrentBag<Job>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var consumer = consumers[i % consumers.Length];
            while (await consumer.ReceiveAsync(3, Visibility, TimeSpan.Zero, default) is { Count: > 0 } received)
            {
                foreach (var job in received)
                {
                    Assert.True(inHand.TryAdd(job.Job, job), "The job was handed out twice.");
                    await Task.Yield();
                    Assert.True(inHand.TryRemove(job.Job, out _));
                    Assert.True(await consumer.CompleteAsync(job, default));
                    completed.Add(job.Job);
                }
            }
        }))).InTime();

        Assert.Equal(jobs.ToHashSet(), completed.ToHashSet());
        Assert.Equal(Jobs, completed.Count);
    }

    [Fact]
    public async Task A_consumer_that_waits_gets_a_job_as_soon_as_it_is_sent()
    {
        var waiting = Queue.ReceiveAsync(1, Visibility, TimeSpan.FromHours(1), default);

        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);

        Assert.Single(await waiting.InTime());
    }

    [Fact]
    public async Task A_wait_without_a_job_ends_empty()
    {
        var waiting = Queue.ReceiveAsync(1, Visibility, TimeSpan.FromSeconds(2), default);

        Assert.Empty(await Time.RunUntilAsync(waiting));
    }

    [Fact]
    public async Task A_cancelled_wait_ends_as_cancelled()
    {
        using var cancelling = new CancellationTokenSource();
        var waiting = Queue.ReceiveAsync(1, Visibility, TimeSpan.FromHours(1), cancelling.Token);

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.InTime());
    }

    protected abstract Task<IJobQueue> AddConsumerAsync();

    /// <summary>An outside queue has a clock of its own: there this is a wait.</summary>
    protected virtual Task LetTimePassAsync(TimeSpan time)
    {
        Time.Advance(time);
        return Task.CompletedTask;
    }

    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    protected Job NewJob() => new(WorkspaceId.New(Time));

    protected Task<IReadOnlyList<ReceivedJob>> ReceiveAsync(IJobQueue? consumer = null) =>
        (consumer ?? Queue).ReceiveAsync(10, Visibility, TimeSpan.Zero, default).InTime();
}
