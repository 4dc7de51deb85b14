using System.Globalization;
using System.Runtime.InteropServices;
using Tidepool.Host.Accounts;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Host.Supervision;

/// <summary>The processes of one Tidepool besides a runtime's daemon, and how each is started.</summary>
public static class TidepoolProcesses
{
    public const string Worker = "worker";
    public const string Server = "server";
    public const string Caddy = "caddy";

    /// <summary>Above every number that systems give to accounts and to users of containers.</summary>
    private const uint NoUser = 4294967290;

    private static readonly string[] Own = [Worker, Server, Caddy];

    /// <summary>The processes that there may be, in any runtime.</summary>
    public static IReadOnlyList<string> Names(RuntimeCatalog runtimes) => [.. runtimes.All.Select(runtime => runtime.Daemon?.Name).OfType<string>(), .. Own];

    /// <summary>The processes that there are with a runtime.</summary>
    public static IReadOnlyList<string> NamesOf(RuntimeDescriptor runtime) => runtime.Daemon is { } daemon ? [daemon.Name, .. Own] : Own;

    /// <summary>All of them, for a machine on which everything is installed.</summary>
    public static IReadOnlyList<ProcessSpec> All(RuntimeDescriptor runtime, StateDirectory state, Programs programs, string caddy, Settings settings, ServiceAccounts accounts) =>
        [.. runtime.Daemon is { } daemon ? [daemon.SpecOf(state)] : Array.Empty<ProcessSpec>(), WorkerOf(state, programs, accounts), ServerOf(state, programs, accounts), CaddyOf(state, caddy, settings, accounts)];

    /// <summary>Root, for it works with the runtime and the firewall.</summary>
    private static ProcessSpec WorkerOf(StateDirectory state, Programs programs, ServiceAccounts accounts) => Dotnet(state, Worker, programs.Worker, accounts) with
    {
        // The groups of the server and of Caddy read some of what it writes.
        Before = "umask 027;",
    };

    private static ProcessSpec ServerOf(StateDirectory state, Programs programs, ServiceAccounts accounts)
    {
        var spec = Dotnet(state, Server, programs.Server, accounts) with { IsReady = () => IsDatabaseReady(state) };
        var environment = new Dictionary<string, string>(spec.Environment) { ["HOME"] = "/tmp", ["TMPDIR"] = "/tmp" };
        return new Enclosure(accounts.Server, state.Root, state.Scratch)
        {
            Programs = [Path.GetDirectoryName(Programs.Dotnet)!, Path.GetDirectoryName(programs.Server)!],
            Reads = [state.Settings, state.Server, state.WorkspaceLogs, state.Images, state.RunWorker],
            Writes = [state.DatabaseDirectory, state.RunServer],
        }.Around(spec with { Environment = environment, Before = CleanStart(accounts.Server, (state.RunServer, accounts.Caddy.Group, "2710", "")) });
    }

    /// <summary>
    /// What root does before a process with a user of its own starts. A compromised server or Caddy can leave processes of
    /// its user, and links, directories or files without rights where a socket or a log belongs; these would keep the process from
    /// starting. So root ends all processes of the user in one step, then empties the directories that the user fills. find follows no
    /// link, and the user cannot rename what is above its directory.
    /// </summary>
    private static string CleanStart(Account account, params (string Directory, uint Group, string Mode, string Kept)[] directories) =>
        EndAll(account) + string.Concat(directories.Select(d =>
            string.Create(CultureInfo.InvariantCulture, $" find {ProcessSpec.Quoted(d.Directory)} -mindepth 1 {d.Kept} -delete; find {ProcessSpec.Quoted(d.Directory)} -exec chown -h {account.User}:{d.Group} '{{}}' +; chmod {d.Mode} {ProcessSpec.Quoted(d.Directory)};")));

    /// <summary>
    /// A shell command that ends every process of a user. The kernel signals all of them in one step (kill(2), process -1), so none can
    /// leave a new one behind. Only the effective user of the process that does this is the account; its real and its saved user are a
    /// number that no process has, so the account's processes can neither signal nor trace it (setresuid(2), which a program that
    /// starts afterwards would undo).
    /// </summary>
    public static string EndAll(Account account)
    {
        var setresuid = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 147 : 117;
        return string.Create(CultureInfo.InvariantCulture, $"perl -e 'syscall({setresuid}, {NoUser}, {account.User}, {NoUser}) == 0 and kill 9, -1';");
    }

