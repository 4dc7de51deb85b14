using System.Net;
using Tidepool.Contracts;

namespace Tidepool.App.Workspaces;

/// <summary>How well what is shown can be trusted.</summary>
internal enum FeedConnection
{
    Connecting,
    Live,

    /// <summary>The stream cannot be kept; the list is asked for regularly instead.</summary>
    Polling,
    Lost,
    SignedOut,
}

/// <summary>
/// All workspaces as the server last reported them: one stream for the whole page, resumed where it broke, with the plain list as
/// its fallback where something on the way does not let streams through.
/// </summary>
internal sealed class WorkspaceFeed(TidepoolClient api, TimeProvider time) : IDisposable
{
    private const int StreamFailuresBeforePolling = 3;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(15);
    private readonly Dictionary<string, WorkspaceResponse> workspaces = [];

    /// <summary>Ids that the stream reported as removed. An id is never used again, but an older answer may come later.</summary>
    private readonly HashSet<string> removed = [];
    private readonly CancellationTokenSource stop = new();
    private Task? running;
    private string? lastEventId;

    /// <summary>Something that is shown has changed.</summary>
    public event Action? Changed;

    public FeedConnection Connection { get; private set; }

    /// <summary>Whether the first answer has come.</summary>
    public bool Loaded { get; private set; }

    /// <summary>The last thing worth saying aloud.</summary>
    public string Announcement { get; private set; } = "";

    /// <summary>Newest first.</summary>
    public IReadOnlyList<WorkspaceResponse> Workspaces =>
        [.. workspaces.Values.OrderByDescending(w => w.CreatedAt).ThenBy(w => w.Name, StringComparer.Ordinal)];

    public WorkspaceResponse? Find(string name) => workspaces.Values.FirstOrDefault(w => w.Name == name);

    public void Start() => running ??= RunAsync();

    /// <summary>What an answer of the server to a command showed; the stream may tell it later once more.</summary>
    public void Take(WorkspaceResponse workspace)
    {
        Put(workspace);
        Changed?.Invoke();
    }

    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
    }

    private async Task RunAsync()
    {
        var failures = 0;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await LoadAsync();
                failures = await FollowAsync() ? 0 : failures + 1;
            }
            catch (HttpRequestException fault) when (fault.StatusCode == HttpStatusCode.Unauthorized)
            {
                Show(FeedConnection.SignedOut);
                failures++;
            }
            catch (Exception) when (!stop.IsCancellationRequested)
            {
                failures++;
                Show(failures > 1 ? FeedConnection.Lost : Connection);
            }

            if (failures >= StreamFailuresBeforePolling && Connection == FeedConnection.Live)
            {
                Show(FeedConnection.Polling);
            }

            await WaitAsync(failures);
        }
    }

    private async Task LoadAsync()
    {
        var found = new Dictionary<string, WorkspaceResponse>();
        string? cursor = null;
        do
        {
            var page = await api.ListAsync(100, cursor, stop.Token);
            if (page.Problem is { } problem)
            {
                throw new HttpRequestException(problem.Title, null, (HttpStatusCode?)problem.Status);
            }

            foreach (var workspace in page.Value!.Items)
            {
                found[workspace.Id] = workspace;
            }

            cursor = page.Value.NextCursor;
        }
        while (cursor is not null);

        foreach (var gone in workspaces.Keys.Except(found.Keys).ToList())
        {
            workspaces.Remove(gone);
        }

        foreach (var workspace in found.Values)
        {
            Put(workspace);
        }

        Loaded = true;
        Show(FeedConnection.Live);
    }

    /// <summary>Follows until the stream ends. Whether it brought anything at all.</summary>
    private async Task<bool> FollowAsync()
    {
        var brought = false;
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        using var watchdog = time.CreateTimer(_ => silence.Cancel(), null, Silence, Timeout.InfiniteTimeSpan);
        await foreach (var change in api.EventsAsync(lastEventId, silence.Token))
        {
            brought = true;
            watchdog.Change(Silence, Timeout.InfiniteTimeSpan);
            lastEventId = change.Id ?? lastEventId;
            if (change.Changed is { } workspace)
            {
                Put(workspace);
            }
            else if (change.Removed is { } gone && removed.Add(gone.Id) && workspaces.Remove(gone.Id))
            {
                Announcement = $"{gone.Name} is deleted.";
            }

            Changed?.Invoke();
        }

        return brought;
    }

    private void Put(WorkspaceResponse workspace)
    {
        if (removed.Contains(workspace.Id))
        {
            return;
        }

        if (workspaces.TryGetValue(workspace.Id, out var before))
        {
            if (before.Version > workspace.Version)
            {
                return;
            }

            if (before.Status != workspace.Status)
            {
                Announcement = $"{workspace.Name} is {WorkspaceWords.Status(workspace.Status).ToLowerInvariant()}.";
            }
            else if (workspace.Ports.FirstOrDefault(p => before.Ports.Any(b => b.Port == p.Port && b.Answers != p.Answers)) is { } port)
            {
                Announcement = $"Port {port.Port} of {workspace.Name} {(port.Answers ? "answers" : "no longer answers")}.";
            }
        }

        workspaces[workspace.Id] = workspace;
    }

    private void Show(FeedConnection connection)
    {
        Connection = connection;
        Changed?.Invoke();
    }

    private async Task WaitAsync(int failures)
    {
        var pause = failures switch
        {
            0 => TimeSpan.FromMilliseconds(200),
            _ when Connection == FeedConnection.Polling => PollInterval,
            _ => TimeSpan.FromSeconds(Math.Min(LongestBackOff.TotalSeconds, Math.Pow(2, failures - 1))) * (0.75 + (Random.Shared.NextDouble() / 2)),
        };
        try
        {
            await Task.Delay(pause, time, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The page is going away.
        }
    }
}
