using System.Net;
using System.Text;
using System.Text.Json;
using Tidepool.Cli.Api;
using Tidepool.Cli.Workspaces;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Tests.Workspaces;

public sealed class RoomTests : IDisposable
{
    private readonly CapturedScreen screen = new();
    private readonly FullServer server = new();

    [Fact]
    public async Task Without_being_asked_to_it_stops_nothing_and_says_how()
    {
        var failure = await Assert.ThrowsAsync<CommandException>(() => StartAsync(make: false));
        Assert.Equal("There is not enough room. Stop 'one'.\nThe same command with --make-room does both.", failure.Message);
        Assert.Equal(["POST /api/workspaces/mine/start"], server.Requests);
    }

    [Fact]
    public async Task It_stops_one_after_the_other_until_there_is_room_and_says_so()
    {
        var started = await StartAsync(make: true);

        Assert.Equal("mine", started.Name);
        Assert.Equal(["one", "two"], server.Stopped);
        Assert.Contains("Stopping one, which was used least recently", screen.Output, StringComparison.Ordinal);
        Assert.Contains("Stopping two, which was used least recently", screen.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_stopping_does_not_help_it_stops_nothing()
    {
        server.NamesNobody = true;
        var failure = await Assert.ThrowsAsync<CommandException>(() => StartAsync(make: true));
        Assert.DoesNotContain("--make-room", failure.Message, StringComparison.Ordinal);
        Assert.Empty(server.Stopped);
    }

    [Fact]
    public async Task One_that_is_gone_meanwhile_has_made_room_as_well()
    {
        server.IsGone = true;
        Assert.Equal("mine", (await StartAsync(make: true)).Name);
    }

    public void Dispose()
    {
        screen.Dispose();
        server.Dispose();
    }

    private async Task<WorkspaceResponse> StartAsync(bool make)
    {
        using var http = new HttpClient(server, disposeHandler: false) { BaseAddress = new Uri("http://localhost/") };
        using var api = new LocalApi(http);
        return await new Room(api, screen.Screen, TimeProvider.System, make).CallAsync(client => client.StartAsync("mine", CancellationToken.None), CancellationToken.None);
    }

    /// <summary>Lets <c>mine</c> in once <c>one</c> and <c>two</c> were stopped.</summary>
    private sealed class FullServer : HttpMessageHandler
    {
        public List<string> Requests { get; } = [];

        public List<string> Stopped { get; } = [];

        public bool NamesNobody { get; set; }

        public bool IsGone { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var path = request.RequestUri!.AbsolutePath;
            Requests.Add($"{request.Method} {path}");
            return Task.FromResult(path.Split('/')[3..] switch
            {
                ["mine", "start"] => Start(),
                [var name, "stop"] => Stop(name),
                [var name] => Workspace(name, WorkspaceStatus.Stopped),
                _ => new HttpResponseMessage(HttpStatusCode.NotFound),
            });
        }

        private HttpResponseMessage Start() => Stopped.Count < 2
            ? Problem(409, ProblemCodes.CapacityExhausted, NamesNobody ? null : new LeastRecentlyAccessedResponse(Stopped.Count == 0 ? "one" : "two", Stopped.Count == 0 ? "one" : "two", null))
            : Workspace("mine", WorkspaceStatus.Starting);

        private HttpResponseMessage Stop(string name)
        {
            Stopped.Add(name);
            return IsGone ? Problem(404, ProblemCodes.NotFound, null) : Workspace(name, WorkspaceStatus.Stopping);
        }

        private static HttpResponseMessage Workspace(string name, WorkspaceStatus status) => Json(
            HttpStatusCode.OK,
            JsonSerializer.Serialize(
                new WorkspaceResponse(
                    name, name, null, "default", status, DesiredState.Running, 2, 1024, null, null, null, [], null, null, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, null, null),
                TidepoolJson.Default.WorkspaceResponse));

        private static HttpResponseMessage Problem(int status, string code, LeastRecentlyAccessedResponse? oldest) => Json(
            (HttpStatusCode)status,
            JsonSerializer.Serialize(
                new ProblemResponse(null, null, status, oldest is null ? "There is not enough." : $"There is not enough room. Stop '{oldest.Name}'.", code, null, LeastRecentlyAccessed: oldest),
                TidepoolJson.Default.ProblemResponse));

        private static HttpResponseMessage Json(HttpStatusCode status, string json) => new(status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
    }
}
