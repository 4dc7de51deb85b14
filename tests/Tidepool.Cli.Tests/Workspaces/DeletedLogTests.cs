using Tidepool.Cli.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Cli.Tests.Workspaces;

public sealed class DeletedLogTests : IDisposable
{
    private readonly TemporaryState state = new();

    [Fact]
    public void The_log_of_the_last_deleted_workspace_is_found_by_its_whole_name()
    {
        Leave("20261123T120000000Z-demo", "first");
        Leave("20261123T130000000Z-demo", "second", "third");
        Leave("20261123T140000000Z-demo-2", "another");

        Assert.Equal(["second", "third"], DeletedLog.Find(state.Directory, "demo", 10)!.Select(line => line.Message));
        Assert.Equal(["third"], DeletedLog.Find(state.Directory, "demo", 1)!.Select(line => line.Message));
        Assert.Null(DeletedLog.Find(state.Directory, "2", 10));
        Assert.Null(DeletedLog.Find(state.Directory, "../demo", 10));
    }

    [Fact]
    public void Where_nothing_was_ever_deleted_there_is_nothing() => Assert.Null(DeletedLog.Find(state.Directory, "demo", 10));

    public void Dispose() => state.Dispose();

    private void Leave(string directory, params string[] messages)
    {
        var path = Directory.CreateDirectory(Path.Combine(state.Directory.DeletedWorkspaceLogs, directory)).FullName;
        File.WriteAllLines(Path.Combine(path, "log-000001.jsonl"), [.. messages.Select(message => $$"""{"at":"2026-11-23T12:00:00Z","source":"lifecycle","message":"{{message}}"}"""), "{\"at\":"]);
    }
}
