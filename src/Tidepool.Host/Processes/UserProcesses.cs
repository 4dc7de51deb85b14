using System.Globalization;

namespace Tidepool.Host.Processes;

/// <summary>All processes of one user, as the Linux kernel lists them.</summary>
public static class UserProcesses
{
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
                Signals.Send(process, Signals.Kill);
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>
    /// The user's processes. A process whose first thread has ended counts while another of its threads runs; a zombie,
    /// which its parent has not waited for yet, does not count.
    /// </summary>
    public static IReadOnlyList<ProcessIdentity> Of(uint user) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? ProcessIdentity.Of(pid) : null)
            .OfType<ProcessIdentity>()
            .Where(process => IsOf(process, user)),
    ];

    private static bool IsOf(ProcessIdentity process, uint user)
    {
        try
        {
            var users = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Pid}/status")).First(line => line.StartsWith("Uid:", StringComparison.Ordinal));
            return users.Split('\t').Contains(user.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // It ended meanwhile.
            return false;
        }
    }
}
