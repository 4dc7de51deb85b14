using System.CommandLine;
using System.Diagnostics;
using Tidepool.Cli.Commands;
using Tidepool.Host;
using Tidepool.Runtime;
using Tidepool.Testing;

namespace Tidepool.Cli.Tests.Completion;

/// <summary>The scripts as the shells themselves see them.</summary>
public sealed class CompletionTests : IDisposable
{
    /// <summary>What is typed, and the candidates in order.</summary>
    public static TheoryData<string, string> OtherShells { get; } = new()
    {
        { "tidepool st", "start status stop" },
        { "tidepool port ", "add ls rm" },
        { "tidepool stop --wa", "--wait" },
        { "tidepool --state /x sto", "stop" },
        { "tidepool up --runtime q", "qemu" },
        { "tidepool port add o", "other" },
        { "tidepool --state /elsewhere open ", "elsewhere" },
    };

    private static readonly string[] Shells = ["bash", "zsh", "fish"];
    private readonly string directory = Directory.CreateTempSubdirectory("tp-completion-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task A_shell_can_read_its_script(string shell)
    {
        Assert.SkipUnless(IsInstalled(shell), $"{shell} is not installed here.");
        Assert.Equal("", await RunAsync(shell, "-n", await WriteAsync(shell)));
    }

    [Fact]
    public async Task Every_command_and_option_is_in_every_script()
    {
        foreach (var shell in Shells)
        {
            var script = await ScriptAsync(shell);
            Assert.All(All(Line(new CapturedScreen()).Root), command =>
            {
                Assert.Contains(command.Name, script, StringComparison.Ordinal);
                Assert.All(command.Options, option => Assert.Contains(shell == "fish" ? $"-l {option.Name[2..]}" : option.Name, script, StringComparison.Ordinal));
            });
            Assert.DoesNotContain("' supervise'", script, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("tidepool st", "status start stop")]
    [InlineData("tidepool sta", "status start")]
    [InlineData("tidepool port ", "ls add rm")]
    [InlineData("tidepool port l", "ls")]
    [InlineData("tidepool stop --w", "--wait")]
    [InlineData("tidepool stop --stat", "--state")]
    [InlineData("tidepool --state /x st", "status start stop")]
    [InlineData("tidepool --state = /x st", "status start stop")]
    [InlineData("tidepool up --runtime ", "auto incus qemu tart")]
    [InlineData("tidepool up --runtime = q", "qemu")]
    [InlineData("tidepool logs --component s", "server supervisor")]
    [InlineData("tidepool completion ", "bash fish zsh")]
    [InlineData("tidepool stop ", "demo other")]
    [InlineData("tidepool port add o", "other")]
    [InlineData("tidepool port add other ", "")]
    [InlineData("tidepool --state /elsewhere stop ", "elsewhere")]
    [InlineData("tidepool new --cpus ", "")]
    [InlineData("tidepool nonsense st", "")]
    public async Task Bash_completes(string typed, string expected)
    {
        Assert.SkipUnless(IsInstalled("bash"), "bash is not installed here.");
        WriteStandIn();
        var words = string.Join(' ', Typed(typed).Split(' ').Select(word => $"'{word}'"));
        var shown = await RunAsync("bash", "-c", $$"""
            set -u
            source '{{await WriteAsync("bash")}}'
            COMP_WORDS=({{words}}) COMP_CWORD=$(({{typed.Split(' ').Length}} - 1)) COMPREPLY=()
            _tidepool
            echo "${COMPREPLY[*]-}"
            """);
        Assert.Equal(expected, shown.TrimEnd('\n'));
    }

    [Theory]
    [MemberData(nameof(OtherShells))]
    public async Task Fish_completes(string typed, string expected)
    {
        Assert.SkipUnless(IsInstalled("fish"), "fish is not installed here.");
        WriteStandIn();
        var shown = await RunAsync("fish", "--no-config", "-c", $"source '{await WriteAsync("fish")}'; complete -C '{Typed(typed)}'");
        Assert.Equal(expected, string.Join(' ', shown.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[0]).Order(StringComparer.Ordinal)));
    }

    /// <summary>With stand-ins for what zsh itself adds candidates with, as its own needs a terminal.</summary>
    [Theory]
    [MemberData(nameof(OtherShells))]
    [InlineData("tidepool nonsense st", "")]
    public async Task Zsh_completes(string typed, string expected)
    {
        Assert.SkipUnless(IsInstalled("zsh"), "zsh is not installed here.");
        WriteStandIn();
        var words = Typed(typed).Split(' ');
        var shown = await RunAsync("zsh", "-f", "-c", $$"""
            compdef() { : }
            compadd() { [[ $1 = -a ]] && print -l -- ${(P)2} || print -l -- $@ }
            _describe() { print -l -- ${${(P)@[-1]}%%:*} }
            source '{{await WriteAsync("zsh")}}'
            complete() { local -a words=({{string.Join(' ', words.Select(word => $"'{word}'"))}}); local CURRENT={{words.Length}}; _tidepool }
            complete
            """);
        Assert.Equal(expected, string.Join(' ', shown.Split('\n').Where(line => line.Length > 0 && line.StartsWith(words[^1], StringComparison.Ordinal)).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Bash_runs_nothing_that_a_server_calls_a_workspace()
    {
        Assert.SkipUnless(IsInstalled("bash"), "bash is not installed here.");
        WriteStandIn($"$(touch {directory}/owned)", "`reboot`", "demo;reboot", "fine");
        var shown = await RunAsync("bash", "-c", $"source '{await WriteAsync("bash")}'; COMP_WORDS=('{directory}/tidepool' stop ''); COMP_CWORD=2; _tidepool; echo \"${{COMPREPLY[*]}}\"");
        Assert.Equal("fine\n", shown);
        Assert.False(File.Exists(Path.Combine(directory, "owned")));
    }

    [Fact]
    public async Task Bash_completes_a_directory()
    {
        Assert.SkipUnless(IsInstalled("bash"), "bash is not installed here.");
        var own = Directory.CreateDirectory(Path.Combine(directory, "a place")).FullName;
        var shown = await RunAsync("bash", "-c", $"source '{await WriteAsync("bash")}'; COMP_WORDS=(tidepool --state '{directory}/a'); COMP_CWORD=2; _tidepool; printf '%s\\n' \"${{COMPREPLY[@]}}\"");
        Assert.Equal(own + "\n", shown);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    /// <summary>A <c>tidepool</c> that knows these workspaces, and another one in the state directory <c>/elsewhere</c>.</summary>
    private void WriteStandIn(params string[] names)
    {
        names = names.Length == 0 ? ["demo", "other"] : names;
        Executable.Write(Path.Combine(directory, "tidepool"), $"#!/bin/sh\nif [ \"$*\" = 'ls --quiet' ]; then cat <<'NAMES'\n{string.Join('\n', names)}\nNAMES\nelif [ \"$*\" = 'ls --quiet --state /elsewhere' ]; then\necho elsewhere\nfi\n");
    }

    /// <summary>With the stand-in as the program.</summary>
    private string Typed(string typed) => Path.Combine(directory, "tidepool") + typed["tidepool".Length..];

    private async Task<string> WriteAsync(string shell)
    {
        var path = Path.Combine(directory, "script." + shell);
        await File.WriteAllTextAsync(path, await ScriptAsync(shell), Token);
        return path;
    }

    private static async Task<string> ScriptAsync(string shell)
    {
        using var screen = new CapturedScreen();
        Assert.Equal(ExitCodes.Ok, await Line(screen).RunAsync(["completion", shell], new InvocationConfiguration(), Token));
        return screen.Output;
    }

    private static CommandLine Line(CapturedScreen screen) => new(new CommandContext(screen.Screen, new Programs(Repository.Root, "", "", ""), RuntimesRegistration.Runtimes, TimeProvider.System));

    private static IEnumerable<Command> All(Command command) => command.Subcommands.Where(below => !below.Hidden).SelectMany(All).Prepend(command).Where(any => any is not RootCommand);

    private static bool IsInstalled(string shell) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(path => File.Exists(Path.Combine(path, shell)));

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var error = process.StandardError.ReadToEndAsync(Token);
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return output + await error;
    }
}
