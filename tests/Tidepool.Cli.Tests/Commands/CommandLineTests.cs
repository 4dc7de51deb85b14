using System.CommandLine;
using Tidepool.Cli.Commands;
using Tidepool.Host;
using Tidepool.Host.Runtimes;
using Tidepool.Runtime;
using Tidepool.Testing;

namespace Tidepool.Cli.Tests.Commands;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryState state = new();

    [Fact]
    public async Task Help_lists_every_command_a_person_has_use_for()
    {
        var (exit, screen) = await RunAsync("--help");

        Assert.Equal(ExitCodes.Ok, exit);
        Assert.Equal(
            ["up", "down", "uninstall", "status", "doctor", "ls", "new", "clone", "start", "stop", "rm", "open", "port", "capacity", "activity", "logs", "image", "password", "service", "setup", "completion"],
            screen.Output[screen.Output.IndexOf("Commands:", StringComparison.Ordinal)..].Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(l => l.Trim().Split(' ')[0]));
    }

    [Fact]
    public async Task Without_a_command_it_shows_the_help()
    {
        var (exit, screen) = await RunAsync();
        Assert.Equal(ExitCodes.Ok, exit);
        Assert.Contains("Usage:", screen.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ups")]
    [InlineData("new")]
    [InlineData("up", "--port", "http")]
    [InlineData("up", "--runtime", "docker")]
    [InlineData("stop", "demo", "--make-room")]
    [InlineData("logs", "--component", "kernel")]
    public async Task A_wrong_call_is_distinguished_from_a_failure(params string[] arguments)
    {
        var (exit, screen) = await RunAsync(arguments);
        Assert.Equal(ExitCodes.Usage, exit);
        Assert.Contains("--help", screen.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("`tidepool` has no command 'sart'. Did you mean `start`?", "sart", "demo")]
    [InlineData("`tidepool` has no command 'list'. Did you mean `ls`?", "list")]
    [InlineData("`tidepool` has no command 'sto'. Did you mean `stop`?", "sto", "demo")]
    [InlineData("`tidepool` has no command 'zzzzzz'.", "zzzzzz")]
    [InlineData("`tidepool port` has no command 'lst'. Did you mean `ls`?", "port", "lst", "demo")]
    [InlineData("`tidepool new` has no option '--cpu'. Did you mean `--cpus`?", "new", "demo", "--cpu", "3")]
    [InlineData("`tidepool new` has no option '--memroy'. Did you mean `--memory`?", "new", "--memroy", "3", "demo")]
    [InlineData("`tidepool stop` has no option '--stat'. Did you mean `--state`?", "stop", "--stat", "/tmp")]
    [InlineData("`tidepool stop` has no option '-x'.", "stop", "-x", "demo")]
    [InlineData("`tidepool stop` does not take 'two'.", "stop", "one", "two")]
    [InlineData("Name a command of `tidepool port`: ls, add or rm.", "port")]
    public async Task What_was_probably_meant_is_said(string expected, params string[] arguments)
    {
        var (exit, screen) = await RunAsync(arguments);
        Assert.Equal(ExitCodes.Usage, exit);
        Assert.Equal(expected, screen.Error.Split('\n')[0]);
        Assert.StartsWith("`tidepool --help` lists", screen.Error.Split('\n')[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("new", "--help")]
    [InlineData("new", "--memroy", "--help")]
    [InlineData("stop", "one", "two", "--help")]
    [InlineData("port", "--help")]
    public async Task Help_is_shown_whatever_else_was_typed(params string[] arguments)
    {
        var (exit, screen) = await RunAsync(arguments);
        Assert.Equal(ExitCodes.Ok, exit);
        Assert.Contains("Usage:", screen.Output, StringComparison.Ordinal);
        Assert.Equal("", screen.Error);
    }

    [Theory]
    [InlineData("--cpus takes a whole number, at least 1; 'x' was given.", "new", "demo", "--cpus", "x")]
    [InlineData("--cpus takes a whole number, at least 1; '0' was given.", "new", "demo", "--cpus", "0")]
    [InlineData("--cpus takes a whole number, at least 1; '2.0' was given.", "new", "demo", "--cpus", "2.0")]
    [InlineData("--memory takes a size, for example 4G, 4GiB, 512M, 512MiB or a number of MiB; '4X' was given.", "new", "demo", "--memory", "4X")]
    [InlineData("--workspace-memory takes a size, for example 4G, 4GiB, 512M, 512MiB or a number of MiB; '-1' was given.", "up", "--workspace-memory", "-1")]
    [InlineData("--pool-size takes a size in whole GiB, for example 40G, 40GiB or a number of GiB; '512M' was given.", "up", "--pool-size", "512M")]
    [InlineData("--cpu-oversubscription takes a number from 0.1 to 1000; '0' was given.", "up", "--cpu-oversubscription", "0")]
    [InlineData("--cpu-oversubscription takes a number from 0.1 to 1000; 'NaN' was given.", "up", "--cpu-oversubscription", "NaN")]
    [InlineData("--port takes a whole number from 1 to 65535; 'http' was given.", "up", "--port", "http")]
    [InlineData("--tail takes a whole number from 1 to 10000; 'all' was given.", "logs", "demo", "-n", "all")]
    [InlineData("--limit takes a whole number, at least 1; '0' was given.", "activity", "--limit", "0")]
    [InlineData("PORT takes a whole number from 1024 to 65535; '80' was given.", "port", "add", "demo", "80")]
    [InlineData("--runtime takes auto, incus, qemu or tart; 'docker' was given.", "up", "--runtime", "docker")]
    [InlineData("SHELL takes bash, zsh or fish; 'csh' was given.", "completion", "csh")]
    public async Task A_bad_value_is_reported_with_what_is_accepted(string expected, params string[] arguments)
    {
        var (exit, screen) = await RunAsync(arguments);
        Assert.Equal(ExitCodes.Usage, exit);
        Assert.Equal(expected, screen.Error.Split('\n')[0]);
    }

    [Fact]
    public async Task No_message_about_any_value_has_a_name_of_a_type()
    {
        foreach (var (command, option) in Options(Line(new CapturedScreen()).Root, []))
        {
            foreach (var given in new[] { $"{option.Name}=?", option.Name })
            {
                var (_, screen) = await RunAsync([.. command, "--no-such-option", given]);
                Assert.DoesNotContain("System.", screen.Error, StringComparison.Ordinal);
                Assert.DoesNotContain("\n\n", screen.Error, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_switch_takes_no_value()
    {
        var (exit, screen) = await RunAsync("ls", "--json=maybe");
        Assert.Equal(ExitCodes.Usage, exit);
        Assert.StartsWith("`tidepool ls` does not take 'maybe'.\n", screen.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ls")]
    [InlineData("capacity")]
    [InlineData("start", "demo", "--make-room")]
    [InlineData("status")]
    [InlineData("new", "demo")]
    [InlineData("stop", "demo")]
    [InlineData("rm", "demo", "--yes")]
    [InlineData("image", "ls")]
    public async Task Without_a_server_it_says_how_to_start_one(params string[] arguments)
    {
        Assert.SkipUnless(Environment.UserName == "root", "These commands need root.");
        var (exit, screen) = await RunAsync([.. arguments, "--state", state.Directory.Root]);

        Assert.Equal(ExitCodes.NotRunning, exit);
        Assert.Equal("Tidepool is not running; start it with `tidepool up`.\n", screen.Error);
    }

    [Fact]
    public async Task Down_and_uninstall_of_nothing_succeed()
    {
        Assert.SkipUnless(Environment.UserName == "root", "These commands need root.");
        var nowhere = Path.Combine(state.Directory.Root, "nowhere");
        Assert.Equal(ExitCodes.Ok, (await RunAsync("down", "--state", nowhere)).Exit);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("uninstall", "--yes", "--state", nowhere)).Exit);
        Assert.False(Directory.Exists(nowhere));
    }

    [Fact]
    public async Task Uninstall_removes_nothing_until_the_word_is_typed()
    {
        Assert.SkipUnless(Environment.UserName == "root", "These commands need root.");
        var (exit, screen) = await RunAsync(["uninstall", "--state", state.Directory.Root], input: "yes\n");

        Assert.Equal(ExitCodes.Failed, exit);
        Assert.Contains(state.Directory.Root, screen.Output, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was removed.\n", screen.Output, StringComparison.Ordinal);
        Assert.True(Directory.Exists(state.Directory.Root));
    }

    [Fact]
    public async Task A_password_is_taken_from_the_standard_input_and_not_shown()
    {
        Assert.SkipUnless(Environment.UserName == "root", "These commands need root.");
        var (exit, screen) = await RunAsync(["password", "--stdin", "--state", state.Directory.Root], input: "correct-horse-battery\n");

        Assert.Equal(ExitCodes.Ok, exit);
        Assert.DoesNotContain("correct-horse-battery", screen.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(state.Directory.Auth));
    }

    public void Dispose() => state.Dispose();

    private static IEnumerable<(string[] Command, Option Option)> Options(Command command, string[] path) =>
        command.Options.Select(option => (path, option)).Concat(command.Subcommands.SelectMany(below => Options(below, [.. path, below.Name])));

    private static Task<(int Exit, CapturedScreen Screen)> RunAsync(params string[] arguments) => RunAsync(arguments, "");

    private static async Task<(int Exit, CapturedScreen Screen)> RunAsync(string[] arguments, string input)
    {
        var screen = new CapturedScreen(input);
        var exit = await Line(screen).RunAsync(arguments, new InvocationConfiguration { Output = screen.Writer, Error = screen.Writer }, CancellationToken.None);
        return (exit, screen);
    }

    [Fact]
    public void A_runtime_is_offered_as_soon_as_it_is_in_the_catalog()
    {
        using var screen = new CapturedScreen();
        RuntimeCatalog runtimes = new([.. RuntimesRegistration.Runtimes.All, new ToyDescriptor()]);
        var line = new CommandLine(new CommandContext(screen.Screen, new Programs(Repository.Root, "", "", ""), runtimes, TimeProvider.System));
        Assert.Empty(line.Root.Parse(["up", "--runtime", "toy"]).Errors);
        Assert.Empty(line.Root.Parse(["logs", "--component", "toyd"]).Errors);
    }

    private static CommandLine Line(CapturedScreen screen) => new(new CommandContext(screen.Screen, new Programs(Repository.Root, "", "", ""), RuntimesRegistration.Runtimes, TimeProvider.System));
}
