using System.Data;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Data.Sqlite;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Reliability;

/// <summary>Another program holds the right to write to the real database: for a while, and for longer than anyone waits.</summary>
[Collection(WholeTidepool.Name)]
public sealed class LockedDatabaseTests(RunningTidepool tidepool)
{
    /// <summary>In seconds; SQLite waits for five in the server and the worker.</summary>
    private const int Short = 2;
    private const int Long = 9;

    [Fact]
    public async Task A_request_waits_or_gets_a_retry_time_and_nothing_is_lost()
    {
        await tidepool.CreateAsync("locked");
        await tidepool.UntilAsync("locked", WorkspaceStatus.Running);
        var (server, worker) = (tidepool.PidOf("server"), tidepool.PidOf("worker"));

        Task<HttpResponseMessage> waiting;
        await using (await HoldAsync())
        {
            waiting = CreateAsync("locked-briefly");
            await AnotherGivesUpAsync(Short);
            Assert.False(waiting.IsCompleted);
        }

        using (var created = await waiting)
        {
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        }

        // In the middle of making that one, and with an intent that is still to be carried out.
        Assert.True((await tidepool.Api.StopAsync("locked")).Succeeded);
        await using (await HoldAsync())
        {
            waiting = CreateAsync("locked-long");
            var until = AnotherGivesUpAsync(Long);
            Assert.True((await tidepool.Api.ListAsync()).Succeeded);
            using (var refused = await waiting)
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
                Assert.NotNull(refused.Headers.RetryAfter);
                var problem = await refused.Content.ReadFromJsonAsync<ProblemResponse>(TestContext.Current.CancellationToken);
                Assert.Equal(ProblemCodes.DependencyDown, problem!.Code);
                Assert.Contains("database", problem.Detail, StringComparison.Ordinal);
            }

            await until;
        }

        await tidepool.UntilAsync("locked", WorkspaceStatus.Stopped);
        await tidepool.UntilAsync("locked-briefly", WorkspaceStatus.Running);
        await tidepool.CreateAsync("locked-long");
        await tidepool.UntilAsync("locked-long", WorkspaceStatus.Running);
        Assert.Equal((server, worker), (tidepool.PidOf("server"), tidepool.PidOf("worker")));
        await Task.WhenAll(new[] { "locked", "locked-briefly", "locked-long" }.Select(tidepool.RemoveAsync));
    }

    private Task<HttpResponseMessage> CreateAsync(string name) =>
        tidepool.Http.PostAsJsonAsync(new Uri("api/workspaces", UriKind.Relative), new CreateWorkspaceRequest(name, MemoryMiB: 1024), TidepoolJson.Default.CreateWorkspaceRequest);

    private async Task<SqliteConnection> HoldAsync()
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(tidepool.State, "database", "tidepool.db")};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);

        // Until the connection is closed.
        await connection.BeginTransactionAsync(IsolationLevel.Serializable, TestContext.Current.CancellationToken);
        return connection;
    }

    /// <summary>As long as a third writer waits for its turn, which does not come.</summary>
    private Task AnotherGivesUpAsync(int seconds) => Task.Run(async () =>
    {
        await using var third = new SqliteConnection($"Data Source={Path.Combine(tidepool.State, "database", "tidepool.db")};Pooling=False;Default Timeout={seconds}");
        await third.OpenAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<SqliteException>(async () => await third.BeginTransactionAsync(IsolationLevel.Serializable, TestContext.Current.CancellationToken));
    });
}
