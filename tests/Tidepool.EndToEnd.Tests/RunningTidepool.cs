using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CliWrap;
using CliWrap.Buffered;
using Tidepool.Contracts;
using Tidepool.Testing;

namespace Tidepool.EndToEnd.Tests;

/// <summary>
/// A whole Tidepool of the tests' own, brought up by its own command line in a state directory of its own, and taken down and
/// uninstalled at the end whatever the tests did.
/// </summary>
public sealed class RunningTidepool : IAsyncLifetime
{
    public const string UserName = "tidepool";
    public const string Password = "correct-horse-battery-staple";
    private HttpClient? incus;

    public string State { get => field ??= Directory.CreateTempSubdirectory("tp-e2e-").FullName; init; }

    /// <summary>Whether its workspaces reach what the tests play the internet with.</summary>
    public bool ReachesInternet { get; init; }

    public string Listen { get; init; } = "127.0.0.1";

    public string Runtime { get; init; } = "incus";

    /// <summary>How long a test waits for a workspace to change; null for what <see cref="Until"/> waits. An emulated processor takes longer.</summary>
    public TimeSpan? Timeout => Runtime == "qemu" ? TimeSpan.FromMinutes(6) : null;

    /// <summary>The image to use in place of the one that was built; a copy with something added.</summary>
    public string? Image { get; set; }

    /// <summary>A program with its arguments that becomes <c>tidepool</c>; none by default.</summary>
    public IReadOnlyList<string> StartedBy { get; set; } = [];

    /// <summary>What its workspaces may have in memory together, in MiB; null for what this machine gives.</summary>
    public int? WorkspaceMemory { get; set; }

    public int ApiPort { get; } = FreePorts.Next();

    public int WorkspacePort { get; } = FreePorts.Next();

    public string AppUrl => $"http://localhost:{ApiPort}/app/";

    /// <summary>Signed in, through Caddy.</summary>
    public HttpClient Http { get; private set; } = null!;

    public TidepoolClient Api { get; private set; } = null!;

