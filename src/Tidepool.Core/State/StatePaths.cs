namespace Tidepool.Core.State;

/// <summary>Where things are in the state directory that all processes of one Tidepool share.</summary>
public sealed class StatePaths(string root)
{
    public string Root { get; } = Path.GetFullPath(root);

    public string Settings => At("settings.json");

    /// <summary>User name and password hash, as JSON; 0600.</summary>
    public string Auth => At("auth.json");

    /// <summary>The directory belongs to root; the server may write the database's files and make none beside them.</summary>
    public string Database => At("database", "tidepool.db");

    /// <summary>The socket by which Caddy reaches the server.</summary>
    public string ServerSocket => At("run", "server", "proxy.sock");

    /// <summary>The socket by which the command line reaches the server, without a password: root alone may connect.</summary>
    public string OwnerSocket => At("run", "server", "owner.sock");

    public string CaddyAdminSocket => At("run", "caddy", "admin.sock");

    /// <summary>The secret by which Caddy proves to the server that the owner signed in; Caddy has it in its configuration.</summary>
    public string ProxySecret => At("server", "proxy-secret");

    /// <summary>The key that the token of the owner's browser sessions follows from; for root alone.</summary>
    public string SessionKey => At("session-key");

    /// <summary>Which password is in force, without anything of it; the server reads it and never the hash.</summary>
    public string PasswordVersion => At("server", "password-version");

    public string JobsNotification => At("run", "worker", "jobs.bell");

    public string ChangesNotification => At("run", "server", "changes.bell");

    public string CaddyConfig => At("caddy", "config.json");

    public string CaddyAccessLog => At("caddy", "own", "access.log");

    public string Images => At("images");

    public string WorkspaceLogs => At(".logs");

    public string Run => At("run");

    /// <summary>The QEMU runtime's own directory.</summary>
    public string Qemu => At("qemu");

    /// <summary>The notes on Tart's machines.</summary>
    public string Tart => At("tart");

    private string At(params string[] parts) => Path.Combine([Root, .. parts]);
}
