using System.Net;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Model;

/// <summary>The runtime as one worker reaches it.</summary>
internal sealed class WorkerRuntime(ModelWorker worker, ModelDaemon daemon) : IWorkspaceRuntime, IReadinessProbe
{
    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<RuntimeCapabilities> GetCapabilitiesAsync(CancellationToken cancellationToken) => daemon.Machines.GetCapabilitiesAsync(cancellationToken);

    public Task ImportImageAsync(RuntimeImage image, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task CreateAsync(InstanceSpec spec, CancellationToken cancellationToken) =>
        ActAsync("create", spec.Name, () => daemon.Machines.CreateAsync(spec, CancellationToken.None), cancellationToken);

    public Task CloneAsync(InstanceName source, InstanceSpec spec, CancellationToken cancellationToken) =>
        ActAsync("clone", spec.Name, () => daemon.Machines.CloneAsync(source, spec, CancellationToken.None), cancellationToken);

    public Task StartAsync(InstanceName name, CancellationToken cancellationToken) =>
        ActAsync("start", name, () => daemon.Machines.StartAsync(name, CancellationToken.None), cancellationToken);

    public Task StopAsync(InstanceName name, TimeSpan grace, CancellationToken cancellationToken) =>
        ActAsync("stop", name, () => daemon.Machines.StopAsync(name, grace, CancellationToken.None), cancellationToken);

    public Task DeleteAsync(InstanceName name, CancellationToken cancellationToken) =>
        ActAsync("delete", name, () => daemon.Machines.DeleteAsync(name, CancellationToken.None), cancellationToken);

    public Task<InstanceObservation?> ObserveAsync(InstanceName name, CancellationToken cancellationToken) =>
        daemon.LookAsync(worker, () => daemon.Observe(name), cancellationToken);

    public Task<IReadOnlyList<InstanceObservation>> ObserveAllAsync(CancellationToken cancellationToken) =>
        daemon.LookAsync<IReadOnlyList<InstanceObservation>>(
            worker,
            () => [.. daemon.Machines.Names.OrderBy(n => n.ToString(), StringComparer.Ordinal).Select(n => daemon.Observe(n)!)],
            cancellationToken);

    public Task<WorkspaceNetwork?> FindNetworkAsync(CancellationToken cancellationToken) => Task.FromResult<WorkspaceNetwork?>(null);

    public Task<ConsoleOutput> ReadConsoleAsync(InstanceName name, string? position, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task HaltAsync(TimeSpan grace, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task PurgeAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public async Task<bool> IsReadyAsync(IPAddress address, CancellationToken cancellationToken)
    {
        await worker.PassAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return daemon.AnswersAt(address);
    }

    private Task ActAsync(string verb, InstanceName name, Func<Task> work, CancellationToken cancellationToken)
    {
        worker.World.Begins(worker, verb, name);
        return daemon.DoAsync(worker, name, work, cancellationToken);
    }
}
