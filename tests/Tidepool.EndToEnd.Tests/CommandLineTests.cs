using System.Diagnostics;
using System.Text.Json;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests;

/// <summary>The command line against all real parts, from up to uninstall, with a Tidepool of its own.</summary>
[Collection(WholeTidepool.Name)]
public sealed class CommandLineTests : IAsyncLifetime
{
    private static readonly string[] Processes = ["incusd", "worker", "server", "caddy"];
    private readonly RunningTidepool own = new();

    public ValueTask InitializeAsync() => own.InitializeAsync();

    public ValueTask DisposeAsync() => own.DisposeAsync();

    [Fact]
    public async Task Up_new_down_up_and_uninstall_each_leave_what_they_promise()
    {
        var before = Processes.ToDictionary(p => p, own.PidOf);
        var settings = await File.ReadAllTextAsync(Path.Combine(own.State, "settings.json"));
        var accounts = new[] { "server", "caddy" }.Select(part => UserOf(own.PidOf(part))).ToList();
        await own.UpAsync();
        Assert.Equal(before, Processes.ToDictionary(p => p, own.PidOf));
        Assert.Equal(settings, await File.ReadAllTextAsync(Path.Combine(own.State, "settings.json")));

        var created = await own.CliAsync(["new", "demo", "--wait"]);
        Assert.Contains(own.WorkspaceUrl("demo"), created.StandardOutput, StringComparison.Ordinal);
        await EditorAnswersAsync();
        Assert.Contains("demo", (await own.CliAsync(["ls"])).StandardOutput, StringComparison.Ordinal);
        var taken = await own.CliAsync(["new", "demo"], mayFail: true);
        Assert.Equal(1, taken.ExitCode);
        Assert.DoesNotContain("   at ", taken.StandardOutput + taken.StandardError, StringComparison.Ordinal);

        foreach (var file in Directory.EnumerateFiles(own.State, "*", SearchOption.TopDirectoryOnly))
        {
            Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(file) & (Path.GetFileName(file) == "settings.json" ? UnixFileMode.OtherRead : UnixFileMode.GroupRead | UnixFileMode.OtherRead));
        }

        foreach (var log in Directory.EnumerateFiles(Path.Combine(own.State, "logs")))
        {
            Assert.DoesNotContain(RunningTidepool.Password, await File.ReadAllTextAsync(log), StringComparison.Ordinal);
        }

        await own.CliAsync(["down"]);
        await NothingIsLeftAsync(settings);
        await own.CliAsync(["down"]);

        await own.UpAsync();
        await own.UntilAsync("demo", WorkspaceStatus.Running);
        await EditorAnswersAsync();

        await own.CliAsync(["uninstall", "--yes"]);
        await NothingIsLeftAsync(settings);
        Assert.False(Directory.Exists(own.State));
        Assert.All(accounts, account => Assert.DoesNotContain(account, File.ReadAllText("/etc/passwd"), StringComparison.Ordinal));
        Assert.All(accounts, account => Assert.DoesNotContain(account, File.ReadAllText("/etc/group"), StringComparison.Ordinal));
    }

    private Task EditorAnswersAsync() => Until.TrueAsync("the editor of demo answers", async () =>
    {
        using var response = await own.Http.GetAsync(new Uri(own.WorkspaceUrl("demo") + "healthz"));
        return response.IsSuccessStatusCode;
    });

    private async Task NothingIsLeftAsync(string settings)
    {
        var left = Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _))
            .Select(p => (Pid: Path.GetFileName(p), Command: Read(Path.Combine(p, "cmdline")).Replace('\0', ' ')))
            .Where(p => p.Command.Contains(own.State, StringComparison.Ordinal) && p.Pid != Environment.ProcessId.ToString());
        Assert.Empty(left);
        Assert.DoesNotContain(own.State, Read("/proc/mounts"), StringComparison.Ordinal);

        using var document = JsonDocument.Parse(settings);
        var bridge = document.RootElement.GetProperty("Tidepool").GetProperty("Incus").GetProperty("Network").GetString()!;
        Assert.False(Directory.Exists("/sys/class/net/" + bridge), $"The bridge {bridge} is still there.");
        Assert.DoesNotContain(bridge, await RulesAsync(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(own.State, "run", "tcp-migrate-req.before")));
    }

    private static string UserOf(int pid)
    {
        var user = File.ReadAllLines($"/proc/{pid}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1];
        return File.ReadAllLines("/etc/passwd").Select(line => line.Split(':')).Single(fields => fields[2] == user)[0] + ":";
    }

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

    private static async Task<string> RulesAsync()
    {
        using var nft = Process.Start(new ProcessStartInfo("nft") { ArgumentList = { "list", "ruleset" }, RedirectStandardOutput = true, UseShellExecute = false })!;
        var rules = await nft.StandardOutput.ReadToEndAsync();
        await nft.WaitForExitAsync();
        return rules;
    }
}
