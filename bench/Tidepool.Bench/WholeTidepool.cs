using System.Net.Http.Headers;
using System.Text;
using Tidepool.Contracts;

namespace Tidepool.Bench;

/// <summary>A running Tidepool, reached as a browser reaches it: through Caddy, with the password.</summary>
internal sealed class WholeTidepool : IDisposable
{
    private readonly HttpClient http;
    private readonly int workspacePort;

    public WholeTidepool(int apiPort, int workspacePort, string password)
    {
        this.workspacePort = workspacePort;
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://localhost:{apiPort}/"), Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("tidepool:" + password)));
        Api = new TidepoolClient(http);
    }

    public TidepoolClient Api { get; }

    /// <summary>The request's own time, and the time until the editor answers through Caddy.</summary>
    public Task<(TimeSpan Request, TimeSpan Editor)> RunAsync(string name) => RunAsync(name, () => Api.CreateAsync(new CreateWorkspaceRequest(name)));

    /// <summary>The same, with whatever request makes the workspace.</summary>
    public async Task<(TimeSpan Request, TimeSpan Editor)> RunAsync(string name, Func<Task<ApiResult<WorkspaceResponse>>> make)
    {
        var t0 = TimeProvider.System.GetTimestamp();
        var created = await make();
        var request = TimeProvider.System.GetElapsedTime(t0);
        if (created.Problem is { } problem)
        {
            throw new InvalidOperationException(problem.Detail);
        }

        var editor = new Uri($"http://localhost:{workspacePort}/workspace/{name}/healthz");
        await Poll.UntilAsync(async () =>
        {
            using var answer = await http.GetAsync(editor);
            return answer.IsSuccessStatusCode ? "yes" : null;
        });
        return (request, TimeProvider.System.GetElapsedTime(t0));
    }

    public Task<WorkspaceResponse> UntilAsync(string name, WorkspaceStatus status) =>
        Poll.UntilAsync(async () => (await Api.GetAsync(name)).Value is { } seen && seen.Status == status ? seen : null);

    public async Task RemoveAsync(string name)
    {
        await Api.DeleteAsync(name);
        await Poll.UntilAsync(async () => (await Api.GetAsync(name)).Problem?.Code == ProblemCodes.NotFound ? "yes" : null);
    }

    public async Task<TimeSpan> ListAsync()
    {
        var t0 = TimeProvider.System.GetTimestamp();
        await Api.ListAsync(25);
        return TimeProvider.System.GetElapsedTime(t0);
    }

    public void Dispose() => http.Dispose();
}
