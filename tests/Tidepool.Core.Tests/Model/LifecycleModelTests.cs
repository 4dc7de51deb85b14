using System.Globalization;
using CsCheck;

namespace Tidepool.Core.Tests.Model;

/// <summary>
/// Random lives of a whole Tidepool in memory. <c>TIDEPOOL_MODEL_SEQUENCES</c> says how many; <c>bench/lifecycle-model</c> runs the
/// long form. A life that breaks is shrunk and printed with its seed; <c>CsCheck_Seed</c> lives it again.
/// </summary>
public sealed class LifecycleModelTests
{
    private const int ShortForm = 300;

    [Fact]
    public void Whatever_happens_every_workspace_comes_to_what_was_wanted()
    {
        var lives = long.TryParse(Environment.GetEnvironmentVariable("TIDEPOOL_MODEL_SEQUENCES"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : ShortForm;
        var report = new ModelReport();
        var began = TimeProvider.System.GetTimestamp();
        ModelLife.Any.Sample(life => ModelWorld.Live(life, report), iter: lives, print: life => life.ToString());
        foreach (var needed in lives >= ShortForm ? ModelReport.Needed : [])
        {
            Assert.True(report.Of(needed) > 0, $"No life had any of: {needed}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{report}\nreal seconds: {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0}");
    }
}
