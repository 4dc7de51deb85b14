using CsCheck;
using Tidepool.Core.Capacity;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Capacity;

public sealed class AdmissionTests
{
    private static readonly CapacityBudget Budget = new(MemoryMiB: 8192, Cpus: 8, DiskMiB: 10 * 1024, DiskPerWorkspaceMiB: 1024);

    [Fact]
    public void What_fits_exactly_is_let_in() => Assert.Null(Admission.Refuse(Budget, [Running("one")], Running("two")));

    [Fact]
    public void What_does_not_fit_says_what_is_needed_and_what_is_left()
    {
        var refusal = Admission.Refuse(Budget, [Running("one")], Running("two", memory: 4097));
        Assert.Equal((CapacityResource.Memory, 4097, 4096, "one"), (refusal!.Resource, refusal.Needed, refusal.Available, refusal.LeastRecentlyAccessed!.Name.Value));
    }

    [Fact]
    public void Processors_can_be_what_is_missing()
    {
        var refusal = Admission.Refuse(Budget, [Running("one", cpus: 7)], Running("two", cpus: 2));
        Assert.Equal((CapacityResource.Cpu, 2, 1, "one"), (refusal!.Resource, refusal.Needed, refusal.Available, refusal.LeastRecentlyAccessed!.Name.Value));
    }

    [Fact]
    public void A_lack_of_disk_names_no_workspace_because_stopping_frees_none()
    {
        var stored = Enumerable.Range(0, 10).Select(i => Stopped($"stopped-{i}")).Append(Running("running")).ToList();
        var refusal = Admission.Refuse(Budget, stored, Running("more", memory: 100_000));
        Assert.Equal((CapacityResource.Disk, 1024, 0), (refusal!.Resource, refusal.Needed, refusal.Available));
        Assert.Null(refusal.LeastRecentlyAccessed);
    }

    [Fact]
    public void Starting_a_workspace_with_a_disk_needs_no_new_disk()
    {
        var stored = Enumerable.Range(0, 12).Select(i => Stopped($"stopped-{i}")).ToList();
        Assert.Null(Admission.Refuse(Budget, stored, stored[0] with { Desired = DesiredState.Running, Status = WorkspaceStatus.Starting }));
    }

    [Fact]
    public void A_request_beyond_the_whole_budget_names_no_workspace_to_stop_and_says_how_much_there_is()
    {
        var refusal = Admission.Refuse(Budget, [Running("one")], Running("huge", memory: 8193))!;
        Assert.Null(refusal.LeastRecentlyAccessed);
        Assert.Equal(8192, refusal.Total);
    }

    [Fact]
    public void What_stopping_cannot_help_is_said_before_what_it_can()
    {
        var refusal = Admission.Refuse(Budget, [Running("one")], Running("two", cpus: 9, memory: 8192))!;
        Assert.Equal((CapacityResource.Cpu, 9, 8), (refusal.Resource, refusal.Needed, refusal.Total));
        Assert.Null(refusal.LeastRecentlyAccessed);
    }

    [Theory]
    [InlineData(DesiredState.Running, WorkspaceStatus.Creating, true)]
    [InlineData(DesiredState.Running, WorkspaceStatus.Starting, true)]
    [InlineData(DesiredState.Running, WorkspaceStatus.Running, true)]
    [InlineData(DesiredState.Running, WorkspaceStatus.Stopped, true)]
    [InlineData(DesiredState.Running, WorkspaceStatus.Error, false)]
    [InlineData(DesiredState.Stopped, WorkspaceStatus.Stopping, false)]
    [InlineData(DesiredState.Deleted, WorkspaceStatus.Deleting, false)]
    public void Whatever_is_wanted_running_and_was_not_given_up_has_its_share(DesiredState desired, WorkspaceStatus status, bool has) =>
        Assert.Equal(has, CapacityAmount.IsRunning(Sample.Workspace(desired, status)));

