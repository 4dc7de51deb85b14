using System.Collections.Concurrent;
using System.Net;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Ports;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Ports;

public sealed class PortWatchTests : StoreTest
{
    private readonly OpenPorts open = new();

    [Fact]
    public async Task What_answers_is_written_only_when_it_begins_and_when_it_ends()
    {
        var workspace = await AddAsync(WorkspaceStatus.Running);
        var watch = new PortWatch(Database.Store, open);
        await watch.LookAsync(Token);
        var before = await ReadAsync(workspace);
        Assert.False(before.Ports.Single().Answers);
        Assert.Equal(0, before.Version - workspace.Version - 1);

        open.Now[3000] = true;
        await watch.LookAsync(Token);
        await watch.LookAsync(Token);
        var answering = await ReadAsync(workspace);
        Assert.True(answering.Ports.Single().Answers);
        Assert.Equal(before.Version + 1, answering.Version);

        open.Now.Clear();
        await watch.LookAsync(Token);
        Assert.False((await ReadAsync(workspace)).Ports.Single().Answers);
    }

    [Fact]
    public async Task A_workspace_that_does_not_run_has_no_answers_and_is_not_asked()
    {
        open.Now[3000] = true;
        var workspace = await AddAsync(WorkspaceStatus.Stopping, answers: true);
        await new PortWatch(Database.Store, open).LookAsync(Token);
        Assert.False((await ReadAsync(workspace)).Ports.Single().Answers);
        Assert.Equal(0, open.Asked);
    }

    private async Task<Workspace> AddAsync(WorkspaceStatus status, bool answers = false)
    {
        var workspace = Sample.Workspace(DesiredState.Running, status) with
        {
            Address = Sample.Address,
            Ports = [new WorkspacePort(PortNumber.Parse(3000), null, Answers: answers)],
        };
        var activity = new Activity(workspace.Id, workspace.Name, Verbs.Create, Actor.User, ActivityOutcome.Requested, null, null, Sample.Start);
        Assert.IsType<AdmissionOutcome.Saved>(await Database.Store.AddAsync(workspace, activity, 10, CapacityBudget.Unlimited, Token));
        return workspace;
    }

    private async Task<Workspace> ReadAsync(Workspace workspace) => (await Database.Store.FindAsync(workspace.Id, Token))!;

    private sealed class OpenPorts : IPortProbe
    {
        private int asked;

        public ConcurrentDictionary<int, bool> Now { get; } = new();

        public int Asked => asked;

        public Task<bool> AnswersAsync(IPEndPoint port, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            return Task.FromResult(Now.GetValueOrDefault(port.Port));
        }
    }
}
