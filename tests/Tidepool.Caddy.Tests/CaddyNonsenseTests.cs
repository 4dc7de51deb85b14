using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Routing;
using Tidepool.Testing.StandIns;

namespace Tidepool.Caddy.Tests;

/// <summary>A proxy that says of its configuration what makes no sense: it is given all of ours.</summary>
public sealed class CaddyNonsenseTests
{
    [Theory]
    [InlineData("""{"apps":[1]}""")]
    [InlineData("""{"apps":{"http":"none"}}""")]
    [InlineData("""{"apps":{"http":{"servers":{"workspaces":{"routes":[{"handle":[{"@id":7}]}]}}}}}""")]
    [InlineData("""{"apps":{},"apps":{}}""")]
    [InlineData("7")]
    public Task It_is_replaced_whole(string said) => ReplacedAsync(said);

    /// <summary>Each number would become an object: a gigabyte in all.</summary>
    [Fact]
    public async Task One_that_is_far_too_large_is_not_read_as_JSON()
    {
        const int arrays = 6_000_000;
        const long most = 300L << 20;
        var said = """{"apps":{"http":{"servers":{"workspaces":{"routes":[""" + string.Concat(Enumerable.Repeat("0,", arrays)) + "0]}}}}}";
        var before = GC.GetTotalAllocatedBytes();
        await ReplacedAsync(said);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, most);
    }

    private static async Task ReplacedAsync(string said)
    {
        await using var caddy = new StandInCaddy(said);
        await caddy.StartAsync();
        var file = Path.Combine(Path.GetDirectoryName(caddy.Socket)!, "config.json");
        await using var services = new ServiceCollection().AddLogging().AddCaddyRoutes(options =>
        {
            (options.AdminSocket, options.ServerSocket, options.ConfigFile, options.AccessLogFile) = (caddy.Socket, caddy.Socket, file, file);
            options.ProxySecretFile = file + ".secret";
            options.SessionKeyFile = file + ".key";
            options.Credentials = () => new CredentialOptions("tidepool", "none");
        }).BuildServiceProvider();

        Assert.True(await services.GetRequiredService<IRouteTable>().ApplyAsync([], TestContext.Current.CancellationToken));
        Assert.Equal(["GET /config/", "POST /load"], caddy.Requests);
    }

    private sealed class StandInCaddy(string config) : StandIn
    {
        protected override Task AnswerAsync(HttpContext context) => context.Request.Method == "GET" ? context.Response.WriteAsync(config) : Task.CompletedTask;
    }
}
