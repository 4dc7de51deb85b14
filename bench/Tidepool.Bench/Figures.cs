using System.Text.Json;

namespace Tidepool.Bench;

/// <summary>
/// What a benchmark found, by name, for bench/all. Of these only the ratios can be compared with another run: absolute figures are one
/// machine's at one moment.
/// </summary>
internal sealed class Figures
{
    private readonly SortedDictionary<string, double> ratios = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, double> absolute = new(StringComparer.Ordinal);

    public void Ratio(string name, double value) => ratios[name] = Math.Round(value, 3);

    /// <summary>The unit is the end of the name, for example <c>-ms</c>.</summary>
    public void Absolute(string name, double value) => absolute[name] = Math.Round(value, 3);

    /// <summary>Writes them as JSON where bench/all asked for that by a file's name in the environment.</summary>
    public void Write()
    {
        if (Environment.GetEnvironmentVariable("TIDEPOOL_BENCH_FIGURES") is { Length: > 0 } path)
        {
            File.WriteAllText(path, JsonSerializer.Serialize(new { ratios, absolute }));
        }
    }
}
