namespace Tidepool.App.Workspaces;

/// <summary>A friendly name for users who do not choose one.</summary>
internal static class NameSuggestion
{
    private static readonly string[] Qualities = ["quiet", "bright", "calm", "clear", "deep", "gentle", "salty", "silver", "still", "sunny", "swift", "warm"];
    private static readonly string[] Places = ["bay", "cove", "harbor", "inlet", "island", "lagoon", "pier", "reef", "shore", "strand", "tide", "wave"];

    public static string New(Func<string, bool> isTaken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var name = $"{Pick(Qualities)}-{Pick(Places)}{(attempt < 5 ? "" : $"-{attempt}")}";
            if (!isTaken(name))
            {
                return name;
            }
        }
    }

    private static string Pick(string[] words) => words[Random.Shared.Next(words.Length)];
}
