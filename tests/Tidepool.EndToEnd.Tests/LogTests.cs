using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CliWrap;
using Microsoft.Playwright;
using Tidepool.Contracts;
using Tidepool.EndToEnd.Tests.Isolation;

namespace Tidepool.EndToEnd.Tests;

/// <summary>What happened to a workspace and what its guest said, from the real console to a file, a terminal and a page.</summary>
[Collection(WholeTidepool.Name)]
public sealed partial class LogTests(RunningTidepool tidepool)
{
    /// <summary>The server reads what the worker writes.</summary>
    private const UnixFileMode OwnerAndServer = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    [Fact]
    public async Task A_log_has_every_step_and_every_console_line_once_whatever_is_killed()
    {
        var created = await tidepool.CreateAsync("talker");
        await tidepool.UntilAsync("talker", WorkspaceStatus.Running);
        using var shell = new WorkspaceShell(tidepool.State, created.Id);

        // The guest prints a number every tenth of a second, and what would clear a terminal, while the worker is killed twice.
        await shell.StartAsync(@"n=1; while [ $n -le 50 ]; do printf ""\033[2Jtelling-$n\033]0;owned\007\n"" >/dev/console; n=$((n+1)); sleep 0.1; done; echo told >/dev/console");
        for (var kill = 1; kill <= 2; kill++)
        {
            var seen = kill * 10;
            await UntilLoggedAsync("talker", line => Numbers([line]).Any(number => number >= seen));
            await OutsideWorld.ShellAsync($"kill -KILL {tidepool.PidOf("worker")}");
        }

        await UntilLoggedAsync("talker", line => line.Message == "told");
        var lines = (await tidepool.Api.LogsAsync("talker", 1000)).Value!;
        var numbers = Numbers(lines);
        Assert.Equal(numbers.Distinct(), numbers);
        Assert.Equal(50, numbers[^1]);
        Assert.Contains(lines, line => line is { Source: "lifecycle", DurationMs: > 0 } && line.Message.StartsWith("Making the disk: done", StringComparison.Ordinal));
        Assert.Contains(lines, line => line is { Source: "lifecycle", DurationMs: > 0 } && line.Message.StartsWith("create: succeeded", StringComparison.Ordinal));

        var files = Directory.EnumerateFiles(Path.Combine(tidepool.State, ".logs", "talker")).ToList();
        Assert.All(files, file => Assert.Equal(OwnerAndServer, File.GetUnixFileMode(file)));
        Assert.All(files, file => Assert.DoesNotContain((byte)0x1b, File.ReadAllBytes(file)));
        var shown = (await tidepool.CliAsync(["logs", "talker", "--tail", "1000"])).StandardOutput;
        Assert.DoesNotContain('\u001b', shown);
        Assert.Matches("console +telling-50\n", shown);

        // The last output of a machine that goes down, which the worker may not have read while it ran.
        await shell.RunAsync("echo last-words >/dev/console");
        await tidepool.Api.StopAsync("talker");
        await tidepool.UntilAsync("talker", WorkspaceStatus.Stopped);
        await UntilLoggedAsync("talker", line => line.Message == "last-words");
        lines = (await tidepool.Api.LogsAsync("talker", 1000)).Value!;
        Assert.Single(lines, line => line.Message == "last-words");
        Assert.Single(lines, line => line.Message == "told");

        await tidepool.RemoveAsync("talker");
        var left = await tidepool.CliAsync(["logs", "talker"]);
        Assert.Contains("last-words", left.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("delete: succeeded", left.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("talker is deleted", left.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_follows_a_log_on_the_command_line_sees_it_go_on_over_restarts_and_ends_with_an_interrupt()
    {
        var created = await tidepool.CreateAsync("followed");
        await tidepool.UntilAsync("followed", WorkspaceStatus.Running);
        using var shell = new WorkspaceShell(tidepool.State, created.Id);
        var shown = new StringBuilder();
        var following = Cli.Wrap("dotnet")
            .WithArguments([Environment.GetEnvironmentVariable("TIDEPOOL_CLI")!, "logs", "followed", "-f", "--tail", "5", "--state", tidepool.State])
            .WithStandardOutputPipe(PipeTarget.ToDelegate(line =>
            {
                lock (shown)
                {
                    shown.Append(line).Append('\n');
                }
            }))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync();
        try
        {
            await SaidAndShownAsync("before-any-restart");
            await OutsideWorld.ShellAsync($"kill -KILL {tidepool.PidOf("worker")}");
            await SaidAndShownAsync("after-the-worker");
            await OutsideWorld.ShellAsync($"kill -KILL {tidepool.PidOf("server")}");
            await SaidAndShownAsync("after-the-server");
        }
        finally
        {
            await OutsideWorld.ShellAsync($"kill -INT {following.ProcessId}");
        }

        var ended = await following;
        Assert.Equal(0, ended.ExitCode);
        Assert.Equal(3, CountOfSaid().Count(Shown()));
        await tidepool.RemoveAsync("followed");

        async Task SaidAndShownAsync(string text)
        {
            await shell.RunAsync($"echo said-{text} >/dev/console");
            await Until.TrueAsync($"'{text}' is shown", () => Task.FromResult(Shown().Contains(text, StringComparison.Ordinal)));
        }

        string Shown()
        {
            lock (shown)
            {
                return shown.ToString();
            }
        }
    }

    [Fact]
    public async Task A_guest_that_floods_its_console_costs_little_of_the_disk()
    {
        var created = await tidepool.CreateAsync("flooder");
        await tidepool.UntilAsync("flooder", WorkspaceStatus.Running);
        using var shell = new WorkspaceShell(tidepool.State, created.Id);
        await shell.StartAsync("timeout 3 yes flooding-the-console >/dev/console; printf \"\\nflooded\\n\" >/dev/console");
        await UntilLoggedAsync("flooder", line => line.Message == "flooded");

        Assert.InRange(Directory.EnumerateFiles(Path.Combine(tidepool.State, ".logs", "flooder")).Sum(file => new FileInfo(file).Length), 1, 2 * 1024 * 1024);
        Assert.Contains((await tidepool.Api.LogsAsync("flooder", 10_000)).Value!, line => line.Source == "lifecycle" && line.Message.Contains("left out", StringComparison.Ordinal));
        await tidepool.RemoveAsync("flooder");
    }

    [Fact]
    public async Task A_person_sees_the_log_while_a_workspace_is_made_and_opens_it_again_with_the_keyboard()
    {
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await page.GotoAsync(tidepool.AppUrl);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "New workspace" }).First).ToBeVisibleAsync();
        var created = await tidepool.CreateAsync("watched");
        await page.GetByRole(AriaRole.Link, new() { Name = "watched", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("#log li").First).ToContainTextAsync("Making the disk");
        await browser.ShootAsync("log-while-made");
        await Assertions.Expect(page.Locator("#log .lifecycle").Last).ToContainTextAsync("create: succeeded", new() { Timeout = 60_000 });

        await tidepool.UntilAsync("watched", WorkspaceStatus.Running);
        using var shell = new WorkspaceShell(tidepool.State, created.Id);
        await shell.RunAsync("for n in $(seq 100); do echo line-$n; done >/dev/console");
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#log-lines")).ToBeHiddenAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show the log" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#log li").Last).ToHaveTextAsync(LastLine());
        await Assertions.Expect(page.Locator("#log li").Last).ToBeInViewportAsync();
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Lines of the log" })).ToBeFocusedAsync();
        await browser.ShootAsync("log-opened");
        await tidepool.RemoveAsync("watched");
    }

    private Task UntilLoggedAsync(string name, Func<LogLineResponse, bool> isIt) => Until.TrueAsync(
        $"the log of {name} has it",
        async () => (await tidepool.Api.LogsAsync(name, 1000)).Value?.Any(isIt) == true);

    private static List<int> Numbers(IReadOnlyList<LogLineResponse> lines) =>
        [.. lines.Select(line => Told().Match(line.Message)).Where(match => match.Success).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];

    [GeneratedRegex("telling-([0-9]+)")]
    private static partial Regex Told();

    [GeneratedRegex("said-")]
    private static partial Regex CountOfSaid();

    [GeneratedRegex("line-100")]
    private static partial Regex LastLine();
}
