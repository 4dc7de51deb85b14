namespace Tidepool.Core.State;

/// <summary>Where things are in the state directory that all processes of one Tidepool share.</summary>
public sealed class StatePaths(string root)
{
    public string Root { get; } = Path.GetFullPath(root);

    public string Settings => At("settings.json");

    /// <summary>User name and password hash, as JSON; 0600.</summary>
    public string Auth => At("auth.json");

    public string Database => At("tidepool.db");

    public string ServerSocket => At("run", "server.sock");

    public string CaddyAdminSocket => At("run", "caddy-admin.sock");

    /// <summary>Where Caddy answers itself in the place of the server's gate.</summary>
    public string OpenGateSocket => At("run", "open-gate.sock");

    /// <summary>The token of the owner's browser sessions; read by Caddy only.</summary>
    public string SessionToken => At("session-token");

    public string JobsBell => At("run", "jobs.bell");

    public string ChangesBell => At("run", "changes.bell");

    public string CaddyConfig => At("caddy", "config.json");

    public string CaddyAccessLog => At("caddy", "access.log");

    public string Images => At("images");

    public string WorkspaceLogs => At(".logs");

    public string Run => At("run");

    /// <summary>The QEMU runtime's own directory.</summary>
    public string Qemu => At("qemu");

    /// <summary>What is noted of Tart's machines.</summary>
    public string Tart => At("tart");

    private string At(params string[] parts) => Path.Combine([Root, .. parts]);
}
