namespace Tidepool.Host.Supervision;

/// <summary>
/// How long to wait before starting a process again that died: almost nothing at first, twice as long each time, and from the
/// beginning again once it has lived for a minute. A process that keeps dying is started rarely, so that it does no harm.
/// </summary>
internal sealed class RestartPolicy(TimeProvider time)
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Recovered = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan LoopWindow = TimeSpan.FromMinutes(2);
    public const int LoopDeaths = 8;

    /// <summary>When it died, by elapsed time: the clock may be set.</summary>
    private readonly Queue<long> deaths = new();
    private TimeSpan next = First;

    /// <summary>Whether it has died so often lately that something must be wrong.</summary>
    public bool IsCrashLoop { get; private set; }

    /// <summary>Notes a death after that long a life, and says how long to wait now.</summary>
    public TimeSpan Died(TimeSpan lived)
    {
        if (lived >= Recovered)
        {
            next = First;
            deaths.Clear();
        }

        var now = time.GetTimestamp();
        deaths.Enqueue(now);
        while (time.GetElapsedTime(deaths.Peek(), now) > LoopWindow)
        {
            deaths.Dequeue();
        }

        IsCrashLoop = deaths.Count >= LoopDeaths || (IsCrashLoop && lived < Recovered);
        var wait = IsCrashLoop ? Longest : next;
        next = next * 2 < Longest ? next * 2 : Longest;
        return wait;
    }
}
