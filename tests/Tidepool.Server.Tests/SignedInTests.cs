using System.Text;
using Microsoft.AspNetCore.Http;
using Tidepool.Core.SignIn;
using Tidepool.Server.Security;
using Tidepool.Server.SignIn;

namespace Tidepool.Server.Tests;

/// <summary>The server's own check that a request comes from the owner, whatever Caddy let pass.</summary>
public sealed class SignedInTests : IDisposable
{
    private readonly string file = Path.Combine(Directory.CreateTempSubdirectory("tp-secret-").FullName, "proxy-secret");
    private readonly string secret = ProxySecret.Create();

    public SignedInTests() => File.WriteAllText(file, secret);

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);

    [Theory]
    [InlineData("GET", "/api/workspaces", false)]
    [InlineData("POST", "/api/health", false)]
    [InlineData("GET", "/api/health/", false)]
    [InlineData("GET", "/API/health", false)]
    [InlineData("GET", "/api/health", true)]
    [InlineData("HEAD", "/api/health", true)]
    [InlineData("GET", "/gate", true)]
    [InlineData("GET", "/gate/passed", true)]
    [InlineData("GET", "/gate/holder", true)]
    [InlineData("GET", "/gate/other", false)]
    [InlineData("GET", "/workspace-page/demo", true)]
    [InlineData("GET", "/workspace-page/demo/port/3000", true)]
    [InlineData("POST", "/workspace-page/demo", false)]
    [InlineData("GET", "/workspace-pages", false)]
    [InlineData("GET", "/", false)]
    [InlineData("GET", "/app/", false)]
    [InlineData("GET", "", false)]
    public async Task Without_Caddys_word_only_what_is_listed_is_answered(string method, string path, bool answered)
    {
        var (status, owner) = await AskAsync(method, path, null);
        Assert.Equal(answered ? 200 : 401, status);
        Assert.False(owner);
    }

    [Fact]
    public async Task With_Caddys_word_everything_is_answered()
    {
        Assert.Equal((200, true), await AskAsync("DELETE", "/api/workspaces/demo", secret));
        Assert.Equal((200, true), await AskAsync("GET", "/api/health", secret));
    }

    [Fact]
    public async Task No_other_word_counts_and_none_where_there_is_no_secret()
    {
        foreach (var word in new[] { "", "yes", secret[1..], secret + "0", secret.ToUpperInvariant(), new string('0', 64), $"{secret},{secret}" })
        {
            Assert.Equal((401, false), await AskAsync("GET", "/api/workspaces", word));
        }

        foreach (var text in new[] { "", "\n", "yes" })
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddSeconds(text.Length));
            Assert.Equal((401, false), await AskAsync("GET", "/api/workspaces", text.Trim()));
        }

        File.Delete(file);
        Assert.Equal((401, false), await AskAsync("GET", "/api/workspaces", ""));
    }

    [Fact]
    public async Task What_comes_by_the_owners_socket_is_the_owners() =>
        Assert.Equal((200, true), await AskAsync("DELETE", "/api/workspaces/demo", null, Peer.Owner));

    [Fact]
    public void A_wrong_user_name_is_checked_as_the_owners_with_a_password_that_cannot_be_right()
    {
        using var gate = new SignInGate(() => "1");
        var standIn = gate.StandInFor;
        Assert.Null(GateEndpoints.Substitute(Basic("tidepool:secret:with:colons"), "tidepool", standIn));
        Assert.Null(GateEndpoints.Substitute("Basic not-base64!", "tidepool", standIn));
        Assert.Null(GateEndpoints.Substitute("Bearer " + Basic("x:y")["Basic ".Length..], "tidepool", standIn));
        Assert.Null(GateEndpoints.Substitute("", "tidepool", standIn));
        Assert.Null(GateEndpoints.Substitute(Basic("admin"), "tidepool", standIn));
        Assert.Null(GateEndpoints.Substitute(Basic("admin:secret").Replace(" ", "  ", StringComparison.Ordinal), "tidepool", standIn));
        foreach (var wrong in new[] { "admin:secret", "Tidepool:secret", ":secret" })
        {
            var substitute = GateEndpoints.Substitute(Basic(wrong), "tidepool", standIn)!;
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(substitute["Basic ".Length..]));
            Assert.StartsWith("tidepool:", text, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
            Assert.Equal(substitute, GateEndpoints.Substitute(Basic(wrong), "tidepool", standIn));
        }
    }

    private static string Basic(string text) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private async Task<(int Status, bool Owner)> AskAsync(string method, string path, string? word, Peer peer = Peer.Proxy)
    {
        var owner = false;
        var middleware = new SignedInMiddleware(
            context =>
            {
                owner = SignedInMiddleware.IsOwner(context);
                return Task.CompletedTask;
            },
            new CaddySecret(file));
        var context = new DefaultHttpContext { Request = { Method = method, Path = path } };
        context.Features.Set(new PeerFeature(peer));
        if (word is not null)
        {
            context.Request.Headers[ProxySecret.Header] = word;
        }

        await middleware.InvokeAsync(context);
        return (context.Response.StatusCode, owner);
    }
}
