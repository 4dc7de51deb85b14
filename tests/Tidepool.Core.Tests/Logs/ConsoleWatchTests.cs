using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Logs;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Host.Logs;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Logs;

public sealed class ConsoleWatchTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("tidepool-logs-").FullName;
    private readonly FakeTimeProvider time = new(Sample.Start);
    private readonly InMemoryStore store;
    private readonly InMemoryRuntime machines = new();
    private readonly WorkspaceLogFiles log;
    private ConsoleWatch watch;
    private int asked;

    public ConsoleWatchTests()
    {
        store = new InMemoryStore(new InMemoryJobTable(), time);
        log = new WorkspaceLogFiles(root, time, NullLogger<WorkspaceLogFiles>.Instance);
        watch = Watch();
        machines.Before = (verb, _) =>
        {
            asked += verb == "console" ? 1 : 0;
            return Task.CompletedTask;
        };
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_guest_writes_is_in_the_log_line_by_line()
    {
        var demo = await AddAsync(WorkspaceStatus.Starting);
        Say(demo, "one\r\ntwo\n\n  \nthr");
        await LookAsync();
        Assert.Equal(["one", "two"], await ConsoleAsync());

        Say(demo, "ee\n");
        await LookAsync();
        Assert.Equal(["one", "two", "three"], await ConsoleAsync());
    }

    [Fact]
    public async Task A_line_has_the_time_of_the_log_alone_and_not_the_editors_as_well()
    {
        var demo = await AddAsync(WorkspaceStatus.Running);
        Say(demo, "[2026-11-27T04:36:59.303Z] \u001b[38;2;0;143;191minfo  \u001b[0m  - Not serving HTTPS\r\n");
        Say(demo, "\u001b[90m[04:37:05]\u001b[0m \r\n\r\n\u001b[90m[04:37:05]\u001b[0m Extension host agent started.\r\n");
        Say(demo, "took [04:37:05] and [x] 1\n[10.0.0.1][abea45b9] New connection established.\n");
        await LookAsync();
        Assert.Equal(
            ["\u001b[38;2;0;143;191minfo  \u001b[0m  - Not serving HTTPS", "Extension host agent started.", "took [04:37:05] and [x] 1", "[10.0.0.1][abea45b9] New connection established."],
            await ConsoleAsync());
    }

    [Fact]
    public async Task Faults_that_are_none_are_left_out()
    {
        var demo = await AddAsync(WorkspaceStatus.Running);
        Say(demo, "File not found: /usr/lib/code-server/lib/vscode/node_modules/vsda/rust/web/vsda.js\r\n");
        Say(demo, "/usr/local/sbin/tidepool-shutdown: 5: kill: No such process\r\n");
        Say(demo, "File not found: /home/dev/vsda.js\r\nbash: kill: (7) - No such process\r\n");
        await LookAsync();
        Assert.Equal(["File not found: /home/dev/vsda.js", "bash: kill: (7) - No such process"], await ConsoleAsync());
    }

    [Fact]
    public async Task A_prompt_without_a_line_end_is_logged_once_nothing_follows_it()
    {
        var demo = await AddAsync(WorkspaceStatus.Starting);
        Say(demo, "login: ");
        await LookAsync();
        Assert.Empty(await ConsoleAsync());
        await LookAsync();
        await LookAsync();
        Assert.Equal(["login:"], await ConsoleAsync());
    }

    [Fact]
    public async Task A_worker_that_comes_later_goes_on_where_the_last_one_was_in_the_middle_of_a_line()
    {
        var demo = await AddAsync(WorkspaceStatus.Running);
        Say(demo, "one\ntw");
        await LookAsync();

        watch = Watch();
        Say(demo, "o\nthree\n");
        await LookAsync();
        Assert.Equal(["one", "two", "three"], await ConsoleAsync());
    }

    [Fact]
    public async Task The_next_workspace_of_a_name_does_not_go_on_where_the_last_one_was()
    {
        var demo = await AddAsync(WorkspaceStatus.Running);
        Say(demo, "of the first\n");
        await LookAsync();
        Assert.True(await store.TryRemoveAsync(await LeaseAsync(demo), demo, Sample.Requested(demo, Verbs.Delete), Token));

        var second = await AddAsync(WorkspaceStatus.Running);
        Say(second, "of the second\n");
        await LookAsync();
        Assert.Contains("of the second", await ConsoleAsync());
    }

    [Fact]
    public async Task The_last_output_of_a_machine_is_logged_and_then_it_is_polled_no_more()
    {
        var demo = await AddAsync(WorkspaceStatus.Stopped);
        Say(demo, "panic: no init");
        await LookAsync();
        Assert.Equal(["panic: no init"], await ConsoleAsync());

        await LookAsync(60);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task A_silent_machine_is_polled_rarely_and_a_starting_one_every_second()
    {
        var demo = await AddAsync(WorkspaceStatus.Running);
        await LookAsync(120);
        Assert.InRange(asked, 5, 15);

        asked = 0;
        await SaveAsync(demo with { Status = WorkspaceStatus.Stopping });
        await LookAsync();
        Say(demo, "going down\n");
        await LookAsync(2);
        Assert.Equal(["going down"], await ConsoleAsync());
    }

    [Fact]
    public async Task A_guest_that_floods_its_console_gets_little_of_it_into_the_log_and_the_newest()
    {
        var demo = await AddAsync(WorkspaceStatus.Running);
        for (var second = 0; second < 60; second++)
        {
            Say(demo, string.Concat(Enumerable.Range(0, 8000).Select(n => $"flood {second} {n}\n")));
            await LookAsync();
        }

        // As much as may come at once, and what a minute allows; in the log a line has a time and a source besides.
        var size = Directory.EnumerateFiles(Path.Combine(root, "demo")).Sum(file => new FileInfo(file).Length);
        Assert.InRange(size, 100_000, 1_000_000);
        var entries = (await log.ReadTailAsync(demo.Name, 10_000, Token)).Entries;
        Assert.Contains(entries, entry => entry.Source == LogSources.Lifecycle && entry.Message.Contains("left out", StringComparison.Ordinal));
        Assert.EndsWith(" 7999", entries[^1].Message, StringComparison.Ordinal);
        Assert.Equal(entries.Count, entries.Select(entry => entry.Message).Distinct().Count() + entries.Count(entry => entry.Source == LogSources.Lifecycle) - 1);
    }

    [Fact]
    public async Task A_runtime_that_cannot_be_asked_is_asked_again_and_nothing_is_lost()
    {
        var demo = await AddAsync(WorkspaceStatus.Starting);
        Say(demo, "one\n");
        machines.Before = (_, _) => throw new RuntimeException("runtime-down", "It is down.", isTransient: true);
        await LookAsync(3);
        Assert.Empty(await ConsoleAsync());

        machines.Before = (_, _) => Task.CompletedTask;
        await LookAsync(20);
        Assert.Equal(["one"], await ConsoleAsync());
    }

    [Fact]
    public async Task The_log_of_a_workspace_that_was_deleted_between_two_polls_is_set_aside()
    {
        await log.AppendAsync(WorkspaceName.Parse("gone"), [new LogEntry(time.GetUtcNow(), LogSources.Lifecycle, "delete: succeeded")], Token);
        var demo = await AddAsync(WorkspaceStatus.Running);
        Say(demo, "one\n");
        await LookAsync();
        Assert.Equal([demo.Name], log.Names());
    }

    public void Dispose()
    {
        log.Dispose();
        Directory.Delete(root, recursive: true);
    }

    private ConsoleWatch Watch() => new(store, machines, log, new ConsoleBookmarks(root), time, NullLogger<ConsoleWatch>.Instance);

    private async Task LookAsync(int times = 1)
    {
        for (var at = 0; at < times; at++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await watch.LookAsync(Token);
        }
    }

    private void Say(Workspace workspace, string text) => machines.Say(workspace.Instance, Encoding.UTF8.GetBytes(text));

    private async Task<IEnumerable<string>> ConsoleAsync() =>
        (await log.ReadTailAsync(WorkspaceName.Parse("demo"), 10_000, Token)).Entries.Where(entry => entry.Source == LogSources.Console).Select(entry => entry.Message);

    private async Task<Workspace> AddAsync(WorkspaceStatus status)
    {
        var workspace = Sample.Workspace(status: status, provisioned: true);
        await store.AddAsync(workspace, Sample.Requested(workspace, Verbs.Create), 100, CapacityBudget.Unlimited, Token);
        return (await store.FindAsync(workspace.Id, Token))!;
    }

    private async Task SaveAsync(Workspace workspace) =>
        Assert.True(await store.TrySaveObservationAsync(await LeaseAsync(workspace), workspace, null, Token));

    private async Task<Storage.Lease> LeaseAsync(Workspace workspace) =>
        (await store.TryAcquireAsync($"workspace:{workspace.Id}", "test", time.GetUtcNow(), TimeSpan.FromMinutes(10), Token))!;
}
