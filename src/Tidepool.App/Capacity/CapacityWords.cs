using System.Globalization;
using Tidepool.Contracts;

namespace Tidepool.App.Capacity;

/// <summary>Amounts as people read them.</summary>
internal static class CapacityWords
{
    public static string MiB(long amount) => amount is 0 or >= 1024 ? string.Create(CultureInfo.InvariantCulture, $"{amount / 1024.0:0.#} GiB") : $"{amount} MiB";

    public static string Cores(long amount) => amount == 1 ? "1 core" : $"{amount} cores";

    /// <summary>Whether stopping the one that the server names would help.</summary>
    public static bool CanMakeRoom(ProblemResponse? problem) => problem is { Code: ProblemCodes.CapacityExhausted, LeastRecentlyAccessed: not null };
}
