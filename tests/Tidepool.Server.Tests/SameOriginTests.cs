using Microsoft.AspNetCore.Http;
using Tidepool.Server.Security;

namespace Tidepool.Server.Tests;

public sealed class SameOriginTests
{
    [Theory]
    [InlineData("GET", null, "same-site", false)]
    [InlineData("GET", "http://localhost:8081", null, false)]
    [InlineData("GET", null, "same-origin", true)]
    [InlineData("GET", null, "none", true)]
    [InlineData("POST", null, null, true)]
    [InlineData("POST", "http://localhost:8080", "same-origin", true)]
    [InlineData("POST", "http://LOCALHOST:8080", null, true)]
    [InlineData("POST", "http://localhost:8081", "same-site", false)]
    [InlineData("POST", "http://localhost:8081", null, false)]
    [InlineData("POST", "http://localhost:8080", "cross-site", false)]
    [InlineData("POST", "null", null, false)]
    [InlineData("DELETE", "http://example.test", "cross-site", false)]
    [InlineData("DELETE", null, "same-site", false)]
    public Task Only_our_own_page_and_no_page_at_all_are_answered(string method, string? origin, string? site, bool allowed) =>
        AskAsync("/api/workspaces", method, origin, site, allowed);

    /// <summary>The routing takes any spelling.</summary>
    [Theory]
    [InlineData("/API/workspaces", false)]
    [InlineData("/Api/capacity", false)]
    [InlineData("/APP/", false)]
    [InlineData("/anything", false)]
    [InlineData("/workspace-page/demo", true)]
    [InlineData("/gate", true)]
    public Task Whatever_is_not_known_to_be_for_others_is_ours(string path, bool allowed) => AskAsync(path, "GET", "http://localhost:8081", "same-site", allowed);

    private static async Task AskAsync(string path, string method, string? origin, string? site, bool allowed)
    {
        var reached = false;
        var middleware = new SameOriginMiddleware(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        });
        var context = new DefaultHttpContext { Request = { Method = method, Path = path, Host = new HostString("localhost:8080") } };
        if (origin is not null)
        {
            context.Request.Headers.Origin = origin;
        }

        if (site is not null)
        {
            context.Request.Headers["Sec-Fetch-Site"] = site;
        }

        await middleware.InvokeAsync(context);
        Assert.Equal(allowed, reached);
        Assert.Equal(allowed ? 200 : 403, context.Response.StatusCode);
    }

    [Fact]
    public async Task Behind_a_proxy_that_speaks_https_the_default_port_may_be_left_away()
    {
        var reached = false;
        var middleware = new SameOriginMiddleware(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        });
        var context = new DefaultHttpContext { Request = { Method = "POST", Path = "/api/workspaces", Host = new HostString("localhost") } };
        context.Request.Headers.Origin = "https://pool.example.test";
        context.Request.Headers["X-Forwarded-Host"] = "pool.example.test:443";
        await middleware.InvokeAsync(context);
        Assert.True(reached);
    }

    [Theory]
    [InlineData("/app/", "navigate", "document", true)]
    [InlineData("/api/docs/", "navigate", "document", true)]
    [InlineData("/app/", "navigate", "iframe", false)]
    [InlineData("/app/style.css", "no-cors", "style", false)]
    [InlineData("/api/events", "navigate", "document", false)]
    [InlineData("/workspace-page/demo", "no-cors", "script", true)]
    public async Task A_link_may_lead_to_our_pages_and_nothing_else_of_ours_can_be_embedded(string path, string mode, string destination, bool allowed)
    {
        var context = new DefaultHttpContext { Request = { Method = "GET", Path = path, Host = new HostString("localhost:8080") } };
        context.Request.Headers["Sec-Fetch-Site"] = "same-site";
        context.Request.Headers["Sec-Fetch-Mode"] = mode;
        context.Request.Headers["Sec-Fetch-Dest"] = destination;
        await new SameOriginMiddleware(_ => Task.CompletedTask).InvokeAsync(context);
        Assert.Equal(allowed ? 200 : 403, context.Response.StatusCode);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", 415)]
    [InlineData("multipart/form-data; boundary=x", 415)]
    [InlineData("text/plain", 415)]
    [InlineData(null, 415)]
    [InlineData("application/json", 200)]
    [InlineData("application/json; charset=utf-8", 200)]
    public async Task What_a_form_could_send_is_not_taken_wherever_it_comes_from(string? type, int status)
    {
        var context = new DefaultHttpContext { Request = { Method = "POST", Path = "/api/workspaces/demo/stop", Host = new HostString("localhost:8080"), ContentLength = 2, Body = new MemoryStream("{}"u8.ToArray()), ContentType = type } };
        await new SameOriginMiddleware(_ => Task.CompletedTask).InvokeAsync(context);
        Assert.Equal(status, context.Response.StatusCode);
    }
}
