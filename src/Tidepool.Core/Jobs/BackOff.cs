namespace Tidepool.Core.Jobs;

/// <summary>How long to wait before the next attempt: ever longer up to a limit, and never all at the same moment.</summary>
/// <param name="random">From 0 up to 1, a new number at each call: the jitter.</param>
public sealed class BackOff(Func<double> random)
{
    private const double FirstSeconds = 0.5;
    private const double MostSeconds = 10;

    /// <summary>After a failure outside that may pass.</summary>
    public TimeSpan After(int attempt) => Scattered(Math.Min(MostSeconds, FirstSeconds * Math.Pow(2, Math.Max(0, attempt - 1))));

    /// <summary>While another holds the workspace.</summary>
    public TimeSpan WhileBusy() => Scattered(1);

    /// <summary>Up to a quarter less or more.</summary>
    private TimeSpan Scattered(double seconds) => TimeSpan.FromSeconds(seconds * (0.75 + (random() / 2)));
}
