using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Jobs;

namespace Tidepool.Db;

/// <summary>The doorbells that are rung after a commit; one that is not registered stays silent.</summary>
internal sealed class CommitBells(
    [FromKeyedServices(DoorbellNames.Jobs)] IDoorbell? jobs = null,
    [FromKeyedServices(DoorbellNames.Changes)] IDoorbell? changes = null)
{
    public void JobRecorded() => jobs?.Ring();

    public void WorkspaceChanged() => changes?.Ring();
}
