using Microsoft.Extensions.Options;
using Tidepool.Contracts;
using Tidepool.Core.Activities;
using Tidepool.Core.Images;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Hosting;
using DesiredState = Tidepool.Core.Workspaces.DesiredState;
using WorkspaceStatus = Tidepool.Core.Workspaces.WorkspaceStatus;

namespace Tidepool.Server.Workspaces;

/// <summary>Records what the user wants. The worker does it.</summary>
internal sealed class WorkspaceCommands(IWorkspaceStore store, ImageCatalog images, LifecycleOptions lifecycle, IOptions<TidepoolOptions> options, TimeProvider time)
{
    private const int IntentTries = 20;

    /// <summary>By id, or by name.</summary>
    public async Task<Workspace?> FindAsync(string reference, CancellationToken cancellationToken)
    {
        if (WorkspaceId.TryParse(reference, out var id))
        {
            return await store.FindAsync(id, cancellationToken);
        }

        return WorkspaceName.TryParse(reference, out var name) ? await store.FindByNameAsync(name, cancellationToken) : null;
    }

    /// <param name="request">Already valid; see <see cref="CreateWorkspaceValidation"/>.</param>
    /// <param name="cancellationToken">The request's.</param>
    public async Task<Decision> CreateAsync(CreateWorkspaceRequest request, CancellationToken cancellationToken)
    {
        var image = request.Image ?? ImageCatalog.DefaultImage;
        if (images.Find(image) is null)
        {
            return new Decision.Refused(new Refusal.ImageUnknown(image));
        }

        var now = time.GetUtcNow();
        var name = WorkspaceName.Parse(request.Name!);
        var workspace = WorkspaceIntents.Towards(
            new Workspace
            {
                Id = WorkspaceId.New(time),
                Name = name,
                Description = string.IsNullOrWhiteSpace(request.Description) ? null : request.Description.Trim(),
                Image = image,
                Cpus = request.Cpus ?? CreateWorkspaceValidation.DefaultCpus,
                MemoryMiB = request.MemoryMiB ?? CreateWorkspaceValidation.DefaultMemoryMiB,
                Desired = DesiredState.Running,
                Status = WorkspaceStatus.Creating,
                CreatedAt = now,
                UpdatedAt = now,
            },
            WorkspaceStatus.Creating,
            lifecycle,
            now);
        var limit = options.Value.WorkspaceLimit;
        return await store.AddAsync(workspace, Requested(workspace, Verbs.Create, now), limit, cancellationToken) switch
        {
            AddOutcome.Added => new Decision.Accepted(workspace),
            AddOutcome.NameTaken => new Decision.Refused(new Refusal.NameTaken(name)),
            AddOutcome.LimitReached => new Decision.Refused(new Refusal.WorkspaceLimit(limit)),
        };
    }

    public Task<Decision> StartAsync(string reference, CancellationToken cancellationToken) =>
        WantAsync(reference, Verbs.Start, WorkspaceIntents.Start, cancellationToken);

    public Task<Decision> StopAsync(string reference, CancellationToken cancellationToken) =>
        WantAsync(reference, Verbs.Stop, WorkspaceIntents.Stop, cancellationToken);

    public Task<Decision> DeleteAsync(string reference, CancellationToken cancellationToken) =>
        WantAsync(reference, Verbs.Delete, WorkspaceIntents.Delete, cancellationToken);

    private async Task<Decision> WantAsync(
        string reference, string verb, Func<Workspace, LifecycleOptions, DateTimeOffset, Decision> intent, CancellationToken cancellationToken)
    {
        // The worker writes what it sees meanwhile; each time it was faster, decide again on what is there now.
        for (var attempt = 0; attempt < IntentTries; attempt++)
        {
            if (await FindAsync(reference, cancellationToken) is not { } workspace)
            {
                return new Decision.Refused(new Refusal.NotFound(reference));
            }

            var now = time.GetUtcNow();
            var decision = intent(workspace, lifecycle, now);
            if (decision is not Decision.Accepted accepted
                || await store.TrySaveIntentAsync(accepted.Workspace, Requested(workspace, verb, now), cancellationToken))
            {
                return decision;
            }
        }

        return new Decision.Refused(new Refusal.DependencyDown("database"));
    }

    private static Activity Requested(Workspace workspace, string verb, DateTimeOffset now) =>
        new(workspace.Id, workspace.Name, verb, Actor.User, ActivityOutcome.Requested, null, null, now);
}
