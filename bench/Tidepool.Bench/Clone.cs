using Tidepool.Contracts;

namespace Tidepool.Bench;

/// <summary>A clone of a small workspace until its editor answers, against a new workspace in the same run, alternating.</summary>
internal static class Clone
{
    public static async Task RunAsync(WholeTidepool tidepool, int runs, Figures figures)
    {
        const string source = "clone-source";
        await tidepool.RunAsync(source);
        await tidepool.UntilAsync(source, WorkspaceStatus.Running);
        var (created, cloned) = (new Samples(), new Samples());
        for (var run = -1; run < runs; run++)
        {
            var (fresh, clone) = ($"fresh-{run + 1}", $"clone-{run + 1}");
            var create = await tidepool.RunAsync(fresh);
            await tidepool.RemoveAsync(fresh);
            var copy = await tidepool.RunAsync(clone, () => tidepool.Api.CloneAsync(source, new CloneWorkspaceRequest(clone)));
            await tidepool.RemoveAsync(clone);
            if (run >= 0)
            {
                created.Add(create.Editor);
                cloned.Add(copy.Editor);
            }
        }

        Console.WriteLine($"clone to editor, {runs} runs of each, alternating; milliseconds");
        Console.WriteLine(Samples.Header);
        Console.WriteLine($"a  a new workspace         {created}");
        Console.WriteLine($"b  a clone                 {cloned}   (aim: under 1800)");
        Console.WriteLine($"ratio b/a of the medians: {cloned.Median / created.Median:0.00}");
        figures.Ratio("clone/to-a-new-workspace", cloned.Median / created.Median);
        figures.Absolute("clone/median-ms", cloned.Median);
    }
}
