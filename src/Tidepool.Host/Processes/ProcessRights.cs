using System.Globalization;

namespace Tidepool.Host.Processes;

/// <summary>What a process may do, as the kernel says.</summary>
/// <param name="User">The one user that it is; null where it is several at once.</param>
/// <param name="Capabilities">The capabilities that it has or could get, all sets together.</param>
/// <param name="NoNewPrivileges">Whether no program that it runs gets more.</param>
internal sealed record ProcessRights(uint? User, ulong Capabilities, bool NoNewPrivileges)
{
    private static readonly string[] Sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];

    /// <summary>Null if the process is gone.</summary>
    public static ProcessRights? Of(int pid)
    {
        try
        {
            return Parse(File.ReadAllLines($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/status"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static ProcessRights Parse(IEnumerable<string> status)
    {
        var values = status.Select(line => line.Split(':', 2)).Where(parts => parts.Length == 2).ToDictionary(parts => parts[0], parts => parts[1].Trim());
        var users = values["Uid"].Split('\t', StringSplitOptions.RemoveEmptyEntries).Distinct().ToList();
        return new ProcessRights(
            users.Count == 1 ? uint.Parse(users[0], CultureInfo.InvariantCulture) : null,
            Sets.Aggregate(0UL, (all, set) => all | ulong.Parse(values[set], NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
            values["NoNewPrivs"] == "1");
    }
}
