using System.Globalization;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Users;

/// <summary>As which users the processes of a Tidepool run and what these may open, compared with the tables in docs/security.md.</summary>
[Collection(WholeTidepool.Name)]
public sealed class UserTests(RunningTidepool tidepool)
{
    private const string Another = "65534";
    private const string NetAdmin = "0000000000001000";
    private static readonly string[] Sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
    private static readonly string[] Supervised = ["supervisor", "incusd", "worker", "server", "caddy"];

    [Fact]
    public async Task Each_process_has_the_user_and_the_rights_that_the_table_says()
    {
        await RunOneAsync("rights");
        var root = Status(Environment.ProcessId);
        var accounts = await File.ReadAllLinesAsync("/etc/passwd");
        var seen = Supervised.Select(name => (Name: name, Pid: tidepool.PidOf(name))).Concat(Helpers()).Distinct().Select(process =>
        {
            var status = Status(process.Pid);
            var user = accounts.Select(line => line.Split(':')).FirstOrDefault(fields => fields[2] == status["Uid"].Split('\t')[0])?[0] ?? status["Uid"];
            Assert.Single(status["Uid"].Split('\t').Distinct());
            var capabilities = Capabilities(status) == Capabilities(root) ? "all" : Sets.All(set => status[set].Trim('0').Length == 0) ? "none" : status["CapEff"] == NetAdmin ? "net_admin" : Capabilities(status);
            return $"| {process.Name} | {Regex.Replace(user, "tidepool-[0-9a-f]{8}-", "tidepool-KEY-", RegexOptions.None, TimeSpan.FromSeconds(1))} | {capabilities} | {(status["NoNewPrivs"] == "1" ? "yes" : "no")} | {(status["Seccomp"] == "0" ? "no" : "yes")} |";
        }).ToHashSet();
        await tidepool.RemoveAsync("rights");

        var table = TableRows(await PageAsync(), "| process | user |").Where(row => !row.StartsWith("| QEMU", StringComparison.Ordinal)).ToHashSet();
        Assert.Equal(table.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Each_user_opens_what_the_table_says_and_nothing_else()
    {
        await RunOneAsync("opening");
        var paths = Directory.EnumerateFileSystemEntries(tidepool.State, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, MaxRecursionDepth = 4 })
            .Prepend(tidepool.State).Where(path => !path.Contains("/incus/", StringComparison.Ordinal)).ToList();
        var rows = TableRows(await PageAsync(), "| below the state directory |").Select(row => row.Split('|', StringSplitOptions.TrimEntries)).Select(fields => (Pattern: Pattern(fields[1]), Wanted: new[] { fields[2], fields[3] })).ToList();
        var wrong = new List<string>();
        foreach (var (user, column) in new[] { ("server", 0), ("caddy", 1) })
        {
            foreach (var (path, can) in await OpenableAsync(tidepool.PidOf(user), null, paths))
            {
                var name = Path.GetRelativePath(tidepool.State, path);
                var wanted = rows.Find(row => row.Pattern.IsMatch(name)).Wanted?[column] ?? "nothing";
                if (can != wanted)
                {
                    wrong.Add($"{user}, {name}: {can}, not {wanted}");
                }
            }

            // The same user outside of its own root file system.
            wrong.AddRange((await OpenableAsync(null, Status(tidepool.PidOf(user))["Uid"].Split('\t')[0], paths)).Where(seen => seen.Can != "nothing").Select(seen => $"{user} from outside, {seen.Path}: {seen.Can}"));
        }

        wrong.AddRange((await OpenableAsync(null, Another, paths)).Where(seen => seen.Can != "nothing").Select(seen => $"another user, {seen.Path}: {seen.Can}"));
        await tidepool.RemoveAsync("opening");

        Assert.Equal([], wrong);
        Assert.All(rows, row => Assert.Contains(paths, path => row.Pattern.IsMatch(Path.GetRelativePath(tidepool.State, path))));
    }

    [Fact]
    public async Task Only_root_and_Caddy_connect_to_a_workspace()
    {
        var workspace = await RunOneAsync("connecting");
        async Task<bool> ConnectsAsync(string user) => (await Cli.Wrap("setpriv")
            .WithArguments([$"--reuid={user}", $"--regid={user}", "--clear-groups", "perl", "-MIO::Socket::INET", "-e", "exit !IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => 8080, Timeout => 5)", workspace.Address!])
            .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync()).IsSuccess;
        string UserOf(string process) => Status(tidepool.PidOf(process))["Uid"].Split('\t')[0];

        Assert.True(await ConnectsAsync("0"));
        Assert.True(await ConnectsAsync(UserOf("caddy")));
        Assert.False(await ConnectsAsync(UserOf("server")));
        Assert.False(await ConnectsAsync(Another));
        await tidepool.RemoveAsync("connecting");
    }

    /// <summary>A key lives as long as a process has a keyring that holds it, and root sees all of its own.</summary>
    [Fact]
    public async Task The_processes_keep_no_key_of_the_login_that_they_were_started_in()
    {
        Assert.SkipUnless(File.Exists("/proc/keys"), "This kernel shows no keys.");
        const string name = "tp-login-of-the-caller";
        var (join, add) = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? (219, 217) : (250, 248);
        await tidepool.CliAsync(["down"]);
        tidepool.StartedBy = ["perl", "-e", $"syscall({join}, 1, 0); syscall({add}, my $t = 'user', my $n = '{name}', my $v = 'secret', 6, -3) > 0 or die $!; open my $k, '<', '/proc/keys'; grep /{name}/, <$k> or die 'no key'; exec @ARGV", "--"];
        try
        {
            await tidepool.UpAsync();
        }
        finally
        {
            tidepool.StartedBy = [];
        }

        await Until.TrueAsync("the key is gone", async () => !(await File.ReadAllTextAsync("/proc/keys")).Contains(name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_processes_keep_nothing_of_their_callers_environment_and_have_no_diagnostics_socket()
    {
        await tidepool.CliAsync(["down"]);
        await tidepool.UpAsync(("TIDEPOOL_TEST_MARKER", "a-secret-of-the-caller"));

        foreach (var pid in Supervised.Select(tidepool.PidOf))
        {
            Assert.DoesNotContain("a-secret-of-the-caller", await File.ReadAllTextAsync($"/proc/{pid}/environ"), StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries("/tmp", $"*dotnet-diagnostic-{pid}-*"));
        }
    }

    /// <summary>As a compromised server or Caddy could leave them.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Links_and_directories_where_sockets_and_logs_belong_keep_neither_from_starting_and_lead_the_command_line_nowhere(bool linked)
    {
        var target = At("a-file-of-root");
        await File.WriteAllTextAsync(target, "untouched");
        Put(At("caddy", "own", "access.log"), linked ? path => File.CreateSymbolicLink(path, target) : Disguised);
        Put(At("run", "caddy", "admin.sock"), Closed);
        Put(At("run", "server", "proxy.sock"), Closed);
        Put(At("run", "server", "changes.bell"), Closed);
        Put(At("run", "server", "owner.sock"), path => File.CreateSymbolicLink(path, At("incus", "unix.socket")));
        Assert.True(File.Exists(At("incus", "unix.socket")));

        var refused = await tidepool.CliAsync(["ls"], mayFail: true);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("is not running", refused.StandardError + refused.StandardOutput, StringComparison.Ordinal);

        using var lingering = Lingering();
        foreach (var directory in new[] { At("run", "server"), At("run", "caddy") })
        {
            File.SetUnixFileMode(directory, UnixFileMode.None);
        }

        foreach (var process in new[] { "caddy", "server" })
        {
            await Cli.Wrap("kill").WithArguments(["-9", tidepool.PidOf(process).ToString(CultureInfo.InvariantCulture)]).ExecuteAsync();
        }

        await Until.TrueAsync("server and Caddy answer", async () => (await tidepool.CliAsync(["ls"], mayFail: true)).ExitCode == 0 && await AnswersAsync());
        Assert.Equal("untouched", await File.ReadAllTextAsync(target));
        Assert.Null(new FileInfo(At("caddy", "own", "access.log")).LinkTarget);
        await lingering.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.Delete(target);

        // As the server's user in the server's root file system: makes directories again, or stops whatever its user may signal.
        System.Diagnostics.Process Lingering()
        {
            var (pid, user) = (tidepool.PidOf("server"), Status(tidepool.PidOf("server"))["Uid"].Split('\t')[0]);
            return System.Diagnostics.Process.Start("nsenter", ["-t", $"{pid}", "-m", "-r", "-w", "setpriv", "--reuid", user, "--regid", user, "--clear-groups", "sh", "-c", linked ? $"while :; do mkdir -p '{At("run", "server", "proxy.sock")}/x'; sleep 0.05; done" : "exec perl -e 'kill 19, -1 while 1'"]);
        }

        // A directory in the place of the log, with a file in it that could be one of Caddy's logs.
        static void Disguised(string path)
        {
            Directory.CreateDirectory(Path.Combine(path, "own"));
            File.WriteAllText(Path.Combine(path, "own", "access1"), "");
        }

        // With something inside, and no right for its own user to remove that.
        static void Closed(string path)
        {
            Directory.CreateDirectory(Path.Combine(path, "full"));
            File.SetUnixFileMode(path, UnixFileMode.None);
        }

        static void Put(string path, Action<string> make)
        {
            File.Delete(path);
            make(path);
            using var give = System.Diagnostics.Process.Start("chown", ["-hR", "--reference=" + Path.GetDirectoryName(path), path]);
            give.WaitForExit();
        }

        async Task<bool> AnswersAsync()
        {
            try
            {
                return (await tidepool.Http.GetAsync(new Uri(tidepool.AppUrl))).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_state_directory_of_the_old_layout_is_brought_up_with_its_data()
    {
        await RunOneAsync("kept");
        await tidepool.CliAsync(["down"]);
        await MakeOldAsync();

        // Cut off after the log had moved and before the database had.
        Directory.CreateDirectory(At("database"));
        if (File.Exists(At("tidepool.db-wal")))
        {
            File.Move(At("tidepool.db-wal"), At("database", "tidepool.db-wal"));
        }

        await tidepool.UpAsync();

        Assert.False(File.Exists(At("tidepool.db")));
        Assert.False(File.Exists(At("session-token")));
        await tidepool.UntilAsync("kept", WorkspaceStatus.Running);
        Assert.Contains("ok", (await tidepool.CliAsync(["doctor"], mayFail: true)).StandardOutput.Split('\n').First(line => line.Contains("TP-STATE-002", StringComparison.Ordinal)), StringComparison.Ordinal);
        await tidepool.RemoveAsync("kept");
    }

    /// <summary>Puts everything where it lay while all processes were root.</summary>
    private async Task MakeOldAsync()
    {
        foreach (var ending in new[] { "", "-wal" }.Where(ending => File.Exists(At("database", "tidepool.db" + ending))))
        {
            File.Move(At("database", "tidepool.db" + ending), At("tidepool.db" + ending));
        }

        await File.WriteAllTextAsync(At("session-token"), new string('0', 64));
        foreach (var directory in new[] { At("database"), At("server"), At("run", "server"), At("run", "worker"), At("run", "caddy"), At("caddy", "own") })
        {
            Directory.Delete(directory, recursive: true);
        }

        var result = await Cli.Wrap("/bin/sh").WithArguments(["-c", "chown -hR 0:0 \"$0/caddy\" \"$0/.logs\" \"$0\"/*.json && chmod -R g=,o= \"$0/caddy\" \"$0/.logs\" \"$0\"/*.json", tidepool.State]).ExecuteBufferedAsync();
        Assert.True(result.IsSuccess);
    }

    private async Task<WorkspaceResponse> RunOneAsync(string name)
    {
        await tidepool.CreateAsync(name);
        return await tidepool.UntilAsync(name, WorkspaceStatus.Running);
    }

    private string At(params string[] parts) => Path.Combine([tidepool.State, .. parts]);

    /// <summary>What else of the machine's processes is this Tidepool's, but for what runs inside workspaces.</summary>
    private IEnumerable<(string Name, int Pid)> Helpers() =>
        Directory.EnumerateDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(pid => pid > 0)
            .Select(pid => (Line: Read($"/proc/{pid}/cmdline").Replace('\0', ' '), Pid: pid))
            .Select(process => (Name: process.Line.StartsWith("[lxc monitor]", StringComparison.Ordinal) ? "lxc monitor" : Path.GetFileName(process.Line.Split(' ')[0]), process.Line, process.Pid))
            .Where(process => process.Name is "lxc monitor" or "dnsmasq" && (process.Line.Contains(tidepool.State, StringComparison.Ordinal) || process.Line.Contains("/run/tidepool/", StringComparison.Ordinal)))
            .Select(process => (process.Name, process.Pid));

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static Dictionary<string, string> Status(int pid) =>
        File.ReadAllLines($"/proc/{pid}/status").Select(line => line.Split(':', 2)).ToDictionary(parts => parts[0], parts => parts[1].Trim());

    private static string Capabilities(Dictionary<string, string> status) => $"{status["CapEff"]} of {status["CapBnd"]}, {status["CapPrm"]}, {status["CapAmb"]}";

    /// <summary>As the user of a process and in its own root file system, or as a user of this machine.</summary>
    private static async Task<IReadOnlyList<(string Path, string Can)>> OpenableAsync(int? process, string? user, List<string> paths)
    {
        var program = Path.Combine(Environment.GetEnvironmentVariable("TIDEPOOL_REPOSITORY")!, "tests", "Tidepool.EndToEnd.Tests", "Users", "openable.pl");
        var text = await File.ReadAllTextAsync(program);
        var uid = user ?? Status(process!.Value)["Uid"].Split('\t')[0];
        var gid = user ?? Status(process!.Value)["Gid"].Split('\t')[0];
        string[] inside = process is { } pid ? ["nsenter", $"--target={pid}", "--mount", "--root", "--"] : ["env"];
        var result = await Cli.Wrap(inside[0])
            .WithArguments([.. inside[1..], "setpriv", $"--reuid={uid}", $"--regid={gid}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "perl", "-e", text])
            .WithStandardInputPipe(PipeSource.FromString(string.Join('\n', paths) + "\n"))
            .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync();
        Assert.True(result.IsSuccess, result.StandardError);
        var seen = result.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).Select(fields => (fields[0], fields[1])).ToList();
        Assert.Equal(paths.Count, seen.Count);
        return seen;
    }

    private static async Task<string> PageAsync() => await File.ReadAllTextAsync(Path.Combine(Environment.GetEnvironmentVariable("TIDEPOOL_REPOSITORY")!, "docs", "security.md"));

    /// <summary>The rows of the table that begins so.</summary>
    private static IReadOnlyList<string> TableRows(string page, string head) =>
        [.. page.Split('\n').SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|'))];

    /// <summary>A star stands for a name, two for all that is below.</summary>
    private static Regex Pattern(string path) =>
        new("^" + Regex.Escape(path.Trim('`')).Replace(@"\*\*", ".+", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal) + "$", RegexOptions.None, TimeSpan.FromSeconds(1));
}
