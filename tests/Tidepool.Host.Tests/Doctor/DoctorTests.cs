using Tidepool.Host.Doctor;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;
using Tidepool.Runtime;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Doctor;

public sealed class DoctorTests
{
    private const long Gibi = 1L << 30;
    private static readonly HostFacts Good = new(true, "x64", true, 100 * Gibi, 16 * Gibi, null, null, null);

    [Fact]
    public void Each_code_has_its_section_and_each_section_its_code()
    {
        var sections = File.ReadLines(Repository.At("docs/doctor.md")).Where(l => l.StartsWith("## ", StringComparison.Ordinal)).Select(l => l[3..]);
        Assert.Equal(CheckCodes.All, sections);
        Assert.Equal(CheckCodes.All.Count, CheckCodes.All.Distinct().Count());
    }

    [Fact]
    public void A_good_host_passes()
    {
        using var state = new TemporaryState();
        Assert.All(Check(Good, state.Directory), c => Assert.Equal(CheckStatus.Ok, c.Status));
    }

    [Fact]
    public void What_is_wrong_fails_under_its_own_code_and_says_what_to_do()
    {
        using var state = new TemporaryState();
        var bad = new HostFacts(false, "arm", false, Gibi, Gibi, "no bridges", "no nft", "no btrfs");
        var failed = Check(bad, state.Directory, "incus").Where(c => c.Status == CheckStatus.Fail).ToList();

        Assert.Equal([CheckCodes.System, CheckCodes.Root, CheckCodes.Disk, CheckCodes.Memory, CheckCodes.Bridge, CheckCodes.Firewall, CheckCodes.Btrfs], failed.Select(c => c.Code));
        Assert.All(failed, c => Assert.False(string.IsNullOrEmpty(c.Next)));
    }

    [Fact]
    public void What_one_runtime_needs_is_no_fault_of_another()
    {
        using var state = new TemporaryState();
        var bare = Good with { WhyNoBtrfs = "no btrfs" };
        var arm = Good with { Architecture = "arm64" };

        Assert.Equal(CheckStatus.Fail, Status(bare, "incus", CheckCodes.Btrfs));
        Assert.Equal(CheckStatus.Ok, Status(bare, "qemu", CheckCodes.Btrfs));
        Assert.Equal(CheckStatus.Warn, Status(bare, null, CheckCodes.Btrfs));
        Assert.Equal(CheckStatus.Fail, Status(arm, "qemu", CheckCodes.System));
        Assert.Equal(CheckStatus.Ok, Status(arm, "incus", CheckCodes.System));

        CheckStatus Status(HostFacts facts, string? runtime, string code) => Check(facts, state.Directory, runtime).Single(c => c.Code == code).Status;
    }

