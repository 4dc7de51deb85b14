using Tidepool.Host.State;

namespace Tidepool.Host.Startup;

/// <summary>Downloads and half-made images, which may be shared by several state directories.</summary>
public static class CacheDirectory
{
    public static string? Shared => Environment.GetEnvironmentVariable("TIDEPOOL_CACHE") is { Length: > 0 } given ? Path.GetFullPath(given) : null;

    public static string Of(StateDirectory state) => Shared ?? state.Cache;
}
