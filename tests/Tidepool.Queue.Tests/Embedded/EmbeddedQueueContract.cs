using Tidepool.Core.Jobs;

namespace Tidepool.Queue.Tests.Embedded;

/// <summary>What the embedded queue does beyond what every queue does.</summary>
public abstract class EmbeddedQueueContract : JobQueueContract
{
    [Fact]
    public async Task Unheld_jobs_for_one_workspace_become_one()
    {
        var job = NewJob();
        await Queue.SendAsync(job, TimeSpan.Zero, default);
        await Queue.SendAsync(job, TimeSpan.Zero, default);
        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);

        Assert.Equal(2, (await ReceiveAsync()).Count);
    }

    [Fact]
    public async Task A_job_in_progress_does_not_replace_a_new_one()
    {
        var job = NewJob();
        await Queue.SendAsync(job, TimeSpan.Zero, default);
        var first = Assert.Single(await ReceiveAsync());

        await Queue.SendAsync(job, TimeSpan.Zero, default);

        var second = Assert.Single(await ReceiveAsync());
        Assert.NotEqual(first.Id, second.Id);
        Assert.True(await Queue.CompleteAsync(first, default));
        Assert.True(await Queue.CompleteAsync(second, default));
    }

    [Fact]
    public async Task A_job_that_comes_later_does_not_stand_for_one_that_is_wanted_now()
    {
        var job = NewJob();
        await Queue.SendAsync(job, TimeSpan.FromMinutes(1), default);
        await Queue.SendAsync(job, TimeSpan.Zero, default);

        Assert.Single(await ReceiveAsync());
        await LetTimePassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(2, (await ReceiveAsync()).Count);
    }

    [Fact]
    public async Task A_job_that_is_about_to_die_does_not_take_a_new_one_with_it()
    {
        var job = NewJob();
        await Queue.SendAsync(job, TimeSpan.Zero, default);
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            await Queue.ReleaseAsync(Assert.Single(await ReceiveAsync()), TimeSpan.Zero, default);
        }

        await Queue.SendAsync(job, TimeSpan.Zero, default);

        var received = Assert.Single(await ReceiveAsync());
        Assert.Equal((job, 1), (received.Job, received.Attempt));
        Assert.Single(await Queue.ListDeadAsync(10, default));
    }

    [Fact]
    public async Task Dead_letters_are_listed_newest_first()
    {
        Job[] jobs = [NewJob(), NewJob(), NewJob()];
        foreach (var job in jobs)
        {
            await Queue.SendAsync(job, TimeSpan.Zero, default);
            for (var attempt = 0; attempt <= MaxAttempts; attempt++)
            {
                await ReceiveAsync();
                await LetTimePassAsync(Visibility);
            }
        }

        Assert.Equal([jobs[2], jobs[1]], (await Queue.ListDeadAsync(2, default)).Select(dead => dead.Job));
    }

    [Fact]
    public async Task A_consumer_that_waits_is_there_when_a_delayed_job_comes()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.FromSeconds(5), default);
        var waiting = Queue.ReceiveAsync(1, Visibility, TimeSpan.FromHours(1), default);

        Assert.Single(await Time.RunUntilAsync(waiting));
    }

    [Fact]
    public async Task A_consumer_that_waits_is_there_when_another_dies()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        await ReceiveAsync();
        var waiting = Queue.ReceiveAsync(1, Visibility, TimeSpan.FromHours(1), default);

        Assert.Equal(2, Assert.Single(await Time.RunUntilAsync(waiting)).Attempt);
    }

    [Fact]
    public async Task A_consumer_that_waits_gets_a_job_as_soon_as_it_is_released()
    {
        await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        var received = Assert.Single(await ReceiveAsync());
        var waiting = Queue.ReceiveAsync(1, Visibility, TimeSpan.FromHours(1), default);

        await Queue.ReleaseAsync(received, TimeSpan.Zero, default);

        Assert.Equal(2, Assert.Single(await waiting.InTime()).Attempt);
    }

    [Fact]
    public async Task Of_several_consumers_that_wait_each_gets_a_job()
    {
        var waiting = Enumerable.Range(0, 4).Select(_ => Queue.ReceiveAsync(1, Visibility, TimeSpan.FromHours(1), default)).ToList();

        for (var i = 0; i < waiting.Count; i++)
        {
            await Queue.SendAsync(NewJob(), TimeSpan.Zero, default);
        }

        Assert.All(await Task.WhenAll(waiting).InTime(), jobs => Assert.Single(jobs));
    }
}
