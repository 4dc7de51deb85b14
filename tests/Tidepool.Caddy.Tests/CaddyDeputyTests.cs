using CliWrap;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tidepool.Core.Routing;
using Tidepool.Testing.StandIns;

namespace Tidepool.Caddy.Tests;

/// <summary>A compromised Caddy wants root, which speaks to it and reads its log, to act for it.</summary>
public sealed class CaddyDeputyTests : IAsyncDisposable
{
    private const string CaddysUser = "54321";
    private readonly DirectoryInfo own = Directory.CreateTempSubdirectory("tp-deputy-");

    public CaddyDeputyTests() => Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Another user's directory needs Linux and root.");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string AccessLog => Path.Combine(own.FullName, "access.log");

    [Fact]
    public async Task A_link_to_roots_own_daemon_is_not_spoken_to()
    {
        await using var daemon = new Daemon();
        await daemon.StartAsync();
        var socket = Path.Combine(own.FullName, "admin.sock");
        File.CreateSymbolicLink(socket, daemon.Socket);
        await GiveToCaddyAsync();
        await using var services = Services(socket);
        await Assert.ThrowsAsync<RouteTableException>(() => services.GetRequiredService<IRouteTable>().ApplyAsync([], Token));
        Assert.Empty(daemon.Requests);
    }

    [Fact]
    public async Task A_redirect_leads_nowhere()
    {
        await using var caddy = new Daemon();
        await caddy.StartAsync();
        await using var services = Services(caddy.Socket);
        await Assert.ThrowsAsync<RouteTableException>(() => services.GetRequiredService<IRouteTable>().ApplyAsync([], Token));
        Assert.DoesNotContain(caddy.Requests, request => request.EndsWith("/instances", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_log_of_which_there_are_many_is_read_once()
    {
        var lines = string.Concat(Enumerable.Repeat("""{"ts":1,"workspace":"alice"}""" + "\n", 100));
        for (var i = 0; i < 100; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(own.FullName, $"access-{i:000}.log"), lines, Token);
        }

        await File.WriteAllTextAsync(AccessLog, """{"ts":2,"workspace":"bob"}""" + "\n", Token);
        await GiveToCaddyAsync();
        Assert.Equal(101, (await ReadLogAsync()).Count);
    }

    [Theory]
    [InlineData("mkfifo $1/access.log")]
    [InlineData("ln -s /etc/passwd $1/access.log")]
    public async Task What_is_no_log_blocks_nothing(string making)
    {
        await Cli.Wrap("sh").WithArguments(["-c", making, "sh", own.FullName]).ExecuteAsync(Token);
        await GiveToCaddyAsync();
        Assert.Empty(await ReadLogAsync());
    }

    public ValueTask DisposeAsync()
    {
        own.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private Task<IReadOnlyList<Core.Accesses.Access>> ReadLogAsync() =>
        new CaddyAccessLog(Options.Create(new CaddyOptions { AccessLogFile = AccessLog }), NullLogger<CaddyAccessLog>.Instance).ReadAsync(Token);

    private async Task GiveToCaddyAsync() => await Cli.Wrap("chown").WithArguments(["-R", "-h", CaddysUser, own.FullName]).ExecuteAsync(Token);

    private ServiceProvider Services(string socket) => new ServiceCollection().AddLogging().AddCaddyRoutes(options =>
    {
        var file = Path.Combine(own.FullName, "config.json");
        (options.AdminSocket, options.ServerSocket, options.ConfigFile, options.AccessLogFile) = (socket, socket, file, AccessLog);
        options.ProxySecretFile = file + ".secret";
        options.SessionKeyFile = file + ".key";
        options.Credentials = () => new CredentialOptions("tidepool", "none");
    }).BuildServiceProvider();

    /// <summary>Answers a question with nothing, and everything else with a redirect.</summary>
    private sealed class Daemon : StandIn
    {
        protected override Task AnswerAsync(HttpContext context)
        {
            if (HttpMethods.IsGet(context.Request.Method))
            {
                return context.Response.WriteAsync("null");
            }

            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = "/1.0/instances";
            return Task.CompletedTask;
        }
    }
}
