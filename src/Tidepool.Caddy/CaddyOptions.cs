using Tidepool.Host.State;

namespace Tidepool.Caddy;

/// <summary>How Caddy is reached, where it listens, and which password it accepts.</summary>
public sealed class CaddyOptions
{
    /// <summary>How long one call of its admin API may take.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The socket of Caddy's admin API. Its mode keeps others out; no browser can reach it.</summary>
    public string AdminSocket { get; set; } = "";

    /// <summary>The socket that the server listens on.</summary>
    public string ServerSocket { get; set; } = "";

    /// <summary>The header by which Caddy states to the server that the owner signed in. Its value is what <see cref="ProxySecretFile"/> holds.</summary>
    public const string SignedInHeader = Core.SignIn.ProxySecret.Header;

    /// <summary>
    /// The file with the secret that Caddy and the server share: 64 hexadecimal digits. The server reads it, Caddy has it in its
    /// configuration, and no other process can pass for Caddy without it.
    /// </summary>
    public string ProxySecretFile { get; set; } = "";

    /// <summary>Names by which browsers reach this Tidepool, besides localhost and addresses. Requests for any other name are refused.</summary>
    public IReadOnlyList<string> HostNames { get; set; } = [];

    /// <summary>The file with the key that the session's token follows from, with the password's hash: 64 hexadecimal digits, 0600. A new one ends all sessions.</summary>
    public string SessionKeyFile { get; set; } = "";

    /// <summary>The file that Caddy is started with: always the configuration last in force. 0600, for it holds the password's hash.</summary>
    public string ConfigFile { get; set; } = "";

    /// <summary>Where Caddy records which workspace was used when, and nothing else: no user and no request.</summary>
    public string AccessLogFile { get; set; } = "";

    /// <summary>The address to listen on besides both loopbacks.</summary>
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>Whether this machine has the loopback address <c>::1</c>; Caddy would not start with an address that is not there.</summary>
    public bool HasIPv6 { get; set; } = LoopbackAddresses.HasIPv6();

    /// <summary>The port of the API and the page.</summary>
    public int ApiPort { get; set; } = Settings.DefaultApiPort;

    /// <summary>The port of the workspaces: another origin.</summary>
    public int WorkspacePort { get; set; } = Settings.DefaultWorkspacePort;

    /// <summary>Reads the owner's name and password hash on every check, so that a new password is in force at once.</summary>
    public Func<CredentialOptions> Credentials { get; set; } = () => throw new InvalidOperationException("No credentials were configured.");
}

/// <summary>The owner's credentials: a name and the bcrypt hash of a password.</summary>
public sealed record CredentialOptions(string UserName, string PasswordHash)
{
    /// <summary>Differs from password to password, and reveals nothing of the password.</summary>
    public string Version { get; } = Core.SignIn.PasswordVersion.Of(PasswordHash);
}