    private static ProcessSpec CaddyOf(StateDirectory state, string caddy, Settings settings, ServiceAccounts accounts)
    {
        var spec = new ProcessSpec(
            Caddy,
            caddy,
            ["run", "--config", state.CaddyConfig],
            // From here on Go gives memory back; the enclosure's limit ends the process.
            ProcessSpec.PlainEnvironment(("GOMEMLIMIT", "512MiB"), ("HOME", state.CaddyOwn), ("XDG_DATA_HOME", Path.Combine(state.CaddyOwn, "data")), ("XDG_CONFIG_HOME", Path.Combine(state.CaddyOwn, "config"))),
            state.PidFile(Caddy),
            state.Log(Caddy),
            () => File.Exists(state.CaddyConfig));
        return new Enclosure(accounts.Caddy, state.Root, state.Scratch)
        {
            Programs = [caddy],
            Reads = [state.Caddy, state.RunServer],
            Writes = [state.CaddyOwn, state.RunCaddy],
            LowPorts = Math.Min(settings.ApiPort, settings.WorkspacePort) < FirstUnprivilegedPort(),
        }.Around(spec with
        {
            Before = CleanStart(
                accounts.Caddy,
                (state.RunCaddy, accounts.Caddy.Group, "0700", ""),
                // The log of accesses stays, and the older one beside it; none that is another file's second name.
                (state.CaddyOwn, accounts.Caddy.Group, "0700", $"! '(' -type f -links 1 -perm -600 -path {ProcessSpec.Quoted(state.CaddyOwn)}'/access*' ! -path {ProcessSpec.Quoted(state.CaddyOwn)}'/*/*' ')'")),
        });
    }

    /// <summary>From which port on any process may listen; where the kernel does not say, as it always was.</summary>
    private static int FirstUnprivilegedPort()
    {
        const string setting = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
        return File.Exists(setting) ? int.Parse(File.ReadAllText(setting), CultureInfo.InvariantCulture) : 1024;
    }

    /// <summary>The server makes no file in the database's directory, so the worker has made all three before it starts, and opened them to its group.</summary>
    private static bool IsDatabaseReady(StateDirectory state) =>
        new FileInfo(state.Database) is { Exists: true, Length: > 0 }
        && ((string[])["", "-wal", "-shm"]).Select(end => new FileInfo(state.Database + end)).All(file => file.Exists && file.UnixFileMode.HasFlag(UnixFileMode.GroupWrite));

    private static ProcessSpec Dotnet(StateDirectory state, string name, string assembly, ServiceAccounts accounts) => new(
        name,
        Programs.Dotnet,
        [assembly, "--state", state.Root, "--proxy-user", accounts.Caddy.User.ToString(CultureInfo.InvariantCulture)],
        DotnetEnvironment(assembly),
        state.PidFile(name),
        state.Log(name));

    /// <summary>One user's load needs neither a heap for each core nor a collector beside it; memory that stays free matters more.</summary>
    public static Dictionary<string, string> DotnetEnvironment(string assembly)
    {
        var environment = ProcessSpec.PlainEnvironment(
            ("DOTNET_gcServer", "0"),
            ("DOTNET_gcConcurrent", "0"),
            // Collects the young more often than a large processor cache would make it.
            ("DOTNET_GCgen0size", "0x400000"),
            ("DOTNET_TieredPGO", "0"),
            // Three times what either was ever seen to need, in hexadecimal: whatever is fed to them, the machine keeps its memory.
            ("DOTNET_GCHeapHardLimit", "20000000"),
            ("DOTNET_NOLOGO", "1"),
            ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),
            ("DOTNET_EnableDiagnostics", "0"),
            // Settings are read once; a watcher of them would take one of the 128 inotify instances that a user has on the whole machine.
            ("DOTNET_hostBuilder__reloadConfigOnChange", "false"),
            ("ASPNETCORE_ENVIRONMENT", "Production"),
            ("ASPNETCORE_CONTENTROOT", Path.GetDirectoryName(assembly)!),
            ("DOTNET_CONTENTROOT", Path.GetDirectoryName(assembly)!));
        if (System.Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root)
        {
            environment["DOTNET_ROOT"] = root;
        }

        return environment;
    }
}
