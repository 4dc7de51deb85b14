using System.Security.Cryptography;
using System.Text;

namespace Tidepool.Cli.State;

/// <summary>Where things are in the state directory, and how private they are.</summary>
internal sealed class StateDirectory(string root)
{
    public const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;

    public const string IncusViews = "/run/tidepool";

    /// <summary>What the kernel allows for a Unix socket's path, without the zero at its end.</summary>
    private const int MaxSocketPath = 107;

    public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    public string Settings => At("settings.json");

    public string Auth => At("auth.json");

    public string Run => At("run");

    public string ServerSocket => At("run", "server.sock");

    public string SupervisorLock => At("run", "supervisor.lock");

    public string SupervisorReport => At("run", "supervisor.json");

    public string Caddy => At("caddy");

    public string CaddyConfig => At("caddy", "config.json");

    public string CaddyBinary => At("bin", "caddy");

    public string Incus => At("incus");

    public string IncusSocket => At("incus", "unix.socket");

    /// <summary>
    /// Where the Incus daemon sees <see cref="Incus"/>: bound to a path that a container's root, who is nobody on the host, can
    /// walk to. The state directory itself stays closed to all but its owner.
    /// </summary>
    public string IncusView => Path.Combine(IncusViews, Key);

    /// <summary>Tells this state directory from all others in the names that the whole machine shares.</summary>
    public string Key => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Root)))[..8];

    /// <summary>The QEMU runtime's own directory.</summary>
    public string Qemu => At("qemu");

    public string Database => At("tidepool.db");

    public string SessionToken => At("session-token");

    public string Images => At("images");

    public string Logs => At("logs");

    /// <summary>Logs of workspaces that are gone, each in a directory named after the time and the workspace.</summary>
    public string DeletedWorkspaceLogs => At(".logs", ".deleted");

    public string Cache => At("cache");

    public static string Default =>
        Environment.GetEnvironmentVariable("TIDEPOOL_STATE") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share", "tidepool");

    public string PidFile(string process) => At("run", process + ".pid");

    public string Log(string process) => At("logs", process + ".log");

    /// <summary>Makes the directories that are there from the start; repeating it does no harm.</summary>
    public void Create()
    {
        foreach (var directory in new[] { Root, Run, Logs, Caddy, Incus, Images, At("bin") })
        {
            Directory.CreateDirectory(directory, PrivateDirectory);
        }

        File.SetUnixFileMode(Root, PrivateDirectory);
    }

    /// <summary>Why no Unix socket could be made below this directory; null if they can.</summary>
    public string? WhySocketsDoNotFit()
    {
        var longest = At("run", "caddy-admin.sock");
        return Encoding.UTF8.GetByteCount(longest) <= MaxSocketPath
            ? null
            : $"The state directory's path is too long: {longest} has more than the {MaxSocketPath} bytes that a Unix socket's path may have. Choose a shorter one with --state.";
    }

    /// <summary>Writes a file whole or not at all, readable by its owner only.</summary>
    public static void WritePrivate(string path, string text)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var stream = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = PrivateFile }))
        using (var writer = new StreamWriter(stream))
        {
            writer.Write(text);
        }

        File.Move(temporary, path, overwrite: true);
    }

    public string At(params string[] parts) => Path.Combine([Root, .. parts]);
}
