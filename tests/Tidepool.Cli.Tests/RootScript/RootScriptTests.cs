using System.Diagnostics;
using Tidepool.Testing;

namespace Tidepool.Cli.Tests.RootScript;

/// <summary>The script at the root of the checkout, with a stand-in for the SDK that only notes how it is called.</summary>
public sealed class RootScriptTests : IDisposable
{
    private const string StandIn = """
        #!/bin/sh
        echo "$*" >>"$CALLS"
        case "$1" in
          publish)
            [ -z "$FAIL" ] || { echo 'x.cs(1,1): error CS1002: ; expected'; exit 1; }
            while [ "$1" != -o ]; do shift; done
            mkdir -p "$2" && touch "$2/tidepool.dll" ;;
          *.dll) shift; echo "ran: $*" ;;
        esac
        """;

    private readonly string home = Directory.CreateTempSubdirectory("tp-root-").FullName;

    public RootScriptTests()
    {
        foreach (var directory in new[] { "src/Tidepool.Cli", "sdk" })
        {
            Directory.CreateDirectory(Path.Combine(home, directory));
        }

        foreach (var file in new[] { "src/Tidepool.Cli/Program.cs", "Directory.Build.props", "Directory.Packages.props", ".editorconfig" })
        {
            File.WriteAllText(Path.Combine(home, file), "");
        }

        File.WriteAllText(Path.Combine(home, "global.json"), """{ "sdk": { "version": "10.0.401" } }""");
        Executable.Write(Path.Combine(home, "tidepool"), File.ReadAllText(Repository.At("tidepool")));
        Executable.Write(Path.Combine(home, "sdk", "dotnet"), StandIn);
    }

    [Fact]
    public async Task It_builds_once_and_again_only_after_a_change()
    {
        Assert.Equal((0, "ran: ls --json\n"), await RunAsync(["ls", "--json"]));
        Assert.Equal(3, Publishes());
        await RunAsync(["ls"]);
        Assert.Equal(3, Publishes());

        File.WriteAllText(Path.Combine(home, "src/Tidepool.Cli/New.cs"), "// new");
        await RunAsync(["ls"]);
        Assert.Equal(6, Publishes());
        Assert.False(Directory.Exists(Path.Combine(home, "artifacts/tidepool.new")));
    }

    [Fact]
    public async Task A_failed_build_is_shown_and_the_next_call_tries_again()
    {
        var (exit, output) = await RunAsync(["ls"], fail: true);
        Assert.Equal(1, exit);
        Assert.Contains("error CS1002", output, StringComparison.Ordinal);

        Assert.Equal((0, "ran: ls\n"), await RunAsync(["ls"]));
    }

    [Fact]
    public async Task Two_calls_at_once_build_once()
    {
        await Task.WhenAll(RunAsync(["ls"]), RunAsync(["ls"]));
        Assert.Equal(3, Publishes());
    }

    public void Dispose() => Directory.Delete(home, recursive: true);

    private int Publishes() => File.ReadLines(Path.Combine(home, "calls")).Count(l => l.StartsWith("publish", StringComparison.Ordinal));

    /// <summary>What it printed: its output when it succeeds, its errors when it fails.</summary>
    private async Task<(int Exit, string Output)> RunAsync(string[] arguments, bool fail = false)
    {
        var start = new ProcessStartInfo(Path.Combine(home, "tidepool"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["PATH"] = Path.Combine(home, "sdk") + ":/usr/bin:/bin";
        start.Environment["CALLS"] = Path.Combine(home, "calls");
        start.Environment["FAIL"] = fail ? "yes" : "";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? await output : await error);
    }
}
