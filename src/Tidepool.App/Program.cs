using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Components.WebAssembly.Hosting;
using Tidepool.App;
using Tidepool.App.Layout;
using Tidepool.App.Workspaces;
using Tidepool.Contracts;

var builder = WebAssemblyHostBuilder.CreateDefault(args);
builder.RootComponents.Add<Root>("#app");
builder.RootComponents.Add<HeadOutlet>("head::after");
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(_ => new HttpClient { BaseAddress = new Uri(new Uri(builder.HostEnvironment.BaseAddress), "/"), Timeout = Timeout.InfiniteTimeSpan });
builder.Services.AddSingleton<TidepoolClient>();
builder.Services.AddSingleton<WorkspaceFeed>();
builder.Services.AddSingleton<BrowserPage>();
await builder.Build().RunAsync();
