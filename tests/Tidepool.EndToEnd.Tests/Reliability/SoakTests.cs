using System.Globalization;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Reliability;

/// <summary>
/// Work for a long time: editors that stay open while other workspaces come, go, stop, start and change. No editor is cut off, and
/// server and worker end with the memory and the file handles that they had. <c>TIDEPOOL_SOAK_MINUTES</c> and
/// <c>TIDEPOOL_SOAK_WORKSPACES</c> say how long and with how many; <c>bench/soak</c> runs the long form.
/// </summary>
[Collection(WholeTidepool.Name)]
public sealed class SoakTests(RunningTidepool tidepool)
{
    private const int Restless = 3;
    private const int HandlesToSpare = 25;
    private const double MemoryToSpare = 1.3;
    private static readonly string[] Watched = ["server", "worker"];
    private readonly List<Sample> samples = [];
    private int cutOff;

    [Fact]
    public async Task Nothing_is_cut_off_and_nothing_grows()
    {
        var length = TimeSpan.FromMinutes(double.TryParse(Environment.GetEnvironmentVariable("TIDEPOOL_SOAK_MINUTES"), CultureInfo.InvariantCulture, out var minutes) ? minutes : 0.5);
        var count = int.TryParse(Environment.GetEnvironmentVariable("TIDEPOOL_SOAK_WORKSPACES"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 3;
        var names = Enumerable.Range(0, count).Select(i => $"soak-{i}").ToList();
        await Task.WhenAll(names.Select(name => tidepool.CreateAsync(name)));
        var editors = new List<EditorSocket>();
        foreach (var name in names)
        {
            await tidepool.UntilAsync(name, WorkspaceStatus.Running);
            editors.Add(await EditorSocket.ConnectAsync(tidepool, name));
        }

        var began = TimeProvider.System.GetTimestamp();
        var operations = 0;
        while (TimeProvider.System.GetElapsedTime(began) < length)
        {
            await Task.WhenAll(Enumerable.Range(0, Restless).Select(i => LiveAsync($"restless-{i}")));
            operations += Restless * 6;
            TakeSamples();
            Assert.All(editors, editor => Assert.True(editor.IsOpen, "An editor was cut off."));
        }

        var third = Math.Max(Watched.Length, samples.Count / 3);
        foreach (var process in Watched)
        {
            var (early, late) = (Of(process, samples.Take(third)), Of(process, samples.TakeLast(third)));
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{process}: {early.Memory / 1048576.0:0} MB and {early.Handles} handles in the first third, {late.Memory / 1048576.0:0} MB and {late.Handles} in the last; {operations} operations, {cutOff} creations cut off and looked up, {count} editors open, {length.TotalMinutes:0.#} minutes"));
            Assert.True(late.Handles <= early.Handles + HandlesToSpare, $"{process} went from {early.Handles} file handles to {late.Handles}.");
            Assert.True(late.Memory <= early.Memory * MemoryToSpare, $"{process} went from {early.Memory} bytes to {late.Memory}.");
        }

        editors.ForEach(editor => editor.Dispose());
        await Task.WhenAll(names.Select(tidepool.RemoveAsync));
    }

    /// <summary>
    /// A workspace's whole life. What may be sent twice the client repeats by itself when a change of routes cut it off; a creation
    /// may not, so the test reads its result, as a user would.
    /// </summary>
    private async Task LiveAsync(string name)
    {
        try
        {
            await tidepool.CreateAsync(name);
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError == HttpRequestError.ResponseEnded)
        {
            Interlocked.Increment(ref cutOff);
            if ((await tidepool.Api.GetAsync(name)).Problem is not null)
            {
                await tidepool.CreateAsync(name);
            }
        }

        await tidepool.UntilAsync(name, WorkspaceStatus.Running);
        await tidepool.Api.RegisterPortAsync(name, new RegisterPortRequest(3000, "soak"));
        await tidepool.Api.StopAsync(name);
        await tidepool.UntilAsync(name, WorkspaceStatus.Stopped);
        await tidepool.Api.StartAsync(name);
        await tidepool.UntilAsync(name, WorkspaceStatus.Running);
        await tidepool.Api.LogsAsync(name);
        await tidepool.RemoveAsync(name);
    }

    private void TakeSamples() => samples.AddRange(Watched.Select(process =>
    {
        var pid = tidepool.PidOf(process);
        var memory = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return new Sample(process, long.Parse(memory.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024, Directory.GetFileSystemEntries($"/proc/{pid}/fd").Length);
    }));

    private static Sample Of(string process, IEnumerable<Sample> some)
    {
        var own = some.Where(s => s.Process == process).ToList();
        return new Sample(process, own.Select(s => s.Memory).Order().ElementAt(own.Count / 2), own.Select(s => s.Handles).Order().ElementAt(own.Count / 2));
    }

    private sealed record Sample(string Process, long Memory, int Handles);
}
