namespace Tidepool.EndToEnd.Tests;

/// <summary>Waits for what must come. The limit only ends a test that would wait forever: it says nothing about speed.</summary>
internal static class Until
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public static async Task<T> ValueAsync<T>(string what, Func<Task<T?>> check, TimeSpan? timeout = null)
        where T : class
    {
        var time = TimeProvider.System;
        var began = time.GetTimestamp();
        Exception? last = null;
        while (time.GetElapsedTime(began) < (timeout ?? Timeout))
        {
            try
            {
                if (await check() is { } value)
                {
                    return value;
                }

                last = null;
            }
            catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException or IOException or System.Text.Json.JsonException)
            {
                last = fault;
            }

            await Task.Delay(Interval, time, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"It did not come to pass that {what}.", last);
    }

    public static Task TrueAsync(string what, Func<Task<bool>> check, TimeSpan? timeout = null) =>
        ValueAsync(what, async () => await check() ? "yes" : null, timeout);
}
