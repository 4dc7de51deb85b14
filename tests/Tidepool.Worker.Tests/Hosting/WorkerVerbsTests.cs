using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Db;
using Tidepool.Host.State;
using Tidepool.Worker.Hosting;

namespace Tidepool.Worker.Tests.Hosting;

public sealed class WorkerVerbsTests : IDisposable
{
    private readonly StateDirectory paths = new(Directory.CreateTempSubdirectory("tp-verbs-").FullName);

    public WorkerVerbsTests() => Directory.CreateDirectory(Path.GetDirectoryName(paths.Database)!);

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

    [Fact]
    public async Task Settings_in_the_directory_that_it_is_called_from_count_for_nothing()
    {
        var caller = Directory.CreateDirectory(Path.Combine(paths.Root, "caller")).FullName;
        await File.WriteAllTextAsync(Path.Combine(caller, "appsettings.json"), "no settings at all", Token);
        var start = new System.Diagnostics.ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Tidepool.Worker.dll"), "workspaces", "--state", paths.Root])
        {
            WorkingDirectory = caller,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.Equal((0, ""), (process.ExitCode, errors));
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
        var workspace = WorkspaceIntents.Create(WorkspaceId.New(TimeProvider.System), WorkspaceName.Parse(name), "default", 1, 512, new LifecycleOptions(), now);
        var asked = new Activity(workspace.Id, workspace.Name, Verbs.Create, Actor.User, ActivityOutcome.Requested, null, null, now);
        Assert.IsType<AdmissionOutcome.Saved>(await provider.GetRequiredService<IWorkspaceStore>().AddAsync(workspace, asked, 100, CapacityBudget.Unlimited, Token));
    }
}
