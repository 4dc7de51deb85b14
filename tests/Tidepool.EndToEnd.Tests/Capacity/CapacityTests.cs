using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Capacity;

/// <summary>A Tidepool with room for three workspaces of 1 GiB.</summary>
[Collection(WholeTidepool.Name)]
public sealed partial class CapacityTests : IAsyncLifetime
{
    private const int Room = 3;
    private readonly RunningTidepool own = new() { WorkspaceMemory = Room * 1024 };

    public ValueTask InitializeAsync() => own.InitializeAsync();

    public ValueTask DisposeAsync() => own.DisposeAsync();

    [Fact]
    public async Task Requests_never_overbook_and_the_least_recently_used_makes_room()
    {
        var names = await OverbookAsync();
        var (first, second, third) = (names[0], names[1], names[2]);

        // Used in this order: the first by requests, the third by a connection that stays open, the second not at all.
        await UseAsync(first);
        using (await EditorSocket.ConnectAsync(own, third))
        {
            await UsedAsync(third);
        }

        var refused = await own.Api.CreateAsync(new CreateWorkspaceRequest("more", MemoryMiB: 1024));
        Assert.Equal((ProblemCodes.CapacityExhausted, "memory", 1024, 0), (refused.Problem?.Code, refused.Problem?.Resource, refused.Problem?.Needed, refused.Problem?.Available));
        Assert.Equal(second, refused.Problem?.LeastRecentlyAccessed?.Name);
        await NoSecretIsNotedAsync();

        await CommandLineMakesRoomAsync(second);
        await PageMakesRoomAsync(second, first);
        await LessRoomAsync(second);
    }

    /// <summary>Twenty at once: as many as there is room for are made, the refusals of the others name the workspace to stop.</summary>
    private async Task<List<string>> OverbookAsync()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => own.Api.CreateAsync(new CreateWorkspaceRequest($"asked-{i:00}", MemoryMiB: 1024))));
        var made = results.Where(r => r.Succeeded).Select(r => r.Value!).ToList();
        Assert.Equal(Room, made.Count);
        Assert.All(results.Where(r => !r.Succeeded), r => Assert.Contains(r.Problem!.LeastRecentlyAccessed!.Name, made.Select(w => w.Name)));
        foreach (var workspace in made)
        {
            await own.UntilAsync(workspace.Id, WorkspaceStatus.Running);
        }

        var capacity = (await own.Api.CapacityAsync()).Value!;
        Assert.Equal((Room * 1024, Room * 1024, 0), (capacity.Budget.MemoryMiB, capacity.InUse.MemoryMiB, capacity.Available.MemoryMiB));
        Assert.Equal(Room, capacity.Workspaces.Count);
        Assert.Equal(Room, (await own.InstancesAsync()).Count);
        return [.. made.OrderBy(w => w.CreatedAt).Select(w => w.Name)];
    }

    private async Task CommandLineMakesRoomAsync(string oldest)
    {
        var refused = await own.CliAsync(["new", "more", "--memory", "1024"], mayFail: true);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"Stop '{oldest}'", refused.StandardError, StringComparison.Ordinal);
        Assert.Contains("--make-room", refused.StandardError, StringComparison.Ordinal);

        await own.CliAsync(["new", "more", "--memory", "1024", "--make-room", "--wait"]);
        Assert.Equal(WorkspaceStatus.Stopped, (await own.Api.GetAsync(oldest)).Value!.Status);
        Assert.Equal(WorkspaceStatus.Running, (await own.Api.GetAsync("more")).Value!.Status);
        Assert.Contains(oldest, (await own.CliAsync(["capacity"])).StandardOutput, StringComparison.Ordinal);
        await UseAsync("more");
    }

    /// <summary>With the keyboard alone, once the dialog is there.</summary>
    private async Task PageMakesRoomAsync(string stopped, string oldest)
    {
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;
        await page.GotoAsync(own.AppUrl + "capacity");
        await Assertions.Expect(page.GetByText("3 of 3 GiB in use")).ToBeVisibleAsync();
        await browser.ShootAsync("capacity");

        await page.GotoAsync(own.AppUrl + "workspaces/" + stopped);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = Start() }).First.ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog.GetByRole(AriaRole.Checkbox)).ToHaveCountAsync(Room);
        await Assertions.Expect(dialog.GetByRole(AriaRole.Checkbox).First).ToHaveAccessibleNameAsync(new Regex($"^{oldest} .* last used"));
        await Assertions.Expect(dialog.GetByRole(AriaRole.Checkbox, new() { Checked = true })).ToHaveCountAsync(1);
        await browser.ShootAsync("no-room");
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = $"Stop {oldest} and start {stopped}" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(own.WorkspaceUrl(stopped) + "**");
        Assert.Equal(WorkspaceStatus.Stopped, (await own.Api.GetAsync(oldest)).Value!.Status);
    }

    /// <summary>A machine that comes up with less memory: those used last come back.</summary>
    private async Task LessRoomAsync(string lastUsed)
    {
        await UsedAsync(lastUsed);
        var running = (await own.Api.CapacityAsync()).Value!.Workspaces.Where(w => w.MemoryMiB > 0).Select(w => w.Name).ToList();
        Assert.Equal((Room, lastUsed), (running.Count, running[0]));

        await own.CliAsync(["down"]);
        own.WorkspaceMemory = (Room - 1) * 1024;
        await own.UpAsync();

        await own.UntilAsync(running[0], WorkspaceStatus.Running);
        await own.UntilAsync(running[1], WorkspaceStatus.Running);
        await own.UntilAsync(running[2], WorkspaceStatus.Stopped);
        Assert.Contains((await own.Api.ActivityAsync(running[2])).Value!.Items, a => a is { Verb: "stop", Actor: "system" } && a.Detail?.Contains("no room", StringComparison.Ordinal) == true);
    }

    private async Task UseAsync(string name)
    {
        using var response = await own.Http.GetAsync(new Uri(own.WorkspaceUrl(name) + "healthz?secret=question"));
        Assert.True(response.IsSuccessStatusCode);
        await UsedAsync(name);
    }

    private Task UsedAsync(string name) =>
        Until.TrueAsync($"{name} is known to be used", async () => (await own.Api.GetAsync(name)).Value?.LastAccessedAt is not null);

    private async Task NoSecretIsNotedAsync()
    {
        var file = Path.Combine(own.State, "caddy", "own", "access.log");
        var text = await File.ReadAllTextAsync(file);
        foreach (var secret in new[] { RunningTidepool.Password, RunningTidepool.Credentials(RunningTidepool.Password), "question", "tidepool_session", "Cookie", "Authorization" })
        {
            Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase);
        }

        Assert.All(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Equal(["ts", "workspace"], JsonDocument.Parse(line).RootElement.EnumerateObject().Select(p => p.Name).Order()));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [GeneratedRegex("^start", RegexOptions.IgnoreCase)]
    private static partial Regex Start();
}
