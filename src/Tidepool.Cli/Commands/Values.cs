using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Tidepool.Host;

namespace Tidepool.Cli.Commands;

/// <summary>
/// How the values of options and arguments are read. A value that cannot be read is an error that names the option, what it takes and
/// what was given.
/// </summary>
internal static class Values
{
    private delegate bool Reader<T>(string text, out T value);

    /// <summary>An option that takes a whole number.</summary>
    public static Option<int?> Number(string name, int min, int max = int.MaxValue) => Option(name, TakesFrom(min, max), Whole(min, max));

    /// <summary>An option that takes a whole number and has a value when it is not given.</summary>
    public static Option<int> Number(string name, string alias, int otherwise, int min, int max = int.MaxValue)
    {
        var read = Parser(TakesFrom(min, max), Whole(min, max));
        return new Option<int>(name, alias) { CustomParser = result => read(result) ?? otherwise, DefaultValueFactory = _ => otherwise };
    }

    /// <summary>An argument that must be given and is a whole number.</summary>
    public static Argument<int> NumberArgument(string name, int min, int max)
    {
        var read = Parser(TakesFrom(min, max), Whole(min, max));
        return new Argument<int>(name) { CustomParser = result => read(result) ?? min };
    }

    /// <summary>An option that takes a number, with a fraction or without.</summary>
    public static Option<double?> Fraction(string name, double min, double max) =>
        Option(name, FormattableString.Invariant($"a number from {min} to {max}"), (string text, out double value) => TryNumber(text, NumberStyles.AllowDecimalPoint, min, max, out value));

    /// <summary>An option that takes a size in memory; its value is in MiB.</summary>
    public static Option<int?> Size(string name) => Option<int>(name, "a size, for example 4G, 4GiB, 512M, 512MiB or a number of MiB", Amounts.TryParseMiB);

    /// <summary>An option that takes a size in whole GiB; its value is in GiB.</summary>
    public static Option<int?> WholeGiB(string name) => Option<int>(name, "a size in whole GiB, for example 40G, 40GiB or a number of GiB", Amounts.TryParseGiB);

    /// <summary>Lets an option take these words alone, and offers them for completion.</summary>
    public static void AcceptOnly(Option option, IReadOnlyList<string> words)
    {
        option.CompletionSources.Add([.. words]);
        option.Validators.Add(result => Check(result, result.Tokens, option.Name, words));
    }

    /// <summary>Lets an argument take these words alone, and offers them for completion.</summary>
    public static void AcceptOnly(Argument argument, IReadOnlyList<string> words)
    {
        argument.CompletionSources.Add([.. words]);
        argument.Validators.Add(result => Check(result, result.Tokens, argument.Name, words));
    }

    private static void Check(SymbolResult result, IEnumerable<Token> tokens, string name, IReadOnlyList<string> words)
    {
        foreach (var token in tokens.Where(token => !words.Contains(token.Value)))
        {
            result.AddError(Message(name, $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}", token.Value));
        }
    }

    private static Option<T?> Option<T>(string name, string takes, Reader<T> read)
        where T : struct => new(name) { CustomParser = Parser(takes, read) };

    private static Func<ArgumentResult, T?> Parser<T>(string takes, Reader<T> read)
        where T : struct => result =>
    {
        var given = result.Tokens[^1].Value;
        if (read(given, out var value))
        {
            return value;
        }

        result.AddError(Message(result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name, takes, given));
        return null;
    };

    private static string Message(string name, string takes, string given) => $"{name} takes {takes}; '{given}' was given.";

    private static string TakesFrom(int min, int max) => max == int.MaxValue ? $"a whole number, at least {min}" : $"a whole number from {min} to {max}";

    private static Reader<int> Whole(int min, int max) => (string text, out int value) => TryNumber(text, NumberStyles.None, min, max, out value);

    private static bool TryNumber<T>(string text, NumberStyles style, T min, T max, out T value)
        where T : INumber<T> => T.TryParse(text, style, CultureInfo.InvariantCulture, out value!) && value >= min && value <= max;
}
