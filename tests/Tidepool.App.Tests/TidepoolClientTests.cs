using System.Net;
using System.Text;
using Tidepool.Contracts;

namespace Tidepool.App.Tests;

public sealed class TidepoolClientTests
{
    private const string NotFound = """{ "title": "Not found", "status": 404, "code": "not-found" }""";

    [Fact]
    public async Task What_may_be_done_twice_is_sent_again_when_it_got_no_answer()
    {
        using var proxy = new CuttingProxy(HttpRequestError.ResponseEnded);
        var answer = await Client(proxy).RegisterPortAsync("demo", new RegisterPortRequest(3000, "web"));
        Assert.Equal(ProblemCodes.NotFound, answer.Problem?.Code);
        Assert.Equal(2, proxy.Bodies.Count);
        Assert.Contains("3000", proxy.Bodies[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_creation_is_never_sent_twice()
    {
        using var proxy = new CuttingProxy(HttpRequestError.ResponseEnded);
        await Assert.ThrowsAsync<HttpRequestException>(() => Client(proxy).CreateAsync(new CreateWorkspaceRequest("demo")));
        Assert.Single(proxy.Bodies);
    }

    [Fact]
    public async Task A_missing_server_is_reported_at_once()
    {
        using var proxy = new CuttingProxy(HttpRequestError.ConnectionError);
        await Assert.ThrowsAsync<HttpRequestException>(() => Client(proxy).StartAsync("demo"));
        Assert.Single(proxy.Bodies);
    }

    private static TidepoolClient Client(HttpMessageHandler handler) =>
        new(new HttpClient(handler, disposeHandler: false) { BaseAddress = new Uri("http://localhost/") });

    /// <summary>Cuts the first request off, and answers the others.</summary>
    private sealed class CuttingProxy(HttpRequestError error) : HttpMessageHandler
    {
        public List<string> Bodies { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Bodies.Add(request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken));
            return Bodies.Count == 1
                ? throw new HttpRequestException(error)
                : new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new StringContent(NotFound, Encoding.UTF8, "application/problem+json") };
        }
    }
}
