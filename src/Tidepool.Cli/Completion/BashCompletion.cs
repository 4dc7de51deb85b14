using System.Text;

namespace Tidepool.Cli.Completion;

/// <summary>Completion for bash, without anything of the package bash-completion.</summary>
internal static class BashCompletion
{
    // No `compgen -W`: it would run what stands in a word, and the names of workspaces come from the server.
    private const string Rest = """
        # Prints the names of the workspaces, one a line.
        _tidepool_workspaces() {
          "${COMP_WORDS[0]}" ls --quiet ${directory:+--state "$directory"} 2>/dev/null | grep -x '[a-z0-9-]*'
        }

        _tidepool() {
          local at word current=${COMP_WORDS[COMP_CWORD]} place='' pending='' directory='' given=0 commands options valued words
          [ "$current" != = ] || current=''
          _tidepool_place ''
          for ((at = 1; at < COMP_CWORD; at++)); do
            word=${COMP_WORDS[at]}
            if [ "$word" = = ]; then
              # Bash makes three words of --option=value.
              continue
            elif [ -n "$pending" ]; then
              [ "$pending" != --state ] || directory=$word
              pending=''
            elif [[ " $valued " == *" $word "* ]]; then
              pending=$word
            elif [[ $word == -* ]]; then
              continue
            elif [ "$given" = 0 ] && [[ " $commands " == *" $word "* ]]; then
              place+=" $word"
              _tidepool_place "$place"
            else
              given=$((given + 1))
            fi
          done

          if [ -n "$pending" ]; then
            words=$(_tidepool_values "$place $pending")
          elif [[ $current == -* ]]; then
            words=${options// /$'\n'}
          else
            words=$(_tidepool_values "$place $given")
            [ "$given" != 0 ] || words=${commands// /$'\n'}$'\n'$words
          fi
          COMPREPLY=()
          while IFS= read -r word; do
            [[ -z $word || $word != "$current"* ]] || COMPREPLY+=("$word")
          done <<<"$words"
        }

        complete -F _tidepool tidepool
        """;

    public static string Script(IReadOnlyList<CompletionPlace> places)
    {
        var script = new StringBuilder("""
            # bash completion for tidepool. Load it with: source <(tidepool completion bash)

            # Sets the commands and the options of a place in the command line, and which of these options take a value.
            _tidepool_place() {
              commands='' options='' valued=''
              case $1 in

            """);
        foreach (var place in places)
        {
            var commands = string.Join(' ', place.Commands.Select(command => command.Name));
            var options = string.Join(' ', place.Options.SelectMany(option => option.Names));
            var valued = string.Join(' ', place.Options.Where(option => option.Values is not null).SelectMany(option => option.Names));
            script.Append($"    '{place.Place}') commands='{commands}' options='{options}' valued='{valued}' ;;\n");
        }

        script.Append("""
              esac
            }

            # Prints what an option or an argument takes, one a line.
            _tidepool_values() {
              case $1 in

            """);
        foreach (var (which, values) in places.SelectMany(ShellValues.Of))
        {
            var print = values switch
            {
                { IsWorkspace: true } => "_tidepool_workspaces",
                { IsDirectory: true } => "compopt -o filenames 2>/dev/null; compgen -d -- \"$current\"",
                _ => $"printf '%s\\n' {string.Join(' ', values.Words)}",
            };
            script.Append($"    {string.Join(" | ", which.Select(key => $"'{key}'"))}) {print} ;;\n");
        }

        return script.Append("  esac\n}\n\n").Append(Rest).ToString();
    }
}
