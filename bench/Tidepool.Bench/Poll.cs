namespace Tidepool.Bench;

/// <summary>The same way of waiting for both sides of a comparison: ask, and ask again shortly after.</summary>
internal static class Poll
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task<T> UntilAsync<T>(Func<Task<T?>> check)
        where T : class
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < Limit)
        {
            try
            {
                if (await check() is { } value)
                {
                    return value;
                }
            }
            catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
            {
                // Not yet.
            }

            await Task.Delay(Interval, TimeProvider.System, CancellationToken.None);
        }

        throw new TimeoutException("What was measured did not come to pass within a minute.");
    }
}
