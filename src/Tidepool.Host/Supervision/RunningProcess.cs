using System.Diagnostics;
using Tidepool.Host.Processes;

namespace Tidepool.Host.Supervision;

/// <summary>A process that was started here, or was found running from an earlier supervisor's life.</summary>
internal sealed class RunningProcess : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(300);
    private readonly Process? child;
    private readonly TimeProvider time;

    private RunningProcess(ProcessIdentity identity, Process? child, TimeProvider time)
    {
        Identity = identity;
        this.child = child;
        this.time = time;
    }

    public ProcessIdentity Identity { get; }

    public bool IsAdopted => child is null;

    /// <summary>How it ended; null while it runs, and for an adopted one, whose exit code only its parent gets.</summary>
    public int? ExitCode => child is { HasExited: true } ? child.ExitCode : null;

    /// <summary>
    /// Starts it in a session of its own, so that neither the terminal's Ctrl-C nor the supervisor's death reaches it, with its
    /// output going to its log by itself. The shell becomes the program, so the number stays the same.
    /// </summary>
    public static RunningProcess Start(ProcessSpec spec, TimeProvider time)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", $"(umask 077; : >>\"$0\"); {spec.Before} exec setsid \"$@\" >>\"$0\" 2>&1 </dev/null", spec.LogFile, spec.Program },
            UseShellExecute = false,
        };
        foreach (var argument in spec.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var (name, value) in spec.Environment)
        {
            start.Environment[name] = value;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(spec.LogFile)!);
        SessionKeyring.Leave();
        var started = Process.Start(start) ?? throw new CommandException($"{spec.Name} could not be started.");
        var identity = ProcessIdentity.Of(started.Id) ?? new ProcessIdentity(started.Id, 0);
        PidFile.Note(spec.PidFile, identity);
        return new RunningProcess(identity, started, time);
    }

    /// <summary>Notes it where that failed when it was started.</summary>
    public void NoteAgain(ProcessSpec spec)
    {
        if (!IsAdopted && Identity.IsAlive)
        {
            PidFile.Note(spec.PidFile, Identity);
        }
    }

    /// <summary>The process that an earlier supervisor left running, if its pid file is still right.</summary>
    public static RunningProcess? Adopt(ProcessSpec spec, TimeProvider time) =>
        PidFile.ReadAlive(spec.PidFile) is { } alive ? new RunningProcess(alive, null, time) : null;

    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        if (child is not null)
        {
            await child.WaitForExitAsync(cancellationToken);
            return;
        }

        while (Identity.IsAlive)
        {
            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    public void Dispose() => child?.Dispose();
}
