using Tidepool.Host.Processes;
using Tidepool.Host.State;

namespace Tidepool.Host.Supervision;

/// <summary>One supervisor for each state directory. The kernel gives the lock back however its holder ends.</summary>
public sealed class SupervisorLock : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);
    private readonly FileStream file;

    private SupervisorLock(FileStream file) => this.file = file;

    public static SupervisorLock? TryTake(StateDirectory state) => TryTake(state.SupervisorLock);

    /// <summary>Null while another process holds it.</summary>
    public static SupervisorLock? TryTake(string path)
    {
        try
        {
            return new SupervisorLock(new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = StateDirectory.PrivateFile,
            }));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Waits a little: the threads of a killed process hold its files a moment longer than it lives.</summary>
    public static async Task<SupervisorLock?> TakeAsync(StateDirectory state, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            if (TryTake(state) is { } taken)
            {
                return taken;
            }

            if (time.GetElapsedTime(began) > Timeout)
            {
                return null;
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>The supervisor that serves this directory now, if there is one.</summary>
    public static ProcessIdentity? Holder(StateDirectory state)
    {
        if (!File.Exists(state.SupervisorLock))
        {
            return null;
        }

        using var free = TryTake(state);
        return free is null ? PidFile.ReadAlive(state.PidFile("supervisor")) : null;
    }

    public void Dispose() => file.Dispose();
}
