using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Jobs;

namespace Tidepool.Db;

/// <summary>Sends notifications after a commit; an unregistered one is not sent.</summary>
internal sealed class CommitNotifications(
    [FromKeyedServices(NotificationNames.Jobs)] INotification? jobs = null,
    [FromKeyedServices(NotificationNames.Changes)] INotification? changes = null)
{
    public void JobRecorded() => jobs?.Notify();

    public void WorkspaceChanged() => changes?.Notify();
}
