namespace Tidepool.Bench;

/// <summary>Measured durations, in milliseconds.</summary>
internal sealed class Samples
{
    /// <summary>Above lines of a label of 27 characters and samples.</summary>
    public const string Header = "                              median      p95      min      max";

    private readonly List<double> values = [];

    public void Add(TimeSpan value) => values.Add(value.TotalMilliseconds);

    public int Count => values.Count;

    public double Median => At(0.5);

    public double At(double quantile)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(quantile * sorted.Count) - 1 + (quantile == 0 ? 1 : 0))];
    }

    public override string ToString() => $"{Median,8:0.0} {At(0.95),8:0.0} {values.Min(),8:0.0} {values.Max(),8:0.0}";
}
