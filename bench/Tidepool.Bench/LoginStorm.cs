using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Tidepool.Bench;

/// <summary>The owner's requests with and without somebody at the same address who guesses passwords. Bounded in number and time.</summary>
internal static class LoginStorm
{
    private const int GuessesPerSecond = 200;
    private static readonly TimeSpan OwnersPause = TimeSpan.FromMilliseconds(25);

    public static async Task RunAsync(WholeTidepool owner, int apiPort, TimeSpan length)
    {
        await MeasureAsync(owner, TimeSpan.FromSeconds(2));
        var quiet = await MeasureAsync(owner, length);
        var answers = new ConcurrentDictionary<HttpStatusCode, int>();
        var storm = GuessAsync(apiPort, length, answers);
        var stormy = await MeasureAsync(owner, length);
        await storm;

        Console.WriteLine($"the owner's list, nobody guessing   p50 {Ms(quiet.At(0.5))} ms   p95 {Ms(quiet.At(0.95))} ms   {quiet.Count} requests");
        Console.WriteLine($"the owner's list, {GuessesPerSecond} guesses/s    p50 {Ms(stormy.At(0.5))} ms   p95 {Ms(stormy.At(0.95))} ms   {stormy.Count} requests");
        Console.WriteLine($"ratio                               p50 {stormy.At(0.5) / quiet.At(0.5):0.00}      p95 {stormy.At(0.95) / quiet.At(0.95):0.00}");
        Console.WriteLine("guesses answered: " + string.Join(", ", answers.OrderBy(a => (int)a.Key).Select(a => $"{(int)a.Key}: {a.Value}")));
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

    private static async Task GuessAsync(int apiPort, TimeSpan length, ConcurrentDictionary<HttpStatusCode, int> answers)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 32 }) { BaseAddress = new Uri($"http://localhost:{apiPort}/"), Timeout = TimeSpan.FromSeconds(30) };
        var guesses = new List<Task>();
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var sent = 0; sent < GuessesPerSecond * length.TotalSeconds && await ticks.WaitForNextTickAsync();)
        {
            for (var burst = 0; burst < GuessesPerSecond / 20; burst++, sent++)
            {
                guesses.Add(GuessOnceAsync(http, sent, answers));
            }
        }

        await Task.WhenAll(guesses);
    }

    private static async Task GuessOnceAsync(HttpClient http, int number, ConcurrentDictionary<HttpStatusCode, int> answers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/workspaces");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"tidepool:guess-{number}")));
        using var answer = await http.SendAsync(request);
        answers.AddOrUpdate(answer.StatusCode, 1, (_, count) => count + 1);
    }

    private static string Ms(double milliseconds) => milliseconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture);
}
