using Tidepool.Cli.Runtimes;
using Tidepool.Cli.State;

namespace Tidepool.Cli.Supervision;

/// <summary>The processes of one Tidepool, and how each is started. Incus is the one runtime that has a daemon.</summary>
internal static class TidepoolProcesses
{
    public const string Incusd = "incusd";
    public const string Worker = "worker";
    public const string Server = "server";
    public const string Caddy = "caddy";

    public static readonly IReadOnlyList<string> Names = [Incusd, Worker, Server, Caddy];

    /// <summary>Those that there are with a runtime; all where none is chosen yet.</summary>
    public static IReadOnlyList<string> NamesOf(RuntimeKind? runtime) => runtime is null or RuntimeKind.Incus ? Names : [.. Names.Where(name => name != Incusd)];

    /// <summary>All of them, for a machine on which everything is installed.</summary>
    public static IReadOnlyList<ProcessSpec> All(StateDirectory state, Programs programs, string caddy, RuntimeKind? runtime) =>
        [.. NamesOf(runtime).Contains(Incusd) ? [IncusdOf(state)] : Array.Empty<ProcessSpec>(), Dotnet(state, Worker, programs.Worker), Dotnet(state, Server, programs.Server), CaddyOf(state, caddy)];

    public static ProcessSpec IncusdOf(StateDirectory state) => new(
        Incusd,
        Programs.Incusd ?? throw new CommandException("Incus is not installed; `tidepool up` installs it."),
        [],
        // It would call out for a list of instance types, which we have no use for; nothing listens on that port.
        Environment(("INCUS_DIR", state.IncusView), ("HTTP_PROXY", "http://127.0.0.1:9"), ("HTTPS_PROXY", "http://127.0.0.1:9")),
        state.PidFile(Incusd),
        state.Log(Incusd))
    {
        // Every machine costs it several files.
        Before = BindView(state) + " umask 022; ulimit -n 1048576 2>/dev/null || ulimit -n \"$(ulimit -H -n)\"; [ ! -x /usr/libexec/incus/incus-apparmor-load ] || /usr/libexec/incus/incus-apparmor-load >/dev/null 2>&1 || :;",
    };

    /// <summary>Private, so that what Incus mounts below it appears nowhere else.</summary>
    private static string BindView(StateDirectory state) =>
        $"mkdir -p -m 0711 {StateDirectory.IncusViews} {state.IncusView}; mountpoint -q {state.IncusView} || {{ mount --bind {Quoted(state.Incus)} {state.IncusView} && mount --make-private {state.IncusView}; }} || exit 1;";

    private static string Quoted(string path) => "'" + path.Replace("'", @"'\''") + "'";

    private static ProcessSpec Dotnet(StateDirectory state, string name, string assembly) => new(
        name,
        Programs.Dotnet,
        [assembly, "--state", state.Root],
        DotnetEnvironment(assembly),
        state.PidFile(name),
        state.Log(name));

    private static ProcessSpec CaddyOf(StateDirectory state, string caddy) => new(
        Caddy,
        caddy,
        ["run", "--config", state.CaddyConfig],
        Environment(("HOME", state.Caddy), ("XDG_DATA_HOME", Path.Combine(state.Caddy, "data")), ("XDG_CONFIG_HOME", Path.Combine(state.Caddy, "config"))),
        state.PidFile(Caddy),
        state.Log(Caddy),
        () => File.Exists(state.CaddyConfig));

    /// <summary>One user's load needs neither a heap for each core nor a collector beside it; memory that stays free matters more.</summary>
    public static Dictionary<string, string> DotnetEnvironment(string assembly)
    {
        var environment = Environment(
            ("DOTNET_gcServer", "0"),
            ("DOTNET_gcConcurrent", "0"),
            // Collects the young more often than a large processor cache would make it.
            ("DOTNET_GCgen0size", "0x400000"),
            ("DOTNET_TieredPGO", "0"),
            ("DOTNET_NOLOGO", "1"),
            ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),
            ("DOTNET_EnableDiagnostics", "0"),
            ("ASPNETCORE_ENVIRONMENT", "Production"),
            ("ASPNETCORE_CONTENTROOT", Path.GetDirectoryName(assembly)!),
            ("DOTNET_CONTENTROOT", Path.GetDirectoryName(assembly)!));
        if (System.Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root)
        {
            environment["DOTNET_ROOT"] = root;
        }

        return environment;
    }

    private static Dictionary<string, string> Environment(params (string Name, string Value)[] own)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOME"] = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile),
            ["LANG"] = "C.UTF-8",
        };
        foreach (var (name, value) in own)
        {
            environment[name] = value;
        }

        return environment;
    }
}
