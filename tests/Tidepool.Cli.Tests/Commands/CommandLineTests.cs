using System.CommandLine;
using Tidepool.Cli.Commands;

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
            ["up", "down", "uninstall", "status", "doctor", "ls", "new", "clone", "start", "stop", "rm", "open", "port", "capacity", "activity", "logs", "image", "password", "service", "setup"],
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
    public async Task A_wrong_call_is_told_from_a_failure(params string[] arguments)
    {
        var (exit, screen) = await RunAsync(arguments);
        Assert.Equal(ExitCodes.Usage, exit);
        Assert.Contains("--help", screen.Error, StringComparison.Ordinal);
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

    private static Task<(int Exit, CapturedScreen Screen)> RunAsync(params string[] arguments) => RunAsync(arguments, "");

    private static async Task<(int Exit, CapturedScreen Screen)> RunAsync(string[] arguments, string input)
    {
        var screen = new CapturedScreen(input);
        var line = new CommandLine(new Surroundings(screen.Screen, new Programs(Repository.Root, "", "", ""), TimeProvider.System));
        var exit = await line.RunAsync(arguments, new InvocationConfiguration { Output = screen.Writer, Error = screen.Writer }, CancellationToken.None);
        return (exit, screen);
    }
}
