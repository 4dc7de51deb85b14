using System.Formats.Tar;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Ports;

/// <summary>A running workspace of one test's own, with dev servers inside; deleted at the end.</summary>
internal sealed class OpenedWorkspace : IAsyncDisposable
{
    /// <summary>Where the tests' dev server lies in the workspace.</summary>
    public const string Program = "/usr/local/lib/server.js";

    private readonly RunningTidepool tidepool;

    private OpenedWorkspace(RunningTidepool tidepool, WorkspaceResponse workspace)
    {
        this.tidepool = tidepool;
        (Name, Id) = (workspace.Name, workspace.Id);
        Shell = new WorkspaceShell(tidepool.State, workspace.Id);
    }

    public string Name { get; }

    public string Id { get; }

    public WorkspaceShell Shell { get; }

    public static async Task<OpenedWorkspace> CreateAsync(RunningTidepool tidepool, string name)
    {
        await tidepool.CreateAsync(name);
        var workspace = new OpenedWorkspace(tidepool, await tidepool.UntilAsync(name, WorkspaceStatus.Running));
        await using var program = typeof(OpenedWorkspace).Assembly.GetManifestResourceStream("server.js")!;
        await workspace.Shell.WriteAsync(Program, program);
        return workspace;
    }

    public Uri Url(int port, string rest = "") => new($"{tidepool.WorkspaceUrl(Name)}port/{port}/{rest}");

    public async Task<PortResponse> RegisterAsync(int port, string? label = null, bool? stripPrefix = null)
    {
        var registered = await tidepool.Api.RegisterPortAsync(Name, new RegisterPortRequest(port, label, stripPrefix));
        Assert.True(registered.Succeeded, registered.Problem?.Detail);
        return registered.Value!;
    }

    /// <summary>Starts the tests' dev server on a port, without waiting for it.</summary>
    public Task ServeAsync(int port) => Shell.StartAsync($"exec node {Program} {port}");

    /// <summary>Registers a port, serves on it, and waits until it can be reached.</summary>
    public async Task OpenAsync(int port, bool? stripPrefix = null)
    {
        await RegisterAsync(port, stripPrefix: stripPrefix);
        await ServeAsync(port);
        await UntilReachedAsync(port);
    }

    public Task UntilReachedAsync(int port) => Until.TrueAsync($"port {port} of {Name} can be reached", async () =>
    {
        using var response = await tidepool.Http.GetAsync(Url(port));
        return response.IsSuccessStatusCode;
    });

    public Task UntilAnswersAsync(int port, bool answers) => Until.TrueAsync($"port {port} of {Name} is seen to answer: {answers}", async () =>
        (await tidepool.Api.PortsAsync(Name)).Value!.Single(p => p.Port == port).Answers == answers);

    public async Task StopServingAsync(int port) => await Shell.RunAsync($"pkill -f '{Program} {port}'");

    /// <summary>Copies a directory of this machine into the workspace.</summary>
    public async Task CopyAsync(string directory, string target)
    {
        using var archive = new MemoryStream();
        await TarFile.CreateFromDirectoryAsync(directory, archive, includeBaseDirectory: false, TestContext.Current.CancellationToken);
        archive.Position = 0;
        await Shell.WriteAsync("/root/copy.tar", archive);
        var unpacked = await Shell.RunAsync($"mkdir -p {target} && tar -x -f /root/copy.tar -C {target} && rm /root/copy.tar");
        Assert.True(unpacked.ExitCode == 0, unpacked.Error);
    }

    public async ValueTask DisposeAsync()
    {
        Shell.Dispose();
        await tidepool.RemoveAsync(Name);
    }
}
