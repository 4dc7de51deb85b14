using Microsoft.AspNetCore.Http;
using Tidepool.Server.Problems;

namespace Tidepool.Server.Tests;

public sealed class SameOriginTests
{
    [Theory]
    [InlineData("GET", "http://localhost:8081", "same-site", true)]
    [InlineData("POST", null, null, true)]
    [InlineData("POST", "http://localhost:8080", "same-origin", true)]
    [InlineData("POST", "http://LOCALHOST:8080", null, true)]
    [InlineData("POST", "http://localhost:8081", "same-site", false)]
    [InlineData("POST", "http://localhost:8081", null, false)]
    [InlineData("POST", "http://localhost:8080", "cross-site", false)]
    [InlineData("POST", "null", null, false)]
    [InlineData("DELETE", "http://example.test", "cross-site", false)]
    [InlineData("DELETE", null, "same-site", false)]
    public async Task Only_our_own_page_and_no_page_at_all_may_change_things(string method, string? origin, string? site, bool allowed)
    {
        var reached = false;
        var middleware = new SameOriginMiddleware(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        });
        var context = new DefaultHttpContext { Request = { Method = method, Host = new HostString("localhost:8080") } };
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
        var context = new DefaultHttpContext { Request = { Method = "POST", Host = new HostString("localhost") } };
        context.Request.Headers.Origin = "https://pool.example.test";
        context.Request.Headers["X-Forwarded-Host"] = "pool.example.test:443";
        await middleware.InvokeAsync(context);
        Assert.True(reached);
    }
}
