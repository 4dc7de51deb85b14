namespace Tidepool.Host.Packages;

/// <summary>Which distribution this is.</summary>
internal sealed record OsRelease(string Id, string Codename, string Name)
{
    public static OsRelease Read(string path = "/etc/os-release") => Parse(File.Exists(path) ? File.ReadAllText(path) : "");

    public static OsRelease Parse(string text)
    {
        var fields = text.Split('\n')
            .Select(line => line.Split('=', 2))
            .Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0].Trim())
            .ToDictionary(group => group.Key, group => group.Last()[1].Trim().Trim('"', '\''));
        return new OsRelease(fields.GetValueOrDefault("ID", ""), fields.GetValueOrDefault("VERSION_CODENAME", ""), fields.GetValueOrDefault("PRETTY_NAME", "unknown"));
    }
}
