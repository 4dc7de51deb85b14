using System.Net;
using CliWrap;
using CliWrap.Buffered;
using Microsoft.Data.Sqlite;
using Tidepool.Contracts;
using Tidepool.EndToEnd.Tests.Isolation;

namespace Tidepool.EndToEnd.Tests.Reliability;

/// <summary>
/// The real worker is held still by SIGSTOP for longer than its lease, in the middle of its work, and let go. Nothing breaks
/// meanwhile, no second worker can take its place in the state directory, and afterwards everything comes to what was wanted. That
/// of two workers on one database only one acts is shown in <c>tests/Tidepool.Core.Tests</c>, where there can be two.
/// </summary>
[Collection(WholeTidepool.Name)]
public sealed class PausedWorkerTests(RunningTidepool tidepool)
{
    private const int AnotherServes = 3;

    [Fact]
    public async Task A_worker_that_was_paused_past_its_lease_goes_on_where_it_was()
    {
        await tidepool.CreateAsync("paused-stop");
        await tidepool.CreateAsync("paused-gone");
        await tidepool.UntilAsync("paused-stop", WorkspaceStatus.Running);
        await tidepool.UntilAsync("paused-gone", WorkspaceStatus.Running);

        await tidepool.CreateAsync("paused-new");
        await Until.TrueAsync("the create has begun", async () => (await tidepool.Api.GetAsync("paused-new")).Value is { Progress: not null } or { Status: WorkspaceStatus.Running });
        var worker = tidepool.PidOf("worker");
        await OutsideWorld.ShellAsync($"kill -STOP {worker}");
        try
        {
            // The server accepts intents, editors answer, and no other process may do the worker's work.
            Assert.True((await tidepool.Api.StopAsync("paused-stop")).Succeeded);
            Assert.True((await tidepool.Api.DeleteAsync("paused-gone")).Succeeded);
            Assert.Equal(AnotherServes, await StartAnotherAsync());
            await Until.TrueAsync("its leases have run out", NoLeaseIsInForceAsync);
            Assert.Equal(worker, tidepool.PidOf("worker"));
            Assert.Equal(WorkspaceStatus.Stopping, (await tidepool.Api.GetAsync("paused-stop")).Value!.Status);
            Assert.Equal(WorkspaceStatus.Deleting, (await tidepool.Api.GetAsync("paused-gone")).Value!.Status);
            Assert.Equal(HttpStatusCode.OK, await EditorAsync("paused-stop"));
        }
        finally
        {
            await OutsideWorld.ShellAsync($"kill -CONT {worker}");
        }

        var made = await tidepool.UntilAsync("paused-new", WorkspaceStatus.Running);
        await tidepool.UntilAsync("paused-stop", WorkspaceStatus.Stopped);
        await tidepool.UntilGoneAsync("paused-gone");
        await Until.TrueAsync("the editor answers", async () => await EditorAsync("paused-new") == HttpStatusCode.OK);
        var instances = await tidepool.InstancesAsync();
        var listed = (await tidepool.Api.ListAsync()).Value!.Items;
        Assert.Equal(listed.Select(w => "ws-" + w.Id["ws_".Length..]).Order(), instances.Keys.Order());
        Assert.Equal("Running", instances["ws-" + made.Id["ws_".Length..]]);
        Assert.Equal(worker, tidepool.PidOf("worker"));
        await Task.WhenAll(tidepool.RemoveAsync("paused-new"), tidepool.RemoveAsync("paused-stop"));
    }

    private async Task<HttpStatusCode> EditorAsync(string name)
    {
        using var answer = await tidepool.Http.GetAsync(new Uri(tidepool.WorkspaceUrl(name) + "healthz"));
        return answer.StatusCode;
    }

    private async Task<bool> NoLeaseIsInForceAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(tidepool.State, "database", "tidepool.db")};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*), SUM(ExpiresAt > $now) FROM Leases WHERE Owner IS NOT NULL";
        command.Parameters.AddWithValue("$now", TimeProvider.System.GetUtcNow().UtcTicks);
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        Assert.True(await row.ReadAsync(TestContext.Current.CancellationToken));
        Assert.NotEqual(0, row.GetInt64(0));
        return row.GetInt64(1) == 0;
    }

    /// <summary>The exit code of a second real worker on the same state directory.</summary>
    private async Task<int> StartAnotherAsync()
    {
        var beside = Path.GetDirectoryName(Path.GetDirectoryName(Environment.GetEnvironmentVariable("TIDEPOOL_CLI")!))!;
        var result = await Cli.Wrap("dotnet")
            .WithArguments([Path.Combine(beside, "worker", "Tidepool.Worker.dll"), "--state", tidepool.State])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);
        return result.ExitCode;
    }
}
