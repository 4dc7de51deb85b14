using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests;

/// <summary>Bad input through all real parts: a clear answer, never a 5xx.</summary>
[Collection(WholeTidepool.Name)]
public sealed class RefusalTests(RunningTidepool tidepool)
{
    [Theory]
    [InlineData("""{"name":"No Good"}""", "name")]
    [InlineData("""{"name":"ab"}""", "name")]
    [InlineData("""{}""", "name")]
    [InlineData("""{"name":null}""", "name")]
    [InlineData("""{"name":7}""", "name")]
    [InlineData("""{"name":"fine","cpus":0}""", "cpus")]
    [InlineData("""{"name":"fine","cpus":"two"}""", "cpus")]
    [InlineData("""{"name":"fine","memoryMiB":1}""", "memoryMiB")]
    [InlineData("""{"name":"fine","memoryMiB":99999999999999}""", "memoryMiB")]
    [InlineData("""{"name":"fine","image":"../../etc"}""", "image")]
    [InlineData("""{"name":"fine",""", "body")]
    [InlineData("null", "body")]
    [InlineData("[]", "body")]
    [InlineData("", "body")]
    public async Task A_wrong_body_is_refused_by_field(string body, string field)
    {
        using var response = await PostAsync("api/workspaces", body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(ProblemCodes.Validation, problem.RootElement.GetProperty("code").GetString());
        Assert.True(problem.RootElement.GetProperty("errors").TryGetProperty(field, out _), problem.RootElement.ToString());
    }

    [Fact]
    public async Task A_body_that_is_not_json_is_refused()
    {
        using var response = await PostAsync("api/workspaces", "name=demo", "application/x-www-form-urlencoded");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(200_000)]
    public async Task A_large_body_is_refused(int size)
    {
        using var response = await PostAsync("api/workspaces", $$"""{"name":"{{new string('a', size)}}"}""");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_huge_body_is_cut_off_and_disturbs_no_other_request()
    {
        try
        {
            using var response = await PostAsync("api/workspaces", $$"""{"name":"{{new string('a', 40_000_000)}}"}""");
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        }
        catch (HttpRequestException)
        {
            // The answer was given and the connection closed before all of it was sent; this client then sees only the latter.
        }

        Assert.True((await tidepool.Api.ListAsync()).Succeeded);
    }

    [Theory]
    [InlineData("GET", "api/workspaces/nobody", 404)]
    [InlineData("GET", "api/workspaces/ws_00000000000000000000000000000000", 404)]
    [InlineData("GET", "api/workspaces/%2e%2e%2fetc", 400)]
    [InlineData("POST", "api/workspaces/nobody/start", 404)]
    [InlineData("POST", "api/workspaces/nobody/stop", 404)]
    [InlineData("DELETE", "api/workspaces/nobody", 404)]
    [InlineData("GET", "api/workspaces/nobody/activity", 404)]
    [InlineData("GET", "api/workspaces/nobody/logs", 404)]
    [InlineData("GET", "api/nothing", 404)]
    [InlineData("PUT", "api/workspaces", 405)]
    [InlineData("GET", "api/workspaces?limit=0", 400)]
    [InlineData("GET", "api/workspaces?limit=101", 400)]
    [InlineData("GET", "api/workspaces?limit=ten", 400)]
    [InlineData("GET", "api/workspaces?cursor=garbage", 400)]
    [InlineData("GET", "api/activity?cursor=garbage", 400)]
    public async Task What_is_not_there_or_not_right_is_said_so(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await tidepool.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_taken_name_is_refused_and_a_deletion_cannot_be_undone()
    {
        var created = await tidepool.CreateAsync("taken");
        var again = await tidepool.Api.CreateAsync(new CreateWorkspaceRequest("taken"));
        Assert.Equal(ProblemCodes.NameTaken, again.Problem?.Code);

        await tidepool.Api.DeleteAsync(created.Id);
        var start = await tidepool.Api.StartAsync(created.Id);
        Assert.Contains(start.Problem?.Code, new[] { ProblemCodes.TransitionRefused, ProblemCodes.NotFound });
        await tidepool.UntilGoneAsync(created.Id);
    }

    [Fact]
    public async Task A_request_of_another_origin_changes_nothing()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/workspaces") { Content = Json("""{"name":"foreign"}""") };
        request.Headers.Add("Origin", $"http://localhost:{tidepool.WorkspacePort}");
        request.Headers.Add("Sec-Fetch-Site", "same-site");
        using var response = await tidepool.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Nobody_comes_in_without_the_password()
    {
        foreach (var password in new[] { null, "wrong" })
        {
            using var stranger = tidepool.Client(password);
            foreach (var address in new[] { tidepool.AppUrl, $"http://localhost:{tidepool.ApiPort}/api/workspaces", tidepool.WorkspaceUrl("any") })
            {
                using var response = await stranger.GetAsync(new Uri(address));
                Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            }
        }
    }

    [Fact]
    public async Task Health_is_open_to_strangers_but_shows_them_no_detail()
    {
        using var stranger = tidepool.Client(null);
        var health = await new TidepoolClient(stranger).HealthAsync();
        Assert.Equal("healthy", health?.Status);
        Assert.All(health!.Components, component => Assert.Null(component.Detail));
    }

    private Task<HttpResponseMessage> PostAsync(string path, string body, string type = "application/json") =>
        tidepool.Http.PostAsync(new Uri(path, UriKind.Relative), Json(body, type));

    private static ByteArrayContent Json(string body, string type = "application/json") =>
        new(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
}
