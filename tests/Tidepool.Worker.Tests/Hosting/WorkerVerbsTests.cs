using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.State;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Db;
using Tidepool.Worker.Hosting;

namespace Tidepool.Worker.Tests.Hosting;

public sealed class WorkerVerbsTests : IDisposable
{
    private readonly StatePaths paths = new(Directory.CreateTempSubdirectory("tp-verbs-").FullName);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_workspaces_of_a_database_are_listed_while_nothing_runs()
    {
        Assert.Equal((0, ""), await RunAsync());
        await AddAsync("demo");
        await AddAsync("other");
        Assert.Equal((0, "demo\nother\n"), await RunAsync());
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_a_failure_and_not_an_empty_list()
    {
        await File.WriteAllTextAsync(paths.Database, new string('x', 8192), Token);
        Assert.Equal((1, ""), await RunAsync());
    }

    public void Dispose() => Directory.Delete(paths.Root, recursive: true);

    private async Task<(int Exit, string Output)> RunAsync()
    {
        var before = Console.Out;
        await using var output = new StringWriter { NewLine = "\n" };
        Console.SetOut(output);
        try
        {
            return (await WorkerHost.RunOnceAsync(WorkerVerbs.All["workspaces"], ["--state", paths.Root]), output.ToString());
        }
        finally
        {
            Console.SetOut(before);
        }
    }

    private async Task AddAsync(string name)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddTidepoolDb(db => db.Path = paths.Database);
        await using var provider = services.BuildServiceProvider();
        await provider.InitializeTidepoolDbAsync(Token);
        var now = DateTimeOffset.UnixEpoch;
        var workspace = new Workspace
        {
            Id = WorkspaceId.New(TimeProvider.System),
            Name = WorkspaceName.Parse(name),
            Image = "default",
            Cpus = 1,
            MemoryMiB = 512,
            Desired = DesiredState.Running,
            Status = WorkspaceStatus.Creating,
            CreatedAt = now,
            UpdatedAt = now,
        };
        var asked = new Activity(workspace.Id, workspace.Name, Verbs.Create, Actor.User, ActivityOutcome.Requested, null, null, now);
        Assert.IsType<AdmissionOutcome.Saved>(await provider.GetRequiredService<IWorkspaceStore>().AddAsync(workspace, asked, 100, CapacityBudget.Unlimited, Token));
    }
}
