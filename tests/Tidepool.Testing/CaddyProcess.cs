using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Tidepool.Testing;

/// <summary>A real Caddy of the test's own, started with whatever configuration file the route table has written.</summary>
public sealed class CaddyProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);
    private readonly string binary;
    private Process? process;

    private CaddyProcess(string binary) => this.binary = binary;

    public string Root { get; } = Directory.CreateTempSubdirectory("tp-caddy-").FullName;

    public string AdminSocket => Path.Combine(Root, "admin.sock");

    public string ServerSocket => Path.Combine(Root, "server.sock");

    public string ConfigFile => Path.Combine(Root, "config.json");

    public string ProxySecretFile => Path.Combine(Root, "proxy-secret");

    public string SessionKeyFile => Path.Combine(Root, "session-key");

    public string AccessLogFile => Path.Combine(Root, "access.log");

    public int ApiPort { get; } = FreePorts.Next();

    public int WorkspacePort { get; } = FreePorts.Next();

    /// <summary>The Caddy to test with, or null where there is none.</summary>
    public static CaddyProcess? Find() =>
        Environment.GetEnvironmentVariable("TIDEPOOL_TEST_CADDY") is { } path && File.Exists(path) ? new CaddyProcess(path) : null;

    public async Task StartAsync()
    {
        KeepConnections();
        var start = new ProcessStartInfo(binary) { ArgumentList = { "run", "--config", ConfigFile }, UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var name in new[] { "HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME" })
        {
            start.Environment[name] = Root;
        }

        File.Delete(AdminSocket);
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var began = TimeProvider.System.GetTimestamp();
        while (!await ListensAsync())
        {
            if (TimeProvider.System.GetElapsedTime(began) > StartTimeout)
            {
                throw new TimeoutException($"Caddy did not listen within {StartTimeout.TotalSeconds:0} s.");
            }

            if (process.HasExited)
            {
                throw new InvalidOperationException($"Caddy ended with {process.ExitCode}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
        }
    }

    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            await KillAsync();
        }

        process?.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    /// <summary>As `tidepool up` does: without this, the kernel resets some new connections whenever Caddy's routes change.</summary>
    private static void KeepConnections()
    {
        const string path = "/proc/sys/net/ipv4/tcp_migrate_req";
        if (File.Exists(path))
        {
            File.WriteAllText(path, "1");
        }
    }

    private async Task<bool> ListensAsync()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, WorkspacePort);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
