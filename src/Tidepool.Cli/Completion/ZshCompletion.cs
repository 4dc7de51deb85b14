using System.Text;

namespace Tidepool.Cli.Completion;

/// <summary>Completion for zsh, to be sourced or to be put into its function path as <c>_tidepool</c>.</summary>
internal static class ZshCompletion
{
    private const string Rest = """
        # Adds the names of the workspaces.
        _tidepool_workspaces() {
          local -a names
          names=(${(f)"$($words[1] ls --quiet ${directory:+--state} ${directory:+$directory} 2>/dev/null | grep -x '[a-z0-9-]*')"})
          compadd -a names
        }

        _tidepool() {
          local at word place='' pending='' directory='' given=0
          local -a verbs flags valued
          _tidepool_place ''
          for ((at = 2; at < CURRENT; at++)); do
            word=$words[at]
            if [[ -n $pending ]]; then
              [[ $pending != --state ]] || directory=$word
              pending=''
            elif [[ " $valued " == *" $word "* ]]; then
              pending=$word
            elif [[ $word == -* ]]; then
              continue
            elif ((given == 0 && ${verbs[(I)${(b)word}:*]})); then
              place+=" $word"
              _tidepool_place "$place"
            else
              ((++given))
            fi
          done

          if [[ -n $pending ]]; then
            _tidepool_values "$place $pending"
          elif [[ $words[CURRENT] == -* ]]; then
            _describe -o option flags
          else
            ((given > 0 || $#verbs == 0)) || _describe command verbs
            _tidepool_values "$place $given"
          fi
        }

        if [[ $funcstack[1] == _tidepool ]]; then
          _tidepool "$@"
        else
          compdef _tidepool tidepool
        fi
        """;

    public static string Script(IReadOnlyList<CompletionPlace> places)
    {
        var script = new StringBuilder("""
            #compdef tidepool
            # zsh completion for tidepool. Load it after compinit with: source <(tidepool completion zsh)

            # Sets the commands and the options of a place in the command line, and which of these options take a value.
            _tidepool_place() {
              verbs=() flags=() valued=()
              case $1 in

            """);
        foreach (var place in places)
        {
            var verbs = string.Join(' ', place.Commands.Select(command => Quote($"{command.Name}:{command.Description}")));
            var flags = string.Join(' ', place.Options.SelectMany(option => option.Names.Select(name => Quote($"{name}:{option.Description}"))));
            var valued = string.Join(' ', place.Options.Where(option => option.Values is not null).SelectMany(option => option.Names));
            script.Append($"    '{place.Place}') verbs=({verbs}) flags=({flags}) valued=({valued}) ;;\n");
        }

        script.Append("""
              esac
            }

            # Adds what an option or an argument takes.
            _tidepool_values() {
              case $1 in

            """);
        foreach (var (which, values) in places.SelectMany(ShellValues.Of))
        {
            var add = values switch
            {
                { IsWorkspace: true } => "_tidepool_workspaces",
                { IsDirectory: true } => "_directories",
                _ => $"compadd {string.Join(' ', values.Words)}",
            };
            script.Append($"    {string.Join(" | ", which.Select(key => $"'{key}'"))}) {add} ;;\n");
        }

        return script.Append("  esac\n}\n\n").Append(Rest).ToString();
    }

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
