namespace Tidepool.Caddy;

/// <summary>How Caddy is reached, where it listens, and whom it lets in.</summary>
public sealed class CaddyOptions
{
    /// <summary>How long one call of its admin API may take.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The socket of Caddy's admin API. Its mode keeps others out; no browser can reach it.</summary>
    public string AdminSocket { get; set; } = "";

    /// <summary>The socket that the server listens on.</summary>
    public string ServerSocket { get; set; } = "";

    /// <summary>Where Caddy itself answers in the gate's place while the server is down.</summary>
    public string OpenGateSocket { get; set; } = "";

    /// <summary>The file with the token of the owner's browser sessions: 64 hexadecimal digits, 0600. A new one ends all sessions.</summary>
    public string SessionTokenFile { get; set; } = "";

    /// <summary>The file that Caddy is started with: always the configuration last in force. 0600, for it holds the password's hash.</summary>
    public string ConfigFile { get; set; } = "";

    /// <summary>Where Caddy notes which workspace was used when, and nothing else: who did it and with what is not in it.</summary>
    public string AccessLogFile { get; set; } = "";

    /// <summary>The addresses to listen on; loopback unless the owner says otherwise.</summary>
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>The port of the API and the page.</summary>
    public int ApiPort { get; set; } = 8080;

    /// <summary>The port of the workspaces: another origin.</summary>
    public int WorkspacePort { get; set; } = 8081;

    /// <summary>Reads the owner's name and password hash at every look, so that a new password is in force at once.</summary>
    public Func<CredentialOptions> Credentials { get; set; } = () => throw new InvalidOperationException("No credentials were configured.");
}

/// <summary>Who may come in: a name and the bcrypt hash of a password.</summary>
public sealed record CredentialOptions(string UserName, string PasswordHash)
{
    /// <summary>Tells one password from the next without telling anything of either.</summary>
    public string Version { get; } = Core.SignIn.PasswordVersion.Of(PasswordHash);
}
