using System.Reflection;
using Tidepool.Contracts;
using Tidepool.Core.Ports;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Problems;
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
        [new Refusal.ImageUnknown("none")] = (400, ProblemCodes.Validation),
        [new Refusal.NotRunning(WorkspaceName.Parse("demo"), WorkspaceStatus.Stopped)] = (409, ProblemCodes.NotRunning),
        [new Refusal.CapacityExhausted(4096, 1024, null)] = (409, ProblemCodes.CapacityExhausted),
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
}
