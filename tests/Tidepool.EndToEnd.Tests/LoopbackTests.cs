using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Tidepool.EndToEnd.Tests;

/// <summary><c>localhost</c> is two addresses. Another user's program at one of them would be given the owner's password.</summary>
[Collection(WholeTidepool.Name)]
public sealed class LoopbackTests(RunningTidepool tidepool)
{
    [Theory]
    [InlineData("::1", "--port", "TP-PORT-001")]
    [InlineData("::", "--port", "TP-PORT-001")]
    [InlineData("::1", "--workspace-port", "TP-PORT-002")]
    [InlineData("127.0.0.1", "--workspace-port", "TP-PORT-002")]
    public async Task Up_is_refused_while_another_program_has_either_address(string address, string option, string code)
    {
        await using var own = new RunningTidepool();
        using var squatter = new TcpListener(IPAddress.Parse(address), 0);
        squatter.Start();
        var taken = ((IPEndPoint)squatter.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        var other = own.ApiPort.ToString(CultureInfo.InvariantCulture);

        var refused = await own.CliAsync(["up", "--detach", "--yes", option, taken, option == "--port" ? "--workspace-port" : "--port", other], mayFail: true);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"{code} ", refused.StandardError, StringComparison.Ordinal);
        Assert.Contains($"{taken} is taken on {address} by process {Environment.ProcessId} (", refused.StandardError, StringComparison.Ordinal);
        Assert.Contains(" of user root", refused.StandardError, StringComparison.Ordinal);
        Assert.Contains(option + " PORT", refused.StandardError, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(own.State, "run", "caddy.pid")));
    }

    [Fact]
    public async Task Caddy_asks_for_the_password_at_both_addresses_of_both_ports()
    {
        var answers = new List<string>();
        foreach (var (port, path) in new[] { (tidepool.ApiPort, "api/workspaces"), (tidepool.WorkspacePort, "workspace/none/") })
        {
            foreach (var host in new[] { "127.0.0.1", "[::1]" })
            {
                using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
                using var answer = await http.GetAsync(new Uri($"http://{host}:{port}/{path}"));
                answers.Add($"{(int)answer.StatusCode} {string.Join(',', answer.Headers.WwwAuthenticate.Select(challenge => challenge.ToString()))}");

                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", RunningTidepool.Credentials(RunningTidepool.Password));
                using var signedIn = await http.GetAsync(new Uri($"http://{host}:{port}/{path}"));
                Assert.NotEqual(HttpStatusCode.Unauthorized, signedIn.StatusCode);
            }
        }

        Assert.StartsWith("401 Basic", Assert.Single(answers.Distinct()), StringComparison.Ordinal);
        var doctor = await tidepool.CliAsync(["doctor"], mayFail: true);
        Assert.Contains($"{tidepool.ApiPort}, in use by this Tidepool", doctor.StandardOutput, StringComparison.Ordinal);
        Assert.Contains($"{tidepool.WorkspacePort}, in use by this Tidepool", doctor.StandardOutput, StringComparison.Ordinal);
    }
}