    [Fact]
    public void Starting_a_given_up_workspace_again_needs_room_again()
    {
        var failed = Running("failed") with { Status = WorkspaceStatus.Error };
        var others = new[] { Running("one"), Running("two") };
        Assert.NotNull(Admission.Refuse(Budget, [.. others, failed], failed with { Status = WorkspaceStatus.Starting }));
    }

    [Fact]
    public void A_change_that_takes_nothing_more_is_let_in_however_small_the_budget()
    {
        var running = Running("one");
        Assert.Null(Admission.Refuse(new CapacityBudget(0, 0, 0, 1024), [running], running with { Description = "Changed." }));
    }

    [Fact]
    public void The_workspace_to_stop_is_the_least_recently_used()
    {
        var used = Running("used") with { LastAccessedAt = Sample.Start.AddHours(2), CreatedAt = Sample.Start.AddHours(-9) };
        var older = Running("older") with { LastAccessedAt = Sample.Start.AddHours(1) };
        var never = Running("never") with { CreatedAt = Sample.Start.AddHours(3) };
        var stopped = Stopped("stopped") with { LastAccessedAt = Sample.Start.AddHours(-1) };
        Assert.Equal("older", AccessOrder.LeastRecent([used, older, never, stopped])!.Name.Value);
        Assert.Equal("used", AccessOrder.LeastRecent([used, older, never, stopped], older.Id)!.Name.Value);
        Assert.Equal(["never", "used", "older", "stopped"], AccessOrder.NewestFirst([stopped, used, older, never]).Select(w => w.Name.Value));
        Assert.Null(AccessOrder.LeastRecent([stopped]));
    }

    [Fact]
    public void Whatever_is_asked_for_the_budget_is_never_exceeded() =>
        Gen.Select(Gen.Long[0, 20_000], Gen.Long[0, 40], Gen.Long[0, 20_000])
            .Select(Gen.Select(Gen.Int[256, 6000], Gen.Int[1, 9], Gen.Bool).Array[1, 30])
            .Sample((limits, asked) =>
            {
                var budget = new CapacityBudget(limits.Item1, limits.Item2, limits.Item3, 512);
                var stored = new List<Workspace>();
                for (var i = 0; i < asked.Length; i++)
                {
                    var (memory, cpus, stopsAfter) = asked[i];
                    var wanted = Running($"asked-{i}", memory, cpus);
                    if (Admission.Refuse(budget, stored, wanted) is null)
                    {
                        stored.Add(stopsAfter ? wanted with { Desired = DesiredState.Stopped, Status = WorkspaceStatus.Stopped } : wanted);
                    }

                    var inUse = CapacityAmount.Of(stored, budget);
                    Assert.True(inUse.MemoryMiB <= budget.MemoryMiB && inUse.Cpus <= budget.Cpus && inUse.DiskMiB <= budget.DiskMiB);
                }
            });

    [Fact]
    public void After_a_restart_with_less_room_those_used_last_come_back_and_what_is_up_stays()
    {
        var workspaces = Enumerable.Range(0, 4).Select(i => Running($"number-{i}") with { LastAccessedAt = Sample.Start.AddHours(i) }).ToList();
        Assert.Empty(Admission.TooMany(Budget with { MemoryMiB = 16384 }, workspaces, _ => false));
        Assert.Equal(["number-1", "number-0"], Admission.TooMany(Budget, workspaces, _ => false).Select(w => w.Name.Value));
        Assert.Equal(["number-2", "number-1"], Admission.TooMany(Budget, workspaces, w => w.Name.Value == "number-0").Select(w => w.Name.Value));
        Assert.Empty(Admission.TooMany(Budget with { MemoryMiB = 0 }, workspaces, _ => true));
    }

    private static Workspace Running(string name, int memory = 4096, int cpus = 2) =>
        Sample.Workspace(DesiredState.Running, WorkspaceStatus.Running, provisioned: true, name) with { MemoryMiB = memory, Cpus = cpus };

    private static Workspace Stopped(string name) => Sample.Workspace(DesiredState.Stopped, WorkspaceStatus.Stopped, provisioned: true, name);
}
