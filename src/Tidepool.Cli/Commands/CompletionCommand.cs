using System.CommandLine;
using Tidepool.Cli.Completion;
using Tidepool.Host;

namespace Tidepool.Cli.Commands;

internal static class CompletionCommand
{
    private const string Bash = "bash";
    private const string Zsh = "zsh";
    private const string Fish = "fish";

    public static Command Create(CommandLine line)
    {
        var shell = new Argument<string>("SHELL") { Description = $"{Bash}, {Zsh} or {Fish}." };
        Values.AcceptOnly(shell, [Bash, Zsh, Fish]);
        var command = new Command("completion", "Print a script that has your shell complete commands, options and names. Its first lines say how to load it.") { shell };
        command.SetAction(parsed =>
        {
            var places = CompletionPlace.All(line.Root);
            line.Screen.Line(parsed.GetValue(shell) switch
            {
                Bash => BashCompletion.Script(places),
                Zsh => ZshCompletion.Script(places),
                _ => FishCompletion.Script(places),
            });
            return ExitCodes.Ok;
        });
        return command;
    }
}
