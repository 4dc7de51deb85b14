using System.Globalization;
using System.Runtime.InteropServices;

namespace Tidepool.Host.Processes;

/// <summary>
/// A process beyond doubt: its number and the moment it started, in the kernel's ticks since boot. The kernel
/// may have given a number alone to another process since.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ProcessIdentity(int Pid, long StartTicks)
{
    /// <summary>Whether any of its threads runs: a compromised process can end its first thread alone, and then appears dead to most programs.</summary>
    public bool IsAlive => Of(Pid) == this;

    /// <summary>The process that has this number now; null if there is none, or only an ended one that its parent has not waited for yet.</summary>
    public static ProcessIdentity? Of(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            // The name in parentheses may itself hold spaces and parentheses.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" && fields[17] is "0" or "1" ? null : new ProcessIdentity(pid, long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException or IndexOutOfRangeException or FormatException)
        {
            return null;
        }
    }

    /// <summary>From what <see cref="ToString"/> wrote; null if it is something else.</summary>
    public static ProcessIdentity? Parse(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            ? new ProcessIdentity(pid, ticks)
            : null;
    }

    public override string ToString() => FormattableString.Invariant($"{Pid} {StartTicks}");
}
