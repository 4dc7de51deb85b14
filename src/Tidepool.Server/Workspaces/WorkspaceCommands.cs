using Microsoft.Extensions.Options;
using Tidepool.Contracts;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Ports;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Host.Capacity;
using Tidepool.Host.Images;
using Tidepool.Server.Hosting;

namespace Tidepool.Server.Workspaces;

/// <summary>Records what the user wants. The worker does it.</summary>
internal sealed class WorkspaceCommands(IWorkspaceStore store, ImageCatalog images, LifecycleOptions lifecycle, CapacityBudget budget, StateDisk disk, IOptions<TidepoolOptions> options, TimeProvider time)
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
        var workspace = WorkspaceIntents.Create(
            WorkspaceId.New(time),
            WorkspaceName.Parse(request.Name!),
            image,
            request.Cpus ?? CreateWorkspaceValidation.DefaultCpus,
            request.MemoryMiB ?? CreateWorkspaceValidation.DefaultMemoryMiB,
            lifecycle,
            now) with
        {
            Description = string.IsNullOrWhiteSpace(request.Description) ? null : request.Description.Trim(),
        };
        return await AddAsync(workspace, Requested(workspace, Verbs.Create, now), cancellationToken);
    }

    /// <summary>A new workspace with a copy of the disk of another, which stays as it is.</summary>
    public async Task<Decision> CloneAsync(string reference, WorkspaceName name, CancellationToken cancellationToken)
    {
        if (await FindAsync(reference, cancellationToken) is not { } source)
        {
            return new Decision.Refused(new Refusal.NotFound(reference));
        }

        var now = time.GetUtcNow();
        return WorkspaceIntents.Clone(source, WorkspaceId.New(time), name, lifecycle, now) switch
        {
            Decision.Accepted { Workspace: var clone } =>
                await AddAsync(clone, Requested(clone, Verbs.Clone, now) with { Detail = $"From {source.Name}." }, cancellationToken),
            var refused => refused,
        };
    }

    public Task<Decision> StartAsync(string reference, CancellationToken cancellationToken) =>
        WantAsync(reference, (workspace, now) => WorkspaceIntents.Start(workspace, lifecycle, now), (workspace, now) => Requested(workspace, Verbs.Start, now), cancellationToken);

    public Task<Decision> StopAsync(string reference, CancellationToken cancellationToken) =>
        WantAsync(reference, (workspace, now) => WorkspaceIntents.Stop(workspace, lifecycle, now), (workspace, now) => Requested(workspace, Verbs.Stop, now), cancellationToken);

    public Task<Decision> DeleteAsync(string reference, CancellationToken cancellationToken) =>
        WantAsync(reference, (workspace, now) => WorkspaceIntents.Delete(workspace, lifecycle, now), (workspace, now) => Requested(workspace, Verbs.Delete, now), cancellationToken);

    public Task<Decision> RegisterPortAsync(string reference, PortNumber port, string? label, bool stripPrefix, CancellationToken cancellationToken) =>
        WantAsync(
            reference,
            (workspace, now) => PortIntents.Register(workspace, port, label, stripPrefix, now),
            (workspace, now) => Done(workspace, Verbs.AddPort, label is null ? $"Port {port}." : $"Port {port}: {label}.", now),
            cancellationToken);

    public Task<Decision> UnregisterPortAsync(string reference, PortNumber port, CancellationToken cancellationToken) =>
        WantAsync(
            reference,
            (workspace, now) => PortIntents.Unregister(workspace, port, now),
            (workspace, now) => Done(workspace, Verbs.RemovePort, $"Port {port}.", now),
            cancellationToken);

    private async Task<Decision> AddAsync(Workspace workspace, Activity activity, CancellationToken cancellationToken) =>
        disk.Refuse() is { } low ? new Decision.Refused(low) : await store.AddAsync(workspace, activity, options.Value.WorkspaceLimit, budget, cancellationToken) switch
        {
            AdmissionOutcome.Refused refused => new Decision.Refused(refused.Refusal),
            _ => Saved(workspace),
        };

    private async Task<Decision> WantAsync(
        string reference, Func<Workspace, DateTimeOffset, Decision> intent, Func<Workspace, DateTimeOffset, Activity> activity, CancellationToken cancellationToken)
    {
        // The worker writes what it observes meanwhile; each time it was faster, decide again on the stored state.
        for (var attempt = 0; attempt < IntentTries; attempt++)
        {
            if (await FindAsync(reference, cancellationToken) is not { } workspace)
            {
                return new Decision.Refused(new Refusal.NotFound(reference));
            }

            var now = time.GetUtcNow();
            var decision = intent(workspace, now);
            if (decision is not Decision.Accepted accepted)
            {
                return decision;
            }

            switch (await store.AdmitAsync(accepted.Workspace, activity(workspace, now), budget, cancellationToken))
            {
                case AdmissionOutcome.Saved:
                    return Saved(accepted.Workspace);
                case AdmissionOutcome.Refused refused:
                    return new Decision.Refused(refused.Refusal);
            }
        }

        return new Decision.Refused(new Refusal.DependencyDown("database"));
    }

    /// <summary>The workspace as it is stored now: the write raised its version.</summary>
    private static Decision.Accepted Saved(Workspace workspace) => new(workspace with { Version = workspace.Version + 1 });

    private static Activity Requested(Workspace workspace, string verb, DateTimeOffset now) =>
        new(workspace.Id, workspace.Name, verb, Actor.User, ActivityOutcome.Requested, null, null, now);

    /// <summary>For a change that is complete as soon as it is stored.</summary>
    private static Activity Done(Workspace workspace, string verb, string detail, DateTimeOffset now) =>
        new(workspace.Id, workspace.Name, verb, Actor.User, ActivityOutcome.Succeeded, detail, null, now);
}
