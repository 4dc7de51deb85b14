using System.Globalization;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Reliability;

/// <summary>
/// Many creations at once: each ends running or is refused for want of capacity, none is stuck, and the API answers meanwhile.
/// <c>TIDEPOOL_LOAD</c> says how many; <c>bench/load</c> runs the long form.
/// </summary>
[Collection(WholeTidepool.Name)]
public sealed class LoadTests(RunningTidepool tidepool)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Creations_at_once_all_end_running_or_refused()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("TIDEPOOL_LOAD"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 10;
        using var done = new CancellationTokenSource();
        var listing = ListMeanwhileAsync(done.Token);
        var began = TimeProvider.System.GetTimestamp();
        var results = await Task.WhenAll(Enumerable.Range(0, count).Select(i => tidepool.Api.CreateAsync(new CreateWorkspaceRequest($"load-{i}", Cpus: 1, MemoryMiB: 512))));
        Assert.All(results, r => Assert.True(r.Succeeded || r.Problem?.Code == ProblemCodes.CapacityExhausted, r.Problem?.Detail));
        var created = results.Where(r => r.Succeeded).Select(r => r.Value!.Name).ToList();
        Assert.NotEmpty(created);
        foreach (var name in created)
        {
            await Until.ValueAsync($"{name} runs", async () => (await tidepool.Api.GetAsync(name)).Value is { Status: WorkspaceStatus.Running } running ? running : null, Timeout);
        }

        var took = TimeProvider.System.GetElapsedTime(began);
        await done.CancelAsync();
        var latencies = (await listing).Order().ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count} asked for at once: {created.Count} running after {took.TotalSeconds:0.0} s, {count - created.Count} refused; the list meanwhile: p50 {latencies[latencies.Count / 2]:0.0} ms, p95 {latencies[latencies.Count * 95 / 100]:0.0} ms, {latencies.Count} requests"));
        await Task.WhenAll(created.Select(tidepool.RemoveAsync));
    }

    private async Task<List<double>> ListMeanwhileAsync(CancellationToken cancellationToken)
    {
        var latencies = new List<double>();
        while (!cancellationToken.IsCancellationRequested)
        {
            var began = TimeProvider.System.GetTimestamp();
            Assert.True((await tidepool.Api.ListAsync(25, null, CancellationToken.None)).Succeeded);
            latencies.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }

        return latencies;
    }
}
