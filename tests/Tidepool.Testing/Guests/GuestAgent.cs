using System.Net;
using System.Net.Http.Json;
using CliWrap;
using CliWrap.Buffered;

namespace Tidepool.Testing.Guests;

/// <summary>What a command in a guest came to.</summary>
public sealed record GuestResult(int ExitCode, string Output, string Error);

/// <summary>A way into virtual machines for tests: an agent that is written into a copy of the image, and answers on a port.</summary>
public sealed class GuestAgent : IDisposable
{
    public const int Port = 7070;
    private const string Place = "/usr/local/lib/test-agent.py";
    private readonly HttpClient http;

    public GuestAgent(IPAddress address)
    {
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero }) { BaseAddress = new Uri($"http://{address}:{Port}/"), Timeout = TimeSpan.FromMinutes(3) };
    }

    /// <summary>Writes a copy of a built image, whose machines have the agent. Its root file system for containers is left as it is.</summary>
    public static async Task PutIntoAsync(string image, string copy)
    {
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(image).Where(file => Path.GetFileName(file) != "disk.qcow2"))
        {
            File.CreateSymbolicLink(Path.Combine(copy, Path.GetFileName(file)), Path.GetFullPath(file));
        }

        var disk = Path.Combine(copy, "disk.raw");
        await RunAsync("qemu-img", "convert", "-f", "qcow2", "-O", "raw", Path.Combine(image, "disk.qcow2"), disk);
        var start = long.Parse((await RunAsync("partx", "--noheadings", "--raw", "--output", "START", "--nr", "2", disk)).Trim(), System.Globalization.CultureInfo.InvariantCulture);
        var root = $"{disk}?offset={start * 512}";
        var (agent, inittab) = (Path.Combine(copy, "agent.py"), Path.Combine(copy, "inittab"));
        await using (var source = typeof(GuestAgent).Assembly.GetManifestResourceStream("agent.py")!)
        await using (var target = File.Create(agent))
        {
            await source.CopyToAsync(target);
        }

        await RunAsync("debugfs", "-R", $"dump /etc/inittab {inittab}", root);
        await File.AppendAllTextAsync(inittab, $"::respawn:/usr/bin/python3 {Place}\n");
        var commands = Path.Combine(copy, "commands");
        await File.WriteAllTextAsync(commands, $"write {agent} {Place}\nrm /etc/inittab\nwrite {inittab} /etc/inittab\n");
        await RunAsync("debugfs", "-w", "-f", commands, root);
        await RunAsync("qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, Path.Combine(copy, "disk.qcow2"));
        foreach (var file in new[] { disk, agent, inittab, commands })
        {
            File.Delete(file);
        }
    }

    /// <summary>Runs a shell script to its end; null if the agent does not answer.</summary>
    public async Task<GuestResult?> TryRunAsync(string script, CancellationToken cancellationToken = default)
    {
        try
        {
            using var content = new StringContent(script);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(http.Timeout);
            using var answer = await http.PostAsync(new Uri("", UriKind.Relative), content, limit.Token);
            return await answer.Content.ReadFromJsonAsync<GuestResult>(limit.Token);
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    public void Dispose() => http.Dispose();

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var result = await Cli.Wrap(program).WithArguments(arguments).WithEnvironmentVariables(e => e.Set("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")).ExecuteBufferedAsync();
        return result.StandardOutput;
    }
}
