using System.Diagnostics;
using System.Net.Sockets;

namespace Tidepool.Testing;

/// <summary>A real Incus daemon of the test's own: its directory, its bridge, its pool, nothing of it outside and nothing left after.</summary>
public sealed class IncusDaemon : IAsyncDisposable
{
    private static readonly string[] Binaries = ["/usr/libexec/incus/incusd", "/usr/lib/incus/incusd", "/opt/incus/bin/incusd"];
    private Process? process;

    private IncusDaemon(string binary, string directory)
    {
        Binary = binary;
        Root = directory;
        Bridge = "tpt" + Path.GetFileName(directory)[^6..].ToLowerInvariant().Replace('_', 'x');
    }

    public string Root { get; }

    public string Bridge { get; }

    public string Socket => Path.Combine(Root, "unix.socket");

    private string Binary { get; }

    /// <summary>Why no daemon can run here, or null if one can.</summary>
    public static string? WhyNot() =>
        !OperatingSystem.IsLinux() ? "Incus runs on Linux only."
        : Environment.UserName != "root" ? "Incus needs root."
        : Binaries.All(b => !File.Exists(b)) ? "Incus is not installed: run ./test, which installs it."
        : null;

    public static async Task<IncusDaemon> StartAsync()
    {
        var daemon = new IncusDaemon(Binaries.First(File.Exists), Directory.CreateTempSubdirectory("tp-incus-").FullName);
        await daemon.RunAsync();
        return daemon;
    }

    public async Task RunAsync()
    {
        var start = new ProcessStartInfo(Binary) { ArgumentList = { "--logfile", Path.Combine(Root, "daemon.log") }, UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["INCUS_DIR"] = Root;

        // At its start the daemon asks its makers for a list of cloud machine sizes. Nothing leaves this machine in a test.
        start.Environment["HTTPS_PROXY"] = start.Environment["HTTP_PROXY"] = "http://127.0.0.1:9";
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await WaitUntilAsync("Incus answers", AnswersAsync);
    }

    /// <summary>As a crash would: machines go on, the daemon does not.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>The orderly end: machines are stopped, the bridge is taken down, the pool is unmounted.</summary>
    public async Task ShutDownAsync()
    {
        using var client = Client();
        using var answer = await client.PutAsync(new Uri("internal/shutdown", UriKind.Relative), new StringContent("{}"));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process!.WaitForExitAsync(limit.Token);
    }

    public HttpClient Client() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://incus/") };

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (process is { HasExited: false })
            {
                await ShutDownAsync();
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            process?.Kill(entireProcessTree: true);
        }

        await CleanAsync();
        process?.Dispose();
    }

    /// <summary>What a daemon leaves that was killed or could not end well.</summary>
    private async Task CleanAsync()
    {
        foreach (var path in Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)))
        {
            if (TryRead(Path.Combine(path, "cmdline")) is { } command && command.Contains(Root, StringComparison.Ordinal) && int.Parse(Path.GetFileName(path)) != Environment.ProcessId)
            {
                await ShellAsync($"kill -9 {Path.GetFileName(path)}");
            }
        }

        await ShellAsync($"ip link delete {Bridge} 2>/dev/null; grep -F ' {Root}/' /proc/mounts | cut -d' ' -f2 | sort -r | xargs -r -n1 umount -l; rm -rf '{Root}'");
    }

    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static async Task ShellAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", command } })!;
        await shell.WaitForExitAsync();
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = Client();
            using var answer = await client.GetAsync(new Uri("1.0", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException fault)
        {
            return process!.HasExited ? throw new InvalidOperationException($"incusd ended with {process.ExitCode}.", fault) : false;
        }
    }

    private static async Task WaitUntilAsync(string what, Func<Task<bool>> check)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await check())
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(60))
            {
                throw new TimeoutException($"It did not come to pass that {what}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }
}
