using System.Text;

namespace Tidepool.Cli.Completion;

/// <summary>Completion for fish.</summary>
internal static class FishCompletion
{
    private const string Rest = """
        # Prints the names of the workspaces, one a line.
        function __tidepool_workspaces
            set -l words (commandline -opc)
            set -l state
            if set -l at (contains -i -- --state $words)
                set state --state $words[(math $at + 1)]
            end
            $words[1] ls --quiet $state 2>/dev/null | string match -r '^[a-z0-9-]+$'
        end

        # Succeeds where the cursor is after that command.
        function __tidepool_at
            set -l words (commandline -opc)
            set -e words[1]
            set -l place ''
            set -l pending 0
            for word in $words
                if test $pending = 1
                    set pending 0
                else if contains -- "$place $word" $__tidepool_valued
                    set pending 1
                else if contains -- "$place $word" $__tidepool_places
                    set place "$place $word"
                end
            end
            test "$place" = "$argv[1]"
        end

        complete -c tidepool -f

        """;

    public static string Script(IReadOnlyList<CompletionPlace> places)
    {
        var script = new StringBuilder("# fish completion for tidepool. Load it with: tidepool completion fish | source\n\n");
        script.Append($"set -g __tidepool_places {string.Join(' ', places.Where(place => place.Place.Length > 0).Select(place => $"'{place.Place}'"))}\n");
        script.Append($"set -g __tidepool_valued {string.Join(' ', places.SelectMany(place => place.Options.Where(option => option.Values is not null).SelectMany(option => option.Names.Select(name => $"'{place.Place} {name}'"))))}\n\n");
        script.Append(Rest);
        foreach (var place in places)
        {
            var start = $"complete -c tidepool -n '__tidepool_at \"{place.Place}\"'";
            foreach (var command in place.Commands)
            {
                script.Append($"{start} -a {command.Name} -d {Quote(command.Description)}\n");
            }

            foreach (var option in place.Options)
            {
                var names = string.Join(' ', option.Names.Select(name => name.StartsWith("--", StringComparison.Ordinal) ? $"-l {name[2..]}" : $"-s {name[1..]}"));
                script.Append($"{start} {names}{(option.Values is { } values ? " -x" + Offered(values) : "")} -d {Quote(option.Description)}\n");
            }

            foreach (var offered in place.Arguments.Select(Offered).Where(offered => offered.Length > 0))
            {
                script.Append($"{start}{offered}\n");
            }
        }

        return script.ToString().TrimEnd('\n');
    }

    private static string Offered(CompletionValues values) => values switch
    {
        { IsWorkspace: true } => " -a '(__tidepool_workspaces)'",
        { IsDirectory: true } => " -a '(__fish_complete_directories)'",
        { Words.Count: > 0 } => $" -a '{string.Join(' ', values.Words)}'",
        _ => "",
    };

    private static string Quote(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
