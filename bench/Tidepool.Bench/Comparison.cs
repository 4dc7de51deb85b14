using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tidepool.Bench;

/// <summary>Puts the figures of all benchmarks of a run together, and compares its ratios with those of the run that was stored.</summary>
internal static class Comparison
{
    /// <summary>A ratio that grew by more than this counts as worse; less is this machine's noise.</summary>
    private const double Tolerance = 1.15;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Also writes <c>all.json</c>. True if no ratio is worse than the stored one.</summary>
    public static bool Run(string directory, string stored)
    {
        var (ratios, absolute) = (new JsonObject(), new JsonObject());
        foreach (var path in Directory.EnumerateFiles(directory, "*.json").Where(path => Path.GetFileName(path) != "all.json").Order(StringComparer.Ordinal))
        {
            var figures = JsonNode.Parse(File.ReadAllText(path))!;
            Add(figures["ratios"], ratios);
            Add(figures["absolute"], absolute);
        }

        var all = new JsonObject { ["at"] = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), ["ratios"] = ratios, ["absolute"] = absolute };
        File.WriteAllText(Path.Combine(directory, "all.json"), all.ToJsonString(Indented) + "\n");
        var before = File.Exists(stored) ? JsonNode.Parse(File.ReadAllText(stored))!["ratios"]!.AsObject() : [];
        var isWorse = false;
        Console.WriteLine("ratio                                  stored      now");
        foreach (var (name, value) in ratios)
        {
            var now = value!.GetValue<double>();
            var then = before[name]?.GetValue<double>();
            var worse = now > then * Tolerance;
            isWorse |= worse;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-36} {then,8:0.00} {now,8:0.00}{(worse ? "   WORSE" : "")}"));
        }

        foreach (var missing in before.Select(figure => figure.Key).Where(name => !ratios.ContainsKey(name)))
        {
            isWorse = true;
            Console.WriteLine($"{missing,-36} was not measured");
        }

        foreach (var (name, value) in absolute)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-36} {"",8} {value!.GetValue<double>(),8:0.00}"));
        }

        return !isWorse;
    }

    private static void Add(JsonNode? from, JsonObject to)
    {
        foreach (var (name, value) in from!.AsObject())
        {
            to[name] = value!.DeepClone();
        }
    }
}
