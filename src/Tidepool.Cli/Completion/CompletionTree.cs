using System.CommandLine;
using System.CommandLine.Completions;
using Tidepool.Cli.Commands;

namespace Tidepool.Cli.Completion;

/// <summary>What the shell may complete after one command. All of it is read from the command tree, so it never falls behind.</summary>
/// <param name="Place">The command with those above it, each after a blank: <c>" port ls"</c>; empty for <c>tidepool</c> alone.</param>
/// <param name="Commands">The commands below it.</param>
/// <param name="Options">Its own options, and those of the commands above it that hold for it.</param>
/// <param name="Arguments">What its arguments take, in their order.</param>
internal sealed record CompletionPlace(
    string Place, IReadOnlyList<CompletionCommand> Commands, IReadOnlyList<CompletionOption> Options, IReadOnlyList<CompletionValues> Arguments)
{
    public static IReadOnlyList<CompletionPlace> All(RootCommand root) => [.. Below(root, "", [])];

    private static IEnumerable<CompletionPlace> Below(Command command, string place, IReadOnlyList<Option> inherited)
    {
        var commands = command.Subcommands.Where(below => !below.Hidden).ToList();
        var options = command.Options.Concat(inherited).Where(option => !option.Hidden).ToList();
        yield return new CompletionPlace(
            place,
            [.. commands.Select(below => new CompletionCommand(below.Name, below.Description ?? ""))],
            [.. options.Select(CompletionOption.Of)],
            [.. command.Arguments.Select(argument => new CompletionValues(Words(argument), argument is WorkspaceArgument, IsDirectory: false))]);
        var recursive = options.Where(option => option.Recursive).ToList();
        foreach (var next in commands.SelectMany(below => Below(below, $"{place} {below.Name}", recursive)))
        {
            yield return next;
        }
    }

    internal static IReadOnlyList<string> Words(Symbol symbol) => [.. symbol.GetCompletions(CompletionContext.Empty).Select(item => item.Label)];
}

/// <summary>A command to offer.</summary>
internal sealed record CompletionCommand(string Name, string Description);

/// <summary>An option to offer.</summary>
/// <param name="Names">Its name and its aliases.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Values">What its value may be; null where it takes none.</param>
internal sealed record CompletionOption(IReadOnlyList<string> Names, string Description, CompletionValues? Values)
{
    private const string DirectoryHelpName = "DIR";

    public static CompletionOption Of(Option option) => new(
        [.. option.Aliases.Prepend(option.Name).Where(name => name is ['-', _, ..] && name.TrimStart('-').All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))],
        option.Description ?? "",
        option.Arity.MaximumNumberOfValues == 0 ? null : new CompletionValues(CompletionPlace.Words(option), IsWorkspace: false, option.HelpName == DirectoryHelpName));
}

/// <summary>What may stand for a value: some words, the name of a workspace, or a directory; anything else is left to the user.</summary>
internal sealed record CompletionValues(IReadOnlyList<string> Words, bool IsWorkspace, bool IsDirectory);
