using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tidepool.App.Layout;
using Tidepool.App.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.App.Tests;

/// <summary>A page with a server in memory behind it and a clock of its own.</summary>
public abstract class PageTest : BunitContext
{
    protected PageTest()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddSingleton<TimeProvider>(Time);
        Services.AddSingleton(new TidepoolClient(new HttpClient(Server) { BaseAddress = new Uri("http://localhost/") }));
        Services.AddSingleton<WorkspaceFeed>();
        Services.AddSingleton<BrowserPage>();
    }

    private protected FakeServer Server { get; } = new();

    private protected FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddMinutes(3));

    private protected WorkspaceFeed Feed => Services.GetRequiredService<WorkspaceFeed>();
}
