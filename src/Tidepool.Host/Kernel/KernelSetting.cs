using System.Globalization;
using Tidepool.Host.Files;
using Tidepool.Host.State;

namespace Tidepool.Host.Kernel;

/// <summary>A setting of the whole machine that Tidepool needs changed. The last Tidepool that goes down puts back what there was before the first came up.</summary>
/// <remarks>
/// Each Tidepool that is up keeps a file with that value. The second one takes it over from the first one's file, for what it
/// finds is the first one's doing. The files are in <c>/run</c>: like the setting, they do not outlive a restart of the machine,
/// and they outlive everything else. A file whose state directory is gone counts no more.
/// </remarks>
/// <param name="directory">Where the files are; for root alone.</param>
/// <param name="setting">The kernel's file.</param>
/// <param name="network">Names the network that the setting is of, where each network namespace has its own.</param>
/// <param name="time">For the wait while another Tidepool is at this.</param>
internal sealed class KernelSetting(string directory, string setting, string network, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);
    private static readonly string[] Namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

    /// <summary>
    /// Whether this machine passes packets on from one network to another. Workspaces that reach the internet need that: the runtime, or
    /// its daemon, turns it on with its bridge.
    /// </summary>
    public static KernelSetting Forwarding(TimeProvider time) =>
        new("/run/tidepool-forwarding", "/proc/sys/net/ipv4/ip_forward", new FileInfo("/proc/self/ns/net").LinkTarget ?? "", time);

    /// <summary>
    /// Tables that all containers share with the host, with the least size that keeps one container from filling them: the container's own
    /// memory ends first. Linux gives 128 inotify instances, which 20 editors use up.
    /// </summary>
    public static IReadOnlyList<(KernelSetting Setting, long Least)> Shared(TimeProvider time) =>
    [
        (Of("fs/inotify/max_user_instances", time), 1 << 24),
        (Of("fs/inotify/max_user_watches", time), 1 << 28),
        (Of("fs/fanotify/max_user_groups", time), 1 << 24),
        (Of("fs/fanotify/max_user_marks", time), 1 << 28),
        (Of("kernel/pty/max", time), 1 << 20),
        (Of("net/ipv4/neigh/default/gc_thresh2", time), 1 << 16),
        (Of("net/ipv4/neigh/default/gc_thresh3", time), 1 << 17),
        (Of("net/ipv6/neigh/default/gc_thresh2", time), 1 << 16),
        (Of("net/ipv6/neigh/default/gc_thresh3", time), 1 << 17),
        .. Namespaces.Select(kind => (Of($"user/max_{kind}_namespaces", time), 1L << 24)),
    ];

    /// <summary>Keeps what there is, and raises it where it is lower than <paramref name="least"/>.</summary>
    /// <returns>Why it stays lower, for example because this machine is itself a container; null if it does not.</returns>
    public async Task<string?> RaiseAsync(StateDirectory state, long least, CancellationToken cancellationToken)
    {
        await KeepAsync(state, cancellationToken);
        if (!File.Exists(setting) || !long.TryParse(await ReadAsync(cancellationToken), NumberStyles.None, CultureInfo.InvariantCulture, out var now) || now >= least || now == 0)
        {
            // Zero is no limit that is too low: the owner of this machine forbids the thing altogether.
            return null;
        }

        try
        {
            await File.WriteAllTextAsync(setting, least.ToString(CultureInfo.InvariantCulture), cancellationToken);
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return fault.Message;
        }
    }

    /// <summary>Keeps what there is, before it is changed. A Tidepool that was killed and comes up again finds its own file, and keeps that.</summary>
    public async Task KeepAsync(StateDirectory state, CancellationToken cancellationToken)
    {
        if (!File.Exists(setting))
        {
            return;
        }

        using var only = await LockAsync(cancellationToken);
        if (!File.Exists(FileOf(state)))
        {
            var before = Others(state) is [var other, ..] ? other.Before : await ReadAsync(cancellationToken);
            DurableFiles.Write(FileOf(state), $"{before}\n{network}\n{state.Root}\n");
        }
    }

    /// <summary>Puts back what was kept, unless another Tidepool still needs it. Where nothing was kept, nothing is changed.</summary>
    public async Task PutBackAsync(StateDirectory state, CancellationToken cancellationToken)
    {
        if (!File.Exists(FileOf(state)))
        {
            return;
        }

        using var only = await LockAsync(cancellationToken);
        if (Read(FileOf(state)) is { } own && Others(state).Count == 0 && await ReadAsync(cancellationToken) != own.Before)
        {
            await File.WriteAllTextAsync(setting, own.Before, cancellationToken);
        }

        File.Delete(FileOf(state));
        if (Directory.EnumerateFiles(directory).All(file => file == LockFile))
        {
            File.Delete(LockFile);
            try
            {
                Directory.Delete(directory);
            }
            catch (IOException)
            {
                // Another Tidepool comes up at this moment.
            }
        }
    }

    private static KernelSetting Of(string name, TimeProvider time) => new("/run/tidepool-" + name.Replace('/', '-'), "/proc/sys/" + name, "", time);

    private string LockFile => Path.Combine(directory, "lock");

    private string FileOf(StateDirectory state) => Path.Combine(directory, state.Key);

    private async Task<string> ReadAsync(CancellationToken cancellationToken) => (await File.ReadAllTextAsync(setting, cancellationToken)).Trim();

    /// <summary>The files of all other Tidepools that are up on this network. Half-written ones and those of removed Tidepools are removed here.</summary>
    private List<Kept> Others(StateDirectory state)
    {
        var others = new List<Kept>();
        foreach (var file in Directory.EnumerateFiles(directory).Where(file => file != FileOf(state) && file != LockFile))
        {
            if (file.EndsWith(".new", StringComparison.Ordinal) || Read(file) is not { } kept || !Directory.Exists(kept.Root))
            {
                File.Delete(file);
            }
            else if (kept.Network == network)
            {
                others.Add(kept);
            }
        }

        return others;
    }

    private static Kept? Read(string file) => File.ReadAllLines(file) is [var before, var network, var root] ? new Kept(before, network, root) : null;

    /// <summary>One at a time on the whole machine. A lock on a file that its last user has deleted meanwhile locks nothing.</summary>
    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Directory.CreateDirectory(directory, StateDirectory.PrivateDirectory);
            try
            {
                var file = new FileStream(LockFile, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = StateDirectory.PrivateFile });
                if (new FileInfo($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}").LinkTarget?.EndsWith(" (deleted)", StringComparison.Ordinal) == false)
                {
                    return file;
                }

                await file.DisposeAsync();
            }
            catch (IOException)
            {
                // Another has it.
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    private sealed record Kept(string Before, string Network, string Root);
}
