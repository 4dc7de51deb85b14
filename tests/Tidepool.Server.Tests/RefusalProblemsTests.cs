using System.Reflection;
using Tidepool.Contracts;
using Tidepool.Core.Capacity;
using Tidepool.Core.Ports;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Problems;
using Tidepool.Server.Tests.Capacity;
using DesiredState = Tidepool.Core.Workspaces.DesiredState;
using WorkspaceStatus = Tidepool.Core.Workspaces.WorkspaceStatus;

namespace Tidepool.Server.Tests;

public sealed class RefusalProblemsTests
{
    private static readonly Dictionary<Refusal, (int Status, string Code)> Expected = new()
    {
        [new Refusal.NotFound("x")] = (404, ProblemCodes.NotFound),
        [new Refusal.NameTaken(WorkspaceName.Parse("demo"))] = (409, ProblemCodes.NameTaken),
        [new Refusal.WorkspaceLimit(3)] = (409, ProblemCodes.WorkspaceLimit),
        [new Refusal.PortLimit(5)] = (409, ProblemCodes.PortLimit),
        [new Refusal.PortNotFound(WorkspaceName.Parse("demo"), PortNumber.Parse(3000))] = (404, ProblemCodes.NotFound),
        [new Refusal.TransitionRefused(WorkspaceStatus.Deleting, DesiredState.Running)] = (409, ProblemCodes.TransitionRefused),
        [new Refusal.NothingToClone(WorkspaceName.Parse("demo"), WorkspaceStatus.Creating)] = (409, ProblemCodes.TransitionRefused),
        [new Refusal.ImageUnknown("none")] = (400, ProblemCodes.Validation),
        [new Refusal.NotRunning(WorkspaceName.Parse("demo"), WorkspaceStatus.Stopped)] = (409, ProblemCodes.NotRunning),
        [new Refusal.CapacityExhausted(CapacityResource.Memory, 4096, 1024, 2048, null)] = (409, ProblemCodes.CapacityExhausted),
        [new Refusal.DiskLow("/state", 100, 1024)] = (409, ProblemCodes.CapacityExhausted),
        [new Refusal.DependencyDown("database")] = (503, ProblemCodes.DependencyDown),
    };

    [Fact]
    public void Every_refusal_has_its_problem()
    {
        var all = typeof(Refusal).GetNestedTypes(BindingFlags.Public).Where(type => type.IsSubclassOf(typeof(Refusal)));
        Assert.Equal(all.Select(type => type.Name).Order(), Expected.Keys.Select(refusal => refusal.GetType().Name).Order());
        foreach (var (refusal, (status, code)) in Expected)
        {
            var problem = refusal.ToProblem();
            Assert.Equal((status, code), (problem.Status, problem.Code));
            Assert.False(string.IsNullOrWhiteSpace(problem.Detail));
        }
    }

    [Fact]
    public void A_refused_transition_says_from_what_to_what()
    {
        var problem = new Refusal.TransitionRefused(WorkspaceStatus.Deleting, DesiredState.Running).ToProblem();
        Assert.Equal("deleting", problem.Extensions!["from"]);
        Assert.Equal("running", problem.Extensions["to"]);
    }

    [Theory]
    [InlineData(CapacityResource.Memory, "memory", "4 MiB are needed and 3 MiB are free")]
    [InlineData(CapacityResource.Cpu, "cpu", "4 cores are needed and 3 cores are free")]
    public void A_lack_of_room_says_how_much_of_what_and_which_workspace_to_stop(CapacityResource resource, string name, string words)
    {
        var oldest = CapacityEndpointsTests.Workspace("oldest", DesiredState.Running, DateTimeOffset.UnixEpoch);
        var problem = new Refusal.CapacityExhausted(resource, 4, 3, 8, oldest).ToProblem();
        Assert.Equal(name, problem.Extensions!["resource"]);
        Assert.Equal(4L, problem.Extensions["needed"]);
        Assert.Equal(3L, problem.Extensions["available"]);
        Assert.Equal(new LeastRecentlyAccessedResponse(oldest.Id.ToString(), "oldest", DateTimeOffset.UnixEpoch), problem.Extensions["leastRecentlyAccessed"]);
        Assert.Contains(words, problem.Detail, StringComparison.Ordinal);
        Assert.Contains("Stop 'oldest'", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_beyond_what_there_is_says_how_much_there_is_and_not_how_much_is_free()
    {
        var problem = new Refusal.CapacityExhausted(CapacityResource.Memory, 262144, 3994, 15872, null).ToProblem();
        Assert.Equal("This machine has 15872 MiB of memory for all workspaces together, and 262144 MiB are needed. Stopping workspaces does not help. Ask for less.", problem.Detail);
    }

    [Fact]
    public void A_full_disk_is_not_helped_by_stopping()
    {
        var problem = new Refusal.CapacityExhausted(CapacityResource.Disk, 1024, 0, 4096, null).ToProblem();
        Assert.Null(problem.Extensions!["leastRecentlyAccessed"]);
        Assert.Contains("Delete a workspace", problem.Detail, StringComparison.Ordinal);
    }
}
