using System.Globalization;
using Tidepool.Contracts;

namespace Tidepool.App.Capacity;

/// <summary>Amounts as people read them.</summary>
internal static class CapacityWords
{
    public static string MiB(long amount) => amount is 0 or >= 1024 ? string.Create(CultureInfo.InvariantCulture, $"{amount / 1024.0:0.#} GiB") : $"{amount} MiB";

    public static string Cores(long amount) => amount == 1 ? "1 core" : $"{amount} cores";

    /// <summary>One amount of another, with the unit said once where it is the same.</summary>
    public static string Of(string part, string all) => Unit(part) == Unit(all) ? $"{part.Split(' ')[0]} of {all}" : $"{part} of {all}";

    /// <summary>What a workspace lacks that was refused for it.</summary>
    public static string Lack(ProblemResponse? problem) => problem switch
    {
        { Needed: { } needed, Available: { } left, Resource: "memory" } => LackOfMemory(needed, left),
        { Needed: { } needed, Available: { } left, Resource: "cpu" } => LackOfCores(needed, left),
        _ => problem?.Detail ?? "",
    };

    public static string LackOfMemory(long needed, long left) => $"It needs {MiB(needed)} of memory, and {MiB(left)} are free.";

    public static string LackOfCores(long needed, long left) => $"It needs {Cores(needed)}, and {Cores(left)} {Are(left)} free.";

    /// <summary>Which verb goes with so many.</summary>
    public static string Are(long amount) => amount == 1 ? "is" : "are";

    /// <summary>Whether stopping the one that the server names would help.</summary>
    public static bool CanMakeRoom(ProblemResponse? problem) => problem is { Code: ProblemCodes.CapacityExhausted, LeastRecentlyAccessed: not null };

    private static string Unit(string amount) => amount[(amount.IndexOf(' ', StringComparison.Ordinal) + 1)..].TrimEnd('s');
}
