using Tidepool.Core.Jobs;
using Tidepool.Queue.Notifications;

namespace Tidepool.Queue.Tests.Notifications;

public sealed class InMemoryNotificationTests : NotificationContract
{
    public InMemoryNotificationTests() => Listener = new InMemoryNotification(Time);

    protected override INotification Listener { get; }

    protected override INotification Button => Listener;
}
