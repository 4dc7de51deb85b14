using Scalar.AspNetCore;
using Tidepool.Contracts;
using Tidepool.Core.Jobs;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Logs;
using Tidepool.Db;
using Tidepool.Host.Images;
using Tidepool.Host.Logs;
using Tidepool.Host.State;
using Tidepool.Queue;
using Tidepool.Server.Activities;
using Tidepool.Server.Capacity;
using Tidepool.Server.Events;
using Tidepool.Server.Health;
using Tidepool.Server.Hosting;
using Tidepool.Server.Images;
using Tidepool.Server.Logs;
using Tidepool.Server.Pages;
using Tidepool.Server.Ports;
using Tidepool.Server.Problems;
using Tidepool.Server.Security;
using Tidepool.Server.SignIn;
using Tidepool.Server.Workspaces;

// The page's files lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
if (builder.Configuration["State"] is not { Length: > 0 } state)
{
    await Console.Error.WriteLineAsync("Say which state directory to serve: --state DIR.");
    return 2;
}

var paths = new StateDirectory(state);
builder.Configuration.AddJsonFile(paths.Settings, optional: true, reloadOnChange: false);
builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning);
var proxyUser = builder.Configuration.GetValue<uint?>("proxy-user");
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.MaxRequestBodySize = RequestBody.MaxDrainedBytes;
    kestrel.ListenOn(paths.ServerSocket, Peer.Proxy, new PeerUsers(proxyUser is { } user ? [user] : []));
    kestrel.ListenOn(paths.OwnerSocket, Peer.Owner, new PeerUsers());
});

builder.Services.AddOptions<TidepoolOptions>().BindConfiguration(TidepoolOptions.Section).ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddCapacity(builder.Configuration.GetSection(TidepoolOptions.Section), paths);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(new LifecycleOptions());
builder.Services.AddSingleton(new ImageCatalog(paths.Images));
builder.Services.AddSingleton<IWorkspaceLog>(services => new WorkspaceLogFiles(paths.WorkspaceLogs, TimeProvider.System, services.GetRequiredService<ILogger<WorkspaceLogFiles>>()));
builder.Services.AddNotification(NotificationNames.Jobs, paths.JobsNotification, listen: false);
builder.Services.AddNotification(NotificationNames.Changes, paths.ChangesNotification, listen: true);
builder.Services.AddTidepoolDb(db => db.Path = paths.Database);
builder.Services.AddSingleton(new CaddySecret(paths.ProxySecret));
builder.Services.AddSingleton<SessionHolder>();
builder.Services.AddSingleton(_ => new SignInGate(new PasswordFileVersion(paths.PasswordVersion).Current));
builder.Services.AddSingleton<WorkspaceUrls>();
builder.Services.AddSingleton<WorkspaceCommands>();
builder.Services.AddSingleton<ChangeFeed>();
builder.Services.AddHostedService(services => services.GetRequiredService<ChangeFeed>());
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, TidepoolJson.Default));
builder.Services.AddOpenApi(OpenApiDocument.Name, OpenApiDocument.Describe);

var app = builder.Build();
await app.Services.InitializeTidepoolDbAsync(app.Lifetime.ApplicationStopping);
app.UseSecurityHeaders();
app.UseMiddleware<ProblemMiddleware>();
app.UseMiddleware<SignedInMiddleware>();
app.UseMiddleware<SameOriginMiddleware>();
app.UseRouting();
app.MapOpenApi("/api/openapi.json");
app.MapScalarApiReference("/api/docs", OpenApiDocument.Browse);
app.MapProblemPage();

var api = app.MapGroup("/api");
api.MapWorkspaces();
api.MapPorts();
api.MapLogs();
api.MapActivities();
api.MapImages();
api.MapCapacity();
api.MapHealth();
api.MapEvents();
app.MapWorkspacePage();
app.MapGate();
app.MapApp();

await app.StartAsync();
ServerSocket.OpenToProxy(paths.ServerSocket);
ServerSocket.RestrictToOwner(paths.OwnerSocket);
await app.WaitForShutdownAsync();
return 0;
