using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Accesses;
using Tidepool.Core.Ports;
using Tidepool.Core.Routing;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Caddy.Tests;

/// <summary>A real Caddy under a route table, with upstreams on loopback addresses in the place of workspaces.</summary>
public abstract class CaddyTest : IAsyncLifetime
{
    /// <summary>One test at a time: their upstreams own the same addresses and ports.</summary>
    protected const string Collection = "Caddy";

    private const string UserName = "tidepool";
    protected const int EditorPort = 8080;
    protected static readonly IPAddress Alice = IPAddress.Parse("127.77.0.2");
    protected static readonly IPAddress Bob = IPAddress.Parse("127.77.0.3");
    private ServiceProvider services = null!;

    private protected Upstreams Upstreams { get; } = new();

    private protected CaddyProcess Caddy { get; private set; } = null!;

    /// <summary>The password that Caddy accepts; in force at the next <see cref="ApplyAsync"/>.</summary>
    protected string Password { get; set; } = "right";

    public async ValueTask InitializeAsync()
    {
        var found = CaddyProcess.Find();
        Assert.SkipWhen(found is null, "No Caddy 2.11: run ./test, which fetches it and sets TIDEPOOL_TEST_CADDY.");
        Caddy = found;
        await Upstreams.AddServerAsync(Caddy.ServerSocket);
        await Upstreams.AddAsync(Alice, EditorPort, "alice");
        await Upstreams.AddAsync(Alice, 3000, "alice on 3000");
        await Upstreams.AddAsync(Bob, EditorPort, "bob");
        services = new ServiceCollection().AddLogging().AddCaddyRoutes(options =>
        {
            options.AdminSocket = Caddy.AdminSocket;
            options.CallTimeout = CallTimeout;
            options.ServerSocket = Caddy.ServerSocket;
            options.ConfigFile = Caddy.ConfigFile;
            options.ProxySecretFile = Caddy.ProxySecretFile;
            options.SessionKeyFile = Caddy.SessionKeyFile;
            options.AccessLogFile = Caddy.AccessLogFile;
            options.HostNames = ["pool.example.org"];
            options.Listen = Listen;
            options.ApiPort = Caddy.ApiPort;
            options.WorkspacePort = Caddy.WorkspacePort;
            options.Credentials = () => new CredentialOptions(UserName, BCrypt.Net.BCrypt.HashPassword(Password, Salt));
        }).BuildServiceProvider();
        await Assert.ThrowsAsync<RouteTableException>(() => ApplyAsync());
        await PrepareAsync();
        await Caddy.StartAsync();
        Started();
    }

    /// <summary>The address that the owner named.</summary>
    protected virtual string Listen => "127.0.0.1";

    protected virtual TimeSpan CallTimeout => TimeSpan.FromSeconds(10);

    protected virtual void Started()
    {
    }

    /// <summary>Before Caddy starts.</summary>
    protected virtual Task PrepareAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (services is not null)
        {
            await services.DisposeAsync();
        }

        if (Caddy is not null)
        {
            await Caddy.DisposeAsync();
        }

        await Upstreams.DisposeAsync();
        await CleanUpAsync();
    }

    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    private const string Salt = "$2a$04$abcdefghijklmnopqrstuu";

    protected Task<bool> ApplyAsync(params WorkspaceRoute[] routes) =>
        services.GetRequiredService<IRouteTable>().ApplyAsync(routes, TestContext.Current.CancellationToken);

    protected Task<bool> RefreshAsync() => services.GetRequiredService<IRouteTable>().RefreshAsync(TestContext.Current.CancellationToken);

    /// <summary>The first half of every session cookie, with the password that is let in.</summary>
    protected string Token => Secrets.Ensure(
        new CaddyOptions { ProxySecretFile = Caddy.ProxySecretFile, SessionKeyFile = Caddy.SessionKeyFile },
        new CredentialOptions(UserName, BCrypt.Net.BCrypt.HashPassword(Password, Salt))).Session;

    protected IAccessLog AccessLog => services.GetRequiredService<IAccessLog>();

    protected static WorkspaceRoute Route(string name, IPAddress address, params int[] ports) =>
        new(WorkspaceName.Parse(name), address, [.. ports.Select(port => new PortRoute(PortNumber.Parse(port), StripPrefix: true))]);

    protected async Task<string> GetTextAsync(string path)
    {
        using var http = Client(Caddy.WorkspacePort);
        return await http.GetStringAsync(new Uri(path, UriKind.Relative));
    }

    protected HttpClient Client(int port) => Client(port, Password);

    protected static HttpClient Client(int port, string? password)
    {
        var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false }) { BaseAddress = new Uri($"http://localhost:{port}/") };
        if (password is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Credentials(password));
        }

        return http;
    }

    protected async Task<ClientWebSocket> ConnectAsync(string name)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Basic " + Credentials(Password));
        await socket.ConnectAsync(new Uri($"ws://localhost:{Caddy.WorkspacePort}/workspace/{name}/"), TestContext.Current.CancellationToken);
        return socket;
    }

    protected static async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        var received = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    protected static string Credentials(string password) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{UserName}:{password}"));
}
