using System.CommandLine;
using System.CommandLine.Parsing;

namespace Tidepool.Cli.Commands;

/// <summary>
/// What is wrong with a call, in plain words and with what was probably meant. The library's own suggestions compare every word that is
/// left over, values and names too, and so propose `rm` for the name `demo`.
/// </summary>
internal static class UsageErrors
{
    private const int MostSuggestions = 3;

    /// <summary>Each fault in a sentence; none where the call can be carried out.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        if (parsed.Action is { ClearsParseErrors: true })
        {
            // A user who asks for help may have typed anything before.
            return [];
        }

        var command = parsed.CommandResult;
        if (Unknown(parsed) is { } word)
        {
            // The command's other faults follow from the unknown word; those of options and arguments do not.
            return [.. parsed.Errors.Where(error => error.SymbolResult is OptionResult or ArgumentResult).Select(error => error.Message), Sentence(command, word)];
        }

        return parsed.Errors.Count > 0 && command.Command is { Action: null, Subcommands.Count: > 0 }
            ? [$"Name a command of `{Path(command)}`: {Or(Commands(command.Command))}."]
            : [.. parsed.Errors.Select(error => error.Message).Distinct()];
    }

    /// <summary>The first word that is not understood. The library takes an unknown option for an argument where one is missing.</summary>
    private static string? Unknown(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value).FirstOrDefault(IsOption)
        ?? (parsed.UnmatchedTokens is [var first, ..] ? first : null);

    private static string Sentence(CommandResult command, string word)
    {
        var fault = IsOption(word) ? $"`{Path(command)}` has no option '{word}'."
            : command.Command.Subcommands.Count > 0 ? $"`{Path(command)}` has no command '{word}'."
            : $"`{Path(command)}` does not take '{word}'.";
        var meant = Near(word, IsOption(word) ? Options(command) : Commands(command.Command));
        return meant.Count == 0 ? fault : $"{fault} Did you mean {Or(meant.Select(name => $"`{name}`"))}?";
    }

    private static bool IsOption(string word) => word is ['-', _, ..];

    private static IEnumerable<string> Commands(Command command) => command.Subcommands.Where(below => !below.Hidden).Select(below => below.Name);

    private static IEnumerable<string> Options(CommandResult command)
    {
        var own = command.Command.Options.AsEnumerable();
        for (var above = command.Parent as CommandResult; above is not null; above = above.Parent as CommandResult)
        {
            own = own.Concat(above.Command.Options.Where(option => option.Recursive));
        }

        return own.Where(option => !option.Hidden).Select(option => option.Name);
    }

    private static string Path(CommandResult command) => command.Parent is CommandResult above ? $"{Path(above)} {command.Command.Name}" : "tidepool";

    private static string Or(IEnumerable<string> names)
    {
        var all = names.ToList();
        return all.Count == 1 ? all[0] : $"{string.Join(", ", all.SkipLast(1))} or {all[^1]}";
    }

    /// <summary>The names that the word most probably stands for: the nearest ones, of which at least half the letters fit.</summary>
    private static List<string> Near(string word, IEnumerable<string> names)
    {
        var bare = word.TrimStart('-').ToLowerInvariant();
        var near = names.Select(name => (Name: name, Distance: Distance(bare, name.TrimStart('-'))))
            .Where(found => found.Distance * 2 <= Math.Max(bare.Length, found.Name.TrimStart('-').Length))
            .ToList();
        var least = near.Count == 0 ? 0 : near.Min(found => found.Distance);
        return [.. near.Where(found => found.Distance == least).Select(found => found.Name).Take(MostSuggestions)];
    }

    /// <summary>How many letters to add, to remove, to change or to swap; beginnings of a name are as near as one letter.</summary>
    private static int Distance(string word, string name)
    {
        if (word.Length > 1 && name.StartsWith(word, StringComparison.Ordinal))
        {
            return 1;
        }

        var costs = new int[word.Length + 1, name.Length + 1];
        for (var w = 0; w <= word.Length; w++)
        {
            for (var n = 0; n <= name.Length; n++)
            {
                costs[w, n] = w == 0 || n == 0 ? w + n
                    : Math.Min(Math.Min(costs[w - 1, n], costs[w, n - 1]) + 1, costs[w - 1, n - 1] + (word[w - 1] == name[n - 1] ? 0 : 1));
                if (w > 1 && n > 1 && word[w - 1] == name[n - 2] && word[w - 2] == name[n - 1])
                {
                    costs[w, n] = Math.Min(costs[w, n], costs[w - 2, n - 2] + 1);
                }
            }
        }

        return costs[word.Length, name.Length];
    }
}
