namespace Tidepool.Cli.Completion;

/// <summary>The values of a place, each with the keys by which a script asks for it: <c>" up --runtime"</c>, or for the first argument <c>" start 0"</c>.</summary>
internal static class ShellValues
{
    public static IEnumerable<(IReadOnlyList<string> Keys, CompletionValues Values)> Of(CompletionPlace place)
    {
        var options = place.Options.Where(option => option.Values is not null)
            .Select(option => ((IReadOnlyList<string>)[.. option.Names.Select(name => $"{place.Place} {name}")], option.Values!));
        var arguments = place.Arguments.Select((values, at) => ((IReadOnlyList<string>)[$"{place.Place} {at}"], values));
        return options.Concat(arguments).Where(found => found.Item2 is { IsWorkspace: true } or { IsDirectory: true } or { Words.Count: > 0 });
    }
}
