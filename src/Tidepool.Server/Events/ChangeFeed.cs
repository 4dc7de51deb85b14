using System.Threading.Channels;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;

namespace Tidepool.Server.Events;

/// <summary>
/// Reads what changed in the database at each notification, and hands it to every follower. One reader for any
/// number of followers; a follower that cannot keep up is cut off and comes back with the last revision it saw.
/// </summary>
internal sealed partial class ChangeFeed(
    IChangeStore store, [FromKeyedServices(NotificationNames.Changes)] INotification notification, TimeProvider time, ILogger<ChangeFeed> logger) : BackgroundService
{
    /// <summary>Notifications may be lost, so the feed also polls this often.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    private const int FollowerBuffer = 1024;
    private readonly Lock gate = new();
    private readonly List<Channel<ChangeSet>> followers = [];

    /// <summary>Follows from now on. Dispose to leave.</summary>
    public Follower Follow()
    {
        var channel = Channel.CreateBounded<ChangeSet>(FollowerBuffer);
        lock (gate)
        {
            followers.Add(channel);
        }

        return new Follower(this, channel);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? revision = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var changes = await store.ReadAsync(revision ?? 0, stoppingToken);
                if (revision is not null && (changes.Changed.Count > 0 || changes.Removed.Count > 0))
                {
                    Publish(changes);
                }

                revision = changes.Revision;
                await notification.WaitAsync(PollInterval, stoppingToken);
            }
            catch (StoreException fault)
            {
                LogUnreadable(fault);
                await Task.Delay(PollInterval, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
        }

        lock (gate)
        {
            followers.ForEach(f => f.Writer.TryComplete());
        }
    }

    private void Publish(ChangeSet changes)
    {
        lock (gate)
        {
            followers.RemoveAll(follower => !follower.Writer.TryWrite(changes) && follower.Writer.TryComplete());
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Changes could not be read; trying again.")]
    private partial void LogUnreadable(Exception fault);

    internal sealed class Follower(ChangeFeed feed, Channel<ChangeSet> channel) : IDisposable
    {
        public ChannelReader<ChangeSet> Changes => channel.Reader;

        public void Dispose()
        {
            lock (feed.gate)
            {
                feed.followers.Remove(channel);
            }
        }
    }
}
