using System.Security.Cryptography;
using System.Text;
using Tidepool.Host.Sockets;

namespace Tidepool.Host.State;

/// <summary>Where things are in the state directory, and how private they are.</summary>
public sealed class StateDirectory(string root)
{
    public const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;
    public const UnixFileMode GroupFile = PrivateFile | UnixFileMode.GroupRead;
    public const UnixFileMode PublicFile = GroupFile | UnixFileMode.OtherRead;

    /// <summary>What is made in it gets its group.</summary>
    public const UnixFileMode GroupDirectory = PrivateDirectory | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.SetGroup;

    /// <summary>The group walks through it to what it knows the name of.</summary>
    public const UnixFileMode PassageDirectory = PrivateDirectory | UnixFileMode.GroupExecute | UnixFileMode.SetGroup;
    public const UnixFileMode PublicProgram = PublicFile | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    public string Settings => At("settings.json");

    /// <summary>User name and password hash, as JSON; for root alone.</summary>
    public string Auth => At("auth.json");

    public string Run => At("run");

    /// <summary>The server's own directory for its sockets; Caddy may walk through it.</summary>
    public string RunServer => At("run", "server");

    /// <summary>The worker's sockets; the server may walk through it.</summary>
    public string RunWorker => At("run", "worker");

    /// <summary>Where each process that is enclosed has its own root file system mounted, which no other process sees.</summary>
    public string Scratch => At("run", "root");

    public string RunCaddy => At("run", "caddy");

    /// <summary>The socket by which Caddy reaches the server.</summary>
    public string ServerSocket => At("run", "server", "proxy.sock");

    /// <summary>The socket by which the command line reaches the server, without a password: root alone may connect.</summary>
    public string OwnerSocket => At("run", "server", "owner.sock");

    /// <summary>The secret that Caddy and the server share. The worker makes it where there is none.</summary>
    public string ProxySecret => At("server", "proxy-secret");

    /// <summary>Where the server tells the worker of new jobs.</summary>
    public string JobsNotification => At("run", "worker", "jobs.bell");

    /// <summary>Where the worker tells the server of changes.</summary>
    public string ChangesNotification => At("run", "server", "changes.bell");

    public string SupervisorLock => At("run", "supervisor.lock");

    public string SupervisorReport => At("run", "supervisor.json");

    public string Caddy => At("caddy");

    /// <summary>What Caddy itself writes.</summary>
    public string CaddyOwn => At("caddy", "own");

    /// <summary>The socket of Caddy's administration.</summary>
    public string CaddyAdminSocket => At("run", "caddy", "admin.sock");

    public string CaddyConfig => At("caddy", "config.json");

    public string CaddyAccessLog => At("caddy", "own", "access.log");

    public string CaddyBinary => At("bin", "caddy");

    /// <summary>Identifies this state directory in names that are shared by the whole machine.</summary>
    public string Key => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Root)))[..8];

    public string DatabaseDirectory => At("database");

    /// <summary>The directory belongs to root; the server may write the database's files and make none beside them.</summary>
    public string Database => At("database", "tidepool.db");

    /// <summary>The key that the token of the owner's browser sessions follows from. The worker makes it where there is none.</summary>
    public string SessionKey => At("session-key");

    /// <summary>What the server reads besides the settings.</summary>
    public string Server => At("server");

    /// <summary>Which password is in force, without anything of it; the server reads it and never the hash.</summary>
    public string PasswordVersion => At("server", "password-version");

    public string WorkspaceLogs => At(".logs");

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
        foreach (var directory in new[] { Root, Run, RunServer, RunWorker, RunCaddy, Scratch, Logs, Server, DatabaseDirectory, WorkspaceLogs, Caddy, CaddyOwn, Images, At("bin") })
        {
            Directory.CreateDirectory(directory, PrivateDirectory);
        }

        File.SetUnixFileMode(Root, PrivateDirectory);
        if (File.Exists(CaddyBinary))
        {
            // Caddy's user runs it.
            File.SetUnixFileMode(CaddyBinary, PublicProgram);
        }
    }

    /// <summary>Why the longest path of a Unix socket below this directory is too long; null if all fit.</summary>
    /// <param name="others">The longest path of a socket that the runtime makes; null where it makes none, or is not known.</param>
    public string? WhySocketsDoNotFit(string? others)
    {
        var why = SocketPath.WhyNot(ChangesNotification) ?? (others is null ? null : SocketPath.WhyNot(others, isMoved: false));
        return why is null ? null : $"The state directory's path is too long: {why} Choose a shorter one with --state.";
    }

    public string At(params string[] parts) => Path.Combine([Root, .. parts]);
}
