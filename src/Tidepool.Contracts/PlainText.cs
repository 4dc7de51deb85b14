using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tidepool.Contracts;

/// <summary>What a guest wrote, made fit to be shown: it may hold orders to a terminal, and signs that turn a text's direction.</summary>
public static partial class PlainText
{
    /// <summary>One line without orders for colours, titles and the like; any other control character is written out.</summary>
    public static string Of(string line)
    {
        var text = EscapeSequence().Replace(line, "");
        if (!text.Any(IsControl))
        {
            return text;
        }

        var plain = new StringBuilder();
        foreach (var c in text)
        {
            plain.Append(c switch
            {
                '\t' or '\r' or '\n' => ' ',
                _ when IsControl(c) => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        return plain.ToString().TrimEnd();
    }

    private static bool IsControl(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    /// <summary>ESC and what belongs to it: with [ up to a letter, with ] and its like up to BEL or ST, else one character.</summary>
    [GeneratedRegex(@"(\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\x9c]*(\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-Z\\^-~]", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex EscapeSequence();
}
