using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Health;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Db;
using Tidepool.Host.State;
using Tidepool.Runtime.Incus;
using Tidepool.Testing;
using Tidepool.Testing.StandIns;
using Tidepool.Worker.Hosting;

namespace Tidepool.Worker.Tests;

/// <summary>
/// All of the worker in this process, with a real database and real sockets, over a stand-in for Incus. There is no Caddy: each check
/// of it is refused. Time runs several times faster than the test's.
/// </summary>
internal sealed class WholeWorker : IAsyncDisposable
{
    /// <summary>Within this much of the worker's time, whatever was requested must be done.</summary>
    private static readonly TimeSpan Promised = TimeSpan.FromMinutes(3);
    private const int Speed = 8;
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("tp-worker-");
    private readonly LifecycleOptions options = new();
    private IHost? host;

    public HostClock Clock { get; } = new(TimeProvider.System, Speed);

    public StandInIncus Incus { get; } = new();

    public bool EditorsAnswer { get; set; } = true;

    public IWorkspaceStore Store => host!.Services.GetRequiredService<IWorkspaceStore>();

    public string Database => new StateDirectory(directory.FullName).Database;

    /// <summary>Whether none of its loops has broken, which would end it.</summary>
    public bool IsUp => !host!.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested;

    private IHealthBoard Board => host!.Services.GetRequiredService<IHealthBoard>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task StartAsync()
    {
        await Incus.StartAsync();
        var paths = new StateDirectory(directory.FullName);
        foreach (var file in new[] { paths.Database, paths.JobsNotification, paths.ChangesNotification })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        }

        await BuildImageAsync(Path.Combine(paths.Images, "default"));
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();

        // Why it ended, if it did.
        builder.Logging.ClearProviders().AddSimpleConsole().AddFilter((_, _, level) => level >= LogLevel.Critical);
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddIncusRuntime(incus => incus.Socket = Incus.Socket);
        builder.Services.AddWorker(builder.Configuration, paths);
        builder.Services.AddSingleton<INetworkBoundary, InMemoryBoundary>();
        builder.Services.RemoveAll<IReadinessProbe>();
        builder.Services.AddSingleton<IReadinessProbe>(new Editors(this));
        host = builder.Build();
        await host.Services.InitializeTidepoolDbAsync(Token);
        await host.StartAsync(Token);
    }

    public async Task<Workspace> CreateAsync(string name)
    {
        var workspace = WorkspaceIntents.Create(WorkspaceId.New(Clock), WorkspaceName.Parse(name), "default", 1, 512, options, Clock.GetUtcNow());
        Assert.IsType<AdmissionOutcome.Saved>(await Store.AddAsync(workspace, Requested(workspace, Verbs.Create), 100, CapacityBudget.Unlimited, Token));
        return workspace;
    }

    public Task StopAsync(Workspace workspace) => WantAsync(workspace.Id, Verbs.Stop, WorkspaceIntents.Stop);

    public Task StartAsync(Workspace workspace) => WantAsync(workspace.Id, Verbs.Start, WorkspaceIntents.Start);

    public Task DeleteAsync(Workspace workspace) => WantAsync(workspace.Id, Verbs.Delete, WorkspaceIntents.Delete);

    public Task UntilAsync(Workspace workspace, WorkspaceStatus status) =>
        UntilAsync($"{workspace.Name} is {status}", async () => (await Store.FindAsync(workspace.Id, Token))?.Status == status);

    public Task UntilGoneAsync(Workspace workspace) =>
        UntilAsync($"{workspace.Name} is gone", async () => await Store.FindAsync(workspace.Id, Token) is null && !Incus.Machines.ContainsKey(workspace.Instance.ToString()));

    /// <summary>Whether the server would show it so now: an old report does not count.</summary>
    public async Task<bool> IsReportedAsync(string component, bool healthy) =>
        (await Board.ReadAsync(Token)).Any(c => c.Component == component && c.Healthy == healthy && (Clock.GetUtcNow() - c.At).Duration() < TimeSpan.FromSeconds(20));

    /// <summary>By the worker's time.</summary>
    public Task PassAsync(TimeSpan time) => Task.Delay(time, Clock, Token);

    public async Task UntilAsync(string what, Func<Task<bool>> check)
    {
        var began = Clock.GetTimestamp();
        while (!await check())
        {
            Assert.True(IsUp, $"The worker ended before {what}.");
            Assert.True(Clock.GetElapsedTime(began) < Promised, $"It did not come to pass that {what}: {await TellAsync()}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Incus.Behaves = Misbehaviours.Not;
        if (host is not null)
        {
            await host.StopAsync(CancellationToken.None);
            host.Dispose();
        }

        await Incus.DisposeAsync();
        directory.Delete(recursive: true);
    }

    private async Task WantAsync(WorkspaceId id, string verb, Func<Workspace, LifecycleOptions, DateTimeOffset, Decision> intent)
    {
        while (true)
        {
            var workspace = (await Store.FindAsync(id, Token))!;
            var decision = intent(workspace, options, Clock.GetUtcNow());
            if (decision is Decision.Unchanged
                || await Store.TrySaveIntentAsync(Assert.IsType<Decision.Accepted>(decision).Workspace, Requested(workspace, verb), Token))
            {
                return;
            }
        }
    }

    private async Task<string> TellAsync() =>
        string.Join("; ", (await Store.ListAllAsync(Token)).Select(w => $"{w.Name} wanted {w.Desired} is {w.Status} {w.Fault?.Message}"));

    private Activity Requested(Workspace workspace, string verb) =>
        new(workspace.Id, workspace.Name, verb, Actor.User, ActivityOutcome.Requested, null, null, Clock.GetUtcNow());

    private static async Task BuildImageAsync(string directory)
    {
        var build = Directory.CreateDirectory(Path.Combine(directory, "1234")).FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "current"), "1234", Token);
        await File.WriteAllTextAsync(Path.Combine(build, "manifest.json"), """{"createdAt":"2030-01-01T00:00:00Z"}""", Token);
        foreach (var file in new[] { "metadata.tar.xz", "rootfs.squashfs" })
        {
            await File.WriteAllTextAsync(Path.Combine(build, file), file, Token);
        }
    }

    private sealed class Editors(WholeWorker worker) : IReadinessProbe
    {
        public Task<bool> IsReadyAsync(IPAddress address, CancellationToken cancellationToken) => Task.FromResult(worker.EditorsAnswer);
    }
}
