using System.Globalization;
using System.Runtime.InteropServices;

namespace Tidepool.Host.Processes;

/// <summary>All processes of one user, as the Linux kernel lists them.</summary>
public static partial class UserProcesses
{
    private const int Kill = 9;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Ends every process of a user that has processes of one purpose only, and returns once none is left. Those may have been taken
    /// over, so neither what they note of themselves nor their names count.
    /// </summary>
    /// <param name="user">The user; never root.</param>
    /// <param name="time">Its clock paces the checks.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task EndAsync(uint user, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(user);
        while (Of(user) is { Count: > 0 } left)
        {
            foreach (var process in left)
            {
                _ = Signal(process, Kill);
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>
    /// The ids of the user's processes. A process whose first thread has ended counts while another of its threads runs; a zombie,
    /// which its parent has not waited for yet, does not count.
    /// </summary>
    public static IReadOnlyList<int> Of(uint user)
    {
        var found = new List<int>();
        foreach (var path in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var process) && IsOf(path, user))
            {
                found.Add(process);
            }
        }

        return found;
    }

    private static bool IsOf(string path, uint user)
    {
        try
        {
            var status = File.ReadLines(Path.Combine(path, "status")).Select(line => line.Split(':', 2)).Where(parts => parts.Length == 2).ToDictionary(parts => parts[0], parts => parts[1].Trim());
            return status["Uid"].Split('\t').Contains(user.ToString(CultureInfo.InvariantCulture))
                && (status["State"][0] is not ('Z' or 'X') || int.Parse(status["Threads"], CultureInfo.InvariantCulture) > 1);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or KeyNotFoundException)
        {
            // It ended meanwhile.
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Signal(int process, int signal);
}