    public string WorkspaceUrl(string name) => $"http://localhost:{WorkspacePort}/workspace/{name}/";

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "A whole Tidepool needs Linux and root.");
        var image = Environment.GetEnvironmentVariable("TIDEPOOL_TEST_IMAGE");
        Assert.SkipWhen(image is null, "No workspace image was built: run ./test, which builds it and sets TIDEPOOL_TEST_IMAGE.");
        await SeedImageAsync(Image ?? image!);
        await UpAsync();
        await CliAsync(["password", "--stdin"], input: Password);
        Http = Client(Password);
        Api = new TidepoolClient(Http);
        await Until.TrueAsync("the new password is in force", async () => (await Http.GetAsync(new Uri("api/workspaces", UriKind.Relative))).IsSuccessStatusCode);
    }

    /// <summary>Tests run more workspaces at once than a person would on a machine with few cores.</summary>
    public Task<BufferedCommandResult> UpAsync(params (string Name, string Value)[] environment) =>
        CliAsync([
            "up", "--runtime", Runtime, "--detach", "--yes", ReachesInternet ? "--nat" : "--no-nat", "--listen", Listen, "--port", Text(ApiPort), "--workspace-port", Text(WorkspacePort), "--cpu-oversubscription", "64",
            .. WorkspaceMemory is { } memory ? new[] { "--workspace-memory", Text(memory) } : [],
        ], environment: environment);

    /// <summary>Runs <c>tidepool</c> on this state directory, and fails the test with what it said when it fails.</summary>
    public async Task<BufferedCommandResult> CliAsync(IEnumerable<string> arguments, string input = "", bool mayFail = false, params IReadOnlyList<(string Name, string Value)> environment)
    {
        var cli = Environment.GetEnvironmentVariable("TIDEPOOL_CLI") ?? throw new InvalidOperationException("TIDEPOOL_CLI names no tidepool.dll; run ./test.");
        IReadOnlyList<string> command = [.. StartedBy, "dotnet", cli, .. arguments, "--state", State];
        var result = await Cli.Wrap(command[0])
            .WithArguments(command.Skip(1))
            .WithStandardInputPipe(PipeSource.FromString(input))
            .WithEnvironmentVariables(variables => environment.ToList().ForEach(variable => variables.Set(variable.Name, variable.Value)))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync();
        Assert.True(mayFail || result.IsSuccess, $"tidepool {string.Join(' ', arguments)} ended with {result.ExitCode}:\n{result.StandardOutput}\n{result.StandardError}");
        return result;
    }

    /// <summary>
    /// A connection of its own for each request. HTTP lets a server close an idle connection at any moment, as Caddy does at each
    /// change of routes; browsers then send again what was just being sent, but this client does not repeat a POST.
    /// </summary>
    public HttpClient Client(string? password)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.Zero }) { BaseAddress = new Uri($"http://localhost:{ApiPort}/") };
        if (password is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Credentials(password));
        }

        return client;
    }

    public static string Credentials(string password) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{UserName}:{password}"));

    public async Task<WorkspaceResponse> CreateAsync(string name)
    {
        var created = await Api.CreateAsync(new CreateWorkspaceRequest(name, MemoryMiB: 1024));
        Assert.True(created.Succeeded, created.Problem?.Detail);
        return created.Value!;
    }

    public async Task<WorkspaceResponse> UntilAsync(string idOrName, WorkspaceStatus status)
    {
        ApiResult<WorkspaceResponse>? last = null;
        try
        {
            return await Until.ValueAsync($"{idOrName} is {status}", async () =>
            {
                last = await Api.GetAsync(idOrName);
                Assert.False(last.Value?.Status == WorkspaceStatus.Error && status != WorkspaceStatus.Error, $"{idOrName}: {last.Value?.Error?.Message}");
                return last.Value?.Status == status ? last.Value : null;
            }, Timeout);
        }
        catch (TimeoutException timeout)
        {
            // All of it is gone with the test, and is all that can tell why.
            throw new TimeoutException($"{timeout.Message} Seen last: {last?.Value}{last?.Problem}\n{LogEnd("supervisor")}\n{LogEnd("worker")}", timeout);
        }
    }

    /// <summary>The last lines of a process's log.</summary>
    public string LogEnd(string process) =>
        File.Exists(Path.Combine(State, "logs", process + ".log")) ? string.Join('\n', File.ReadLines(Path.Combine(State, "logs", process + ".log")).TakeLast(25)) : "";

    public Task UntilGoneAsync(string idOrName) =>
        Until.TrueAsync($"{idOrName} is gone", async () => (await Api.GetAsync(idOrName)).Problem?.Code == ProblemCodes.NotFound);

    public async Task RemoveAsync(string idOrName)
    {
        await Api.DeleteAsync(idOrName);
        await UntilGoneAsync(idOrName);
    }

    /// <summary>The instances of ours that Incus itself knows, by name, with their state.</summary>
    public async Task<IReadOnlyDictionary<string, string>> InstancesAsync()
    {
        incus ??= new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(State, "incus", "unix.socket")), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://incus/") };
        using var answer = JsonDocument.Parse(await incus.GetStringAsync(new Uri("1.0/instances?recursion=1&all-projects=true", UriKind.Relative)));
        return answer.RootElement.GetProperty("metadata").EnumerateArray()
            .ToDictionary(i => i.GetProperty("name").GetString()!, i => i.GetProperty("status").GetString()!);
    }

    /// <summary>The process id that the supervisor last noted for one of its processes.</summary>
    public int PidOf(string process) =>
        int.Parse(File.ReadAllText(Path.Combine(State, "run", process + ".pid")).Split(' ')[0], CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        incus?.Dispose();
        Http?.Dispose();
        if (Directory.Exists(Path.Combine(State, "run")))
        {
            await CliAsync(["uninstall", "--yes"], mayFail: true);
        }

        if (Directory.Exists(State))
        {
            Directory.Delete(State, recursive: true);
        }
    }

    private async Task SeedImageAsync(string image)
    {
        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(image, "manifest.json")));
        var hash = manifest.RootElement.GetProperty("hash").GetString()!;
        var target = Directory.CreateDirectory(Path.Combine(State, "images", "default", hash)).FullName;
        foreach (var file in Directory.EnumerateFiles(image))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        await File.WriteAllTextAsync(Path.Combine(State, "images", "default", "current"), hash);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WholeTidepool : ICollectionFixture<RunningTidepool>
{
    public const string Name = "A whole Tidepool";
}
