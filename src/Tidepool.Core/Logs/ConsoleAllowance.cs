using System.Text.Json;

namespace Tidepool.Core.Logs;

/// <summary>
/// What a console may put into its log: much at once, as a boot does, and little in the long run, so that a guest that floods its
/// console costs little and does not push everything else out of the log within minutes.
/// </summary>
internal sealed class ConsoleAllowance(TimeProvider time)
{
    private const double AtOnce = 256 * 1024;
    private const double PerSecond = 4 * 1024;

    /// <summary>What a line costs besides its text.</summary>
    private const int LineCost = 96;

    private double left = AtOnce;
    private long last = time.GetTimestamp();

    /// <summary>Of these lines the newest that there is room for.</summary>
    public List<string> Newest(List<string> lines)
    {
        left = Math.Min(AtOnce, left + (time.GetElapsedTime(last).TotalSeconds * PerSecond));
        last = time.GetTimestamp();
        var from = lines.Count;
        while (from > 0 && CostOf(lines[from - 1]) is var cost && cost <= left)
        {
            from--;
            left -= cost;
        }

        return lines[from..];
    }

    /// <summary>What it takes in the file, where a control character is six.</summary>
    private static int CostOf(string line) => JsonEncodedText.Encode(line).EncodedUtf8Bytes.Length + LineCost;
}
