using Tidepool.Host.Processes;
using Tidepool.Host.Service;
using Tidepool.Host.State;
using Tidepool.Runtime;

namespace Tidepool.Host.Tests.Service;

public sealed class SystemdUnitTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("tp-unit-");

    [Fact]
    public void The_command_is_quoted_as_systemd_reads_it()
    {
        var unit = new SystemdUnit(new StateDirectory("""/srv/100% "mine" \ $HOME"""), directory.FullName);

        var lines = unit.Render("/usr/bin/dotnet", "/opt/tide pool/tidepool.dll", [("TIDEPOOL_CACHE", "/var/50% $x")]).Split('\n');

        Assert.Contains("""ExecStart="/usr/bin/dotnet" "/opt/tide pool/tidepool.dll" supervise --state "/srv/100%% \"mine\" \\ $$HOME" """.TrimEnd(), lines);
        Assert.Contains("""Environment="TIDEPOOL_CACHE=/var/50%% $x" """.TrimEnd(), lines);
    }

    [Fact]
    public void Several_tidepools_have_a_unit_each()
    {
        var names = new[] { "/srv/one", "/srv/two" }.Select(root => new SystemdUnit(new StateDirectory(root), directory.FullName).Name).ToHashSet();
        Assert.Equal(2, names.Count);
    }

    [Fact]
    public async Task It_is_written_where_systemd_reads_it_and_systemd_finds_no_fault_with_it()
    {
        var unit = new SystemdUnit(new StateDirectory(Path.Combine(directory.FullName, "state")), directory.FullName);
        Assert.False(unit.IsInstalled);
        unit.Write(RuntimesRegistration.Runtimes, Programs.Locate() with { Cli = typeof(Programs).Assembly.Location });
        Assert.True(unit.IsInstalled);

        var verdict = await Tool.RunAsync("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", unit.Path], TestContext.Current.CancellationToken);
        Assert.SkipWhen(verdict.ExitCode == 127, "systemd-analyze is not installed here.");
        Assert.True(verdict.Succeeded && verdict.Error.Length == 0, verdict.Error);
    }

    public void Dispose() => directory.Delete(recursive: true);
}
