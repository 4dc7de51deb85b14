using Tidepool.Cli.Processes;
using Tidepool.Cli.State;

namespace Tidepool.Cli.Supervision;

/// <summary>One supervisor for each state directory. The kernel gives the lock back however its holder ends.</summary>
internal sealed class SupervisorLock : IDisposable
{
    private readonly FileStream file;

    private SupervisorLock(FileStream file) => this.file = file;

    public static SupervisorLock? TryTake(StateDirectory state)
    {
        try
        {
            return new SupervisorLock(new FileStream(state.SupervisorLock, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = StateDirectory.PrivateFile,
            }));
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
        catch (IOException)
        {
            return null;
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
