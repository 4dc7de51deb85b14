using System.Collections.Concurrent;
using System.Globalization;

namespace Tidepool.Core.Tests.Model;

/// <summary>What all lives together went through, so that a model that tests nothing does not pass for a model that found no fault.</summary>
internal sealed class ModelReport
{
    public const string TakenOver = "workspaces taken over by the other worker";
    public const string Late = "requests that took effect after their worker was gone";
    public const string Stale = "stale answers";
    public const string Gone = "ended: gone";
    public const string Clones = "clones asked for";
    public const string NoRoom = "refused for want of room";

    /// <summary>What some life must have gone through.</summary>
    public static readonly IReadOnlyList<string> Needed = [TakenOver, Late, Stale, Gone, Clones, NoRoom];

    private readonly ConcurrentDictionary<string, long> counts = new();

    public void Count(string what, long by = 1) => counts.AddOrUpdate(what, by, (_, before) => before + by);

    public long Of(string what) => counts.GetValueOrDefault(what);

    public override string ToString() =>
        string.Join('\n', counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key}: {c.Value:N0}")));
}
