using Tidepool.Host.Processes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Shutdown;

/// <summary>Has a running supervisor take everything down, and shows what it does.</summary>
public static class SupervisorStop
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(StateDirectory state, Action<string> say, TimeProvider time, CancellationToken cancellationToken)
    {
        if (SupervisorLock.Holder(state) is not { } supervisor)
        {
            return;
        }

        var journal = state.Log("supervisor");
        var shown = JournalLength(state);
        Signals.Send(supervisor, Signals.Terminate);
        var began = time.GetTimestamp();
        while (true)
        {
            var alive = supervisor.IsAlive;
            shown = Show(journal, shown, say);
            if (!alive)
            {
                return;
            }

            if (time.GetElapsedTime(began) > Deadline)
            {
                say("The supervisor did not end in time; ending it by force.");
                Signals.Send(supervisor, Signals.Kill);
                return;
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>Ends the supervisor alone, and leaves running what it watches over.</summary>
    public static async Task DetachAsync(StateDirectory state, TimeProvider time, CancellationToken cancellationToken)
    {
        if (SupervisorLock.Holder(state) is { } supervisor)
        {
            Signals.Send(supervisor, Signals.Kill);
            while (supervisor.IsAlive)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
            }
        }
    }

    /// <summary>Where what is written from now on begins.</summary>
    public static long JournalLength(StateDirectory state) => new FileInfo(state.Log("supervisor")) is { Exists: true } journal ? journal.Length : 0;

    /// <summary>Shows the whole lines that the supervisor's journal has from a position on, and returns the next.</summary>
    public static long Show(string journal, long from, Action<string> say)
    {
        try
        {
            using var file = new FileStream(journal, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length < from)
            {
                return file.Length;
            }

            file.Position = from;
            using var reader = new StreamReader(file);
            var text = reader.ReadToEnd();
            var whole = text.LastIndexOf('\n') + 1;
            foreach (var line in text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                // The time before the sentence is for later readers of the log.
                say(line[(line.IndexOf(' ') + 1)..]);
            }

            return from + System.Text.Encoding.UTF8.GetByteCount(text[..whole]);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return from;
        }
    }
}