    [Fact]
    public void MacOS_is_told_apart_and_its_runtime_needs_nothing_of_Linux()
    {
        using var state = new TemporaryState();
        var failed = Check(Good with { IsLinux = false, IsMac = true, Architecture = "arm64", WhyNoBridge = "no bridges", WhyNoBtrfs = "no btrfs" }, state.Directory).Where(c => c.Status == CheckStatus.Fail).ToList();
        Assert.Equal([CheckCodes.System], failed.Select(c => c.Code));
        Assert.Contains("macOS", failed[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void What_separates_workspaces_from_the_machine_is_said_in_plain_words()
    {
        using var state = new TemporaryState();
        Assert.Equal(CheckStatus.Ok, Said("""{"RuntimeInUse":"qemu","Qemu":{"Accelerator":"kvm"}}""").Status);
        Assert.Contains("kernel of its own", Said("""{"RuntimeInUse":"qemu","Qemu":{"Accelerator":"kvm"}}""").Detail, StringComparison.Ordinal);
        Assert.Equal(CheckStatus.Warn, Said("""{"RuntimeInUse":"qemu","Qemu":{"Accelerator":"tcg"}}""").Status);
        Assert.Contains("slow", Said("""{"RuntimeInUse":"qemu","Qemu":{"Accelerator":"tcg"}}""").Detail, StringComparison.Ordinal);
        Assert.Equal(CheckStatus.Ok, Said("""{"RuntimeInUse":"qemu"}""").Status);
        Assert.Equal(CheckStatus.Warn, Said("""{"RuntimeInUse":"incus","Incus":{"Machines":false}}""").Status);
        Assert.Contains("share this machine's kernel", Said("""{"RuntimeInUse":"incus","Incus":{"Machines":false}}""").Detail, StringComparison.Ordinal);
        Assert.Equal(CheckStatus.Ok, Said("""{"RuntimeInUse":"incus","Incus":{"Machines":true}}""").Status);
        Assert.Contains("`tidepool up` decides", Said("{}").Detail, StringComparison.Ordinal);

        CheckResult Said(string section)
        {
            File.WriteAllText(state.Directory.Settings, $$"""{"Tidepool":{{section}}}""");
            return InstallationChecks.Runtime(RuntimesRegistration.Runtimes, state.Directory, Settings.Read(state.Directory, RuntimesRegistration.Runtimes));
        }
    }

    [Fact]
    public void What_QEMU_runs_with_is_what_the_worker_recorded()
    {
        using var state = new TemporaryState();
        Directory.CreateDirectory(state.Directory.At("qemu"));
        File.WriteAllText(state.Directory.At("qemu", "accelerator"), "7c3d tcg\n");
        var settings = new Settings { RuntimeInUse = "qemu" };

        Assert.Equal(CheckStatus.Warn, InstallationChecks.Runtime(RuntimesRegistration.Runtimes, state.Directory, settings).Status);
    }

    [Theory]
    [InlineData(500, CheckStatus.Fail)]
    [InlineData(1500, CheckStatus.Warn)]
    [InlineData(3000, CheckStatus.Ok)]
    public void Little_space_is_reported_before_it_is_none(long freeMiB, object status)
    {
        var check = DiskChecks.Reserve("/state", freeMiB << 20, 1024 << 20);
        Assert.Equal((CheckCodes.Reserve, (CheckStatus)status), (check.Code, check.Status));
        Assert.Equal(check.Status == CheckStatus.Ok, check.Next is null);
    }

    [Theory]
    [InlineData(20L, CheckStatus.Warn)]
    [InlineData(10L, CheckStatus.Ok)]
    [InlineData(null, CheckStatus.Ok)]
    public void A_pool_that_may_grow_beyond_its_disk_is_reported(long? growthGiB, object status) =>
        Assert.Equal((CheckStatus)status, DiskChecks.PoolGrowth(15 * Gibi, growthGiB * Gibi).Status);

    [Fact]
    public void A_process_that_keeps_ending_is_named_with_its_log()
    {
        var check = InstallationChecks.Processes(new SupervisorReport([new ProcessReport("worker", ProcessReport.Failing, 9, "worker ended 8 times.")]));
        Assert.Equal((CheckStatus.Fail, "worker ended 8 times."), (check.Status, check.Detail));
    }

    [Fact]
    public void Orphan_machines_are_reported_and_nothing_is_down()
    {
        IReadOnlyList<PartHealth> health = [new("runtime", true, null), new("machines", true, "2 machines belong to no workspace.")];
        var check = InstallationChecks.Machines(health);
        Assert.Equal((CheckStatus.Warn, "2 machines belong to no workspace."), (check.Status, check.Detail));
        Assert.Equal("All parts are up.", InstallationChecks.Health(health).Detail);
        Assert.Equal(CheckStatus.Ok, InstallationChecks.Machines([]).Status);
    }

    private static IReadOnlyList<CheckResult> Check(HostFacts facts, StateDirectory state, string? runtime = null)
    {
        var settings = Settings.Read(state, RuntimesRegistration.Runtimes);
        settings.RuntimeInUse = runtime;
        // Ports that the kernel has just given out and taken back are free.
        (settings.ApiPort, settings.WorkspacePort) = (FreePort(), FreePort());
        return HostChecks.Of(RuntimesRegistration.Runtimes, facts, state, settings);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
