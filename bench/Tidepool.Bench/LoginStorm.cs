using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Tidepool.Bench;

/// <summary>
/// The owner's requests with and without a client at the same address that guesses passwords and sends oversize ones, and what a
/// wrong user name costs against a wrong password. Bounded in number and time.
/// </summary>
internal static class LoginStorm
{
    private const int GuessesPerSecond = 200;
    private const int OversizePerSecond = 20;
    private const int OversizeLength = 950_000;
    private const int Compared = 12;
    private static readonly TimeSpan OwnersPause = TimeSpan.FromMilliseconds(25);

    /// <summary>Longer than the gate lets one client wait for its next try.</summary>
    private static readonly TimeSpan BetweenCompared = TimeSpan.FromMilliseconds(2500);

    public static async Task RunAsync(WholeTidepool owner, int apiPort, TimeSpan length, Figures figures)
    {
        await MeasureAsync(owner, TimeSpan.FromSeconds(2));
        await CompareAsync(apiPort);
        var quiet = await MeasureAsync(owner, length);
        using var attacker = Process.Start(new ProcessStartInfo("nice", ["-n", "19", Environment.ProcessPath!, "attack", $"{apiPort}", $"{(int)length.TotalSeconds}"]))!;
        var stormy = await MeasureAsync(owner, length);
        await attacker.WaitForExitAsync();

        Console.WriteLine($"the owner's list, no other client   p50 {Ms(quiet.At(0.5))} ms   p95 {Ms(quiet.At(0.95))} ms   {quiet.Count} requests");
        Console.WriteLine($"the owner's list in the storm       p50 {Ms(stormy.At(0.5))} ms   p95 {Ms(stormy.At(0.95))} ms   {stormy.Count} requests");
        Console.WriteLine($"ratio (aim: under 2)                p50 {stormy.At(0.5) / quiet.At(0.5):0.00}      p95 {stormy.At(0.95) / quiet.At(0.95):0.00}");
        figures.Ratio("login-storm/p50", stormy.At(0.5) / quiet.At(0.5));
        figures.Ratio("login-storm/p95", stormy.At(0.95) / quiet.At(0.95));
    }

    /// <summary>
    /// The client that guesses, a process of its own. It yields the processors to Tidepool, since a real one has a machine of its own;
    /// what it sent and what was answered is printed.
    /// </summary>
    public static async Task AttackAsync(int apiPort, TimeSpan length)
    {
        var guesses = new Answers();
        var oversize = new Answers();
        var large = Request(new string('A', OversizeLength));
        await Task.WhenAll(
            AttackAsync(apiPort, length, GuessesPerSecond, number => Request(Basic($"tidepool:guess-{number}").Parameter!), guesses),
            AttackAsync(apiPort, length, OversizePerSecond, _ => large, oversize));
        Console.WriteLine($"{GuessesPerSecond} guesses/s answered: {guesses}");
        Console.WriteLine($"{OversizePerSecond} headers/s of {OversizeLength} characters answered: {oversize}");
    }

    /// <summary>One after the other, slowly enough that each is let through to Caddy's own check.</summary>
    private static async Task CompareAsync(int apiPort)
    {
        using var http = Client(apiPort);
        var (names, passwords, answers) = (new Samples(), new Samples(), new Answers());
        for (var number = 0; number < Compared * 2; number++)
        {
            var credentials = number % 2 == 0 ? $"another-{number}:wrong" : $"tidepool:wrong-{number}";
            var began = TimeProvider.System.GetTimestamp();
            await SendOnceAsync(http, Basic(credentials), answers);
            (number % 2 == 0 ? names : passwords).Add(TimeProvider.System.GetElapsedTime(began));
            await Task.Delay(BetweenCompared, TimeProvider.System, CancellationToken.None);
        }

        Console.WriteLine($"a wrong user name p50 {Ms(names.At(0.5))} ms, a wrong password p50 {Ms(passwords.At(0.5))} ms, ratio (aim: 1) {names.At(0.5) / passwords.At(0.5):0.00}; answered: {answers}");
    }

    private static async Task<Samples> MeasureAsync(WholeTidepool owner, TimeSpan length)
    {
        var time = TimeProvider.System;
        var began = time.GetTimestamp();
        var all = new Samples();
        while (time.GetElapsedTime(began) < length)
        {
            all.Add(await owner.ListAsync());
            await Task.Delay(OwnersPause, time, CancellationToken.None);
        }

        return all;
    }

    /// <summary>Over plain sockets: what a request costs its sender is taken from Tidepool here, and a real attacker has a machine of its own.</summary>
    private static async Task AttackAsync(int apiPort, TimeSpan length, int perSecond, Func<int, byte[]> request, Answers answers)
    {
        var requests = new List<Task>();
        var random = new Random(perSecond);
        var began = TimeProvider.System.GetTimestamp();
        var next = TimeSpan.Zero;
        for (var sent = 0; sent < perSecond * length.TotalSeconds; sent++)
        {
            // Independent clients' requests: the times between them are exponentially distributed, some together and some apart.
            next += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / perSecond);
            if (next - TimeProvider.System.GetElapsedTime(began) is { TotalMilliseconds: > 0 } pause)
            {
                await Task.Delay(pause, TimeProvider.System, CancellationToken.None);
            }

            requests.Add(AttackOnceAsync(apiPort, request(sent), answers));
        }

        await Task.WhenAll(requests);
    }

    private static async Task AttackOnceAsync(int apiPort, byte[] request, Answers answers)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, apiPort));
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(request);
            var head = new byte["HTTP/1.1 429".Length];
            await stream.ReadExactlyAsync(head);
            answers.Count(Encoding.ASCII.GetString(head)[^3..]);
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            // Closed before all of it was sent.
            answers.Count("closed");
        }
    }

    private static byte[] Request(string credentials) =>
        Encoding.ASCII.GetBytes($"GET /api/workspaces HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credentials}\r\nConnection: close\r\n\r\n");

    private static async Task SendOnceAsync(HttpClient http, AuthenticationHeaderValue authorization, Answers answers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/workspaces");
        request.Headers.Authorization = authorization;
        using var answer = await http.SendAsync(request);
        answers.Count(((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static HttpClient Client(int apiPort) =>
        new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 32 }) { BaseAddress = new Uri($"http://localhost:{apiPort}/"), Timeout = TimeSpan.FromSeconds(30) };

    private static AuthenticationHeaderValue Basic(string credentials) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));

    private static string Ms(double milliseconds) => milliseconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>How often which status was answered.</summary>
    private sealed class Answers
    {
        private readonly ConcurrentDictionary<string, int> counts = new();

        public void Count(string status) => counts.AddOrUpdate(status, 1, (_, count) => count + 1);

        public override string ToString() => string.Join(", ", counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key}: {c.Value}"));
    }
}
