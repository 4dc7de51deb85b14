using System.Globalization;
using System.Net;
using Tidepool.Contracts;
using Tidepool.EndToEnd.Tests.Isolation;

namespace Tidepool.EndToEnd.Tests.Reliability.Power;

/// <summary>
/// The power goes in the middle of work: every process of Tidepool ends, and the disk of the state directory, with the workspaces'
/// disks on it, loses what it was not told to flush. Up again from what is left, everything that was acknowledged is there.
/// <c>TIDEPOOL_POWER_ROUNDS</c> says how often, <c>TIDEPOOL_KILL_SEED</c> repeats the choices of an earlier run;
/// <c>bench/power-loss</c> runs the long form.
/// </summary>
[Collection(WholeTidepool.Name)]
public sealed class PowerLossTests : IAsyncLifetime
{
    private const int Port = 3000;
    private const int LatestWrite = 2000;
    private const int MostAnswers = 12;
    private static readonly string[] Names = ["dock", "pier", "reef"];
    private readonly string folder = Directory.CreateTempSubdirectory("tp-power-").FullName;
    private readonly List<string> report = [];
    private readonly Promise[] workspaces = new Promise[Names.Length];
    private readonly List<Promise> deleted = [];
    private RunningTidepool? tidepool;
    private VolatileDisk? disk;
    private Computer? computer;
    private int made;
    private int acknowledged;

    private string Platter => Path.Combine(folder, "platter");

    private string Mounted => Path.Combine(folder, "mounted");

    private TidepoolClient Api => tidepool!.Api;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root" && File.Exists("/dev/fuse"), "A disk of its own needs Linux with FUSE, and root.");
        Directory.CreateDirectory(Mounted);
        await OutsideWorld.ShellAsync($"truncate -s 20G {Platter} && mkfs.ext4 -q -F -N 100000 {Platter}");
        tidepool = new RunningTidepool { State = Path.Combine(Mounted, "state"), Image = ContainerImage() };
        await PowerOnAsync();
        Directory.CreateDirectory(tidepool.State);
        await tidepool.InitializeAsync();

        // The image that was copied; `tidepool setup` writes the one it builds through by itself.
        await OutsideWorld.ShellAsync($"sync -f {Mounted}");
    }

    public async ValueTask DisposeAsync()
    {
        if (tidepool is not null && computer is not null)
        {
            await tidepool.DisposeAsync();
        }

        await PowerOffAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Whatever_was_acknowledged_is_there_after_the_power_went()
    {
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("TIDEPOOL_POWER_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 2;
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TIDEPOOL_KILL_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var chosen) ? chosen : Environment.TickCount;
        var random = new Random(seed);
        for (var slot = 0; slot < Names.Length; slot++)
        {
            workspaces[slot] = Next(slot);
        }

        await AllRunAsync();
        for (var round = 0; round < rounds; round++)
        {
            // Early writes are as likely as late ones: the first few belong to one request.
            var (answers, write) = (random.Next(1, MostAnswers), (int)Math.Exp(random.NextDouble() * Math.Log(LatestWrite)));
            var story = $"seed {seed}, round {round}: power lost at write {write} after acknowledgement {answers}";
            try
            {
                await RoundAsync(random, answers, write, story);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                throw new InvalidOperationException($"{story}\n{string.Join('\n', report)}", fault);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', report));
    }

    private async Task RoundAsync(Random random, int answers, int write, string story)
    {
        using var off = new CancellationTokenSource();
        var before = acknowledged;
        var working = Enumerable.Range(0, Names.Length).Select(slot => WorkAsync(slot, new Random(random.Next()), off.Token)).ToList();
        await Until.TrueAsync($"{answers} requests are acknowledged", async () => Volatile.Read(ref acknowledged) >= before + answers);
        await disk!.CutAfterAsync(random.Next(), write);
        var cut = await disk.UntilCutAsync();
        await off.CancelAsync();
        await PowerOffAsync();
        await Task.WhenAll(working);

        var began = TimeProvider.System.GetTimestamp();
        await PowerOnAsync();
        await tidepool!.UpAsync();
        await KeptAsync();
        await AgreeAsync();
        var agreed = TimeProvider.System.GetElapsedTime(began);
        report.Add(string.Create(CultureInfo.InvariantCulture, $"{story} of {acknowledged - before}; {cut.Lost} of {cut.Unflushed} unflushed blocks lost; up and agreed after {agreed.TotalSeconds:0.0} s"));
        await AllRunAsync();
        await FilesKeptAsync();
    }

    /// <summary>One thing after another with one workspace, or with the next when that one was deleted, as the first is at once.</summary>
    private async Task WorkAsync(int slot, Random random, CancellationToken off)
    {
        try
        {
            if (slot == 0 && !await DeleteAsync(workspaces[slot]))
            {
                return;
            }

            while (await DoSomethingAsync(slot, random))
            {
                if (random.Next(2) == 0)
                {
                    await SettledAsync(workspaces[slot], off);
                }

                off.ThrowIfCancellationRequested();
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            // The power is gone. What was just asked for stays in doubt.
        }
    }

    private async Task<bool> DoSomethingAsync(int slot, Random random)
    {
        var workspace = workspaces[slot];
        if (workspace.State.Desired == DesiredState.Deleted)
        {
            lock (deleted)
            {
                deleted.Add(workspace);
            }

            return await CreateAsync(workspaces[slot] = Next(slot));
        }

        var (before, saved) = (workspace.State, workspace.Saved);
        var label = random.Next().ToString("x", CultureInfo.InvariantCulture);
        var answered = random.Next(6) switch
        {
            0 => await DeleteAsync(workspace),
            1 => await workspace.AskAsync(before with { PortLabel = label }, () => Api.RegisterPortAsync(workspace.Id!, new RegisterPortRequest(Port, label))),
            2 or 3 when await RunsAsync(workspace) => await workspace.SaveAsync(label, () => SaveAsync(workspace, label)),
            _ when before.Desired == DesiredState.Running => await workspace.AskAsync(before with { Desired = DesiredState.Stopped }, () => Api.StopAsync(workspace.Id!)),
            _ => await workspace.AskAsync(before with { Desired = DesiredState.Running }, () => Api.StartAsync(workspace.Id!)),
        };
        Count((before, saved) != (workspace.State, workspace.Saved) && workspace.State.Desired != DesiredState.Deleted);
        return answered;
    }

    private async Task<bool> DeleteAsync(Promise workspace)
    {
        var answered = await workspace.AskAsync(PromisedState.Absent, () => Api.DeleteAsync(workspace.Id!));
        Count(workspace.State.Desired == DesiredState.Deleted);
        return answered;
    }

    private async Task<bool> CreateAsync(Promise workspace)
    {
        var answered = await workspace.AskAsync(new PromisedState(DesiredState.Running, null), () => Api.CreateAsync(new CreateWorkspaceRequest(workspace.Name, MemoryMiB: 512)));
        Count(workspace.Id is not null);
        return answered;
    }

    private void Count(bool isAcknowledged) => Interlocked.Add(ref acknowledged, isAcknowledged ? 1 : 0);

    private async Task<bool> RunsAsync(Promise workspace) =>
        (await Api.GetAsync(workspace.Id!)).Value is { Status: WorkspaceStatus.Running, DesiredState: DesiredState.Running };

    /// <summary>As a careful program saves: whole or not at all, and on the disk before it says so.</summary>
    private async Task<bool> SaveAsync(Promise workspace, string text)
    {
        using var shell = new WorkspaceShell(tidepool!.State, workspace.Id!);
        return (await shell.RunAsync($"cd /root && echo {text} >kept.new && sync kept.new && mv kept.new kept && sync .")).ExitCode == 0;
    }

    private Task SettledAsync(Promise workspace, CancellationToken off) => Until.TrueAsync($"{workspace.Name} is as wanted", async () =>
    {
        off.ThrowIfCancellationRequested();
        return (await Api.GetAsync(workspace.Name)).Value is null or { Status: WorkspaceStatus.Running, DesiredState: DesiredState.Running } or { Status: WorkspaceStatus.Stopped, DesiredState: DesiredState.Stopped };
    });

    /// <summary>At once, before anything is repaired: it is the database that must have kept it.</summary>
    private async Task KeptAsync()
    {
        var shown = (await Api.ListAsync()).Value!.Items;
        Assert.All(workspaces.Concat(deleted), workspace =>
        {
            var promised = workspace.ToString();
            Assert.True(workspace.IsKeptBy(shown.SingleOrDefault(w => w.Name == workspace.Name)), $"Promised {promised}; shown {shown.SingleOrDefault(w => w.Name == workspace.Name)}");
        });
    }

    private async Task FilesKeptAsync()
    {
        foreach (var workspace in workspaces)
        {
            var promised = workspace.ToString();
            using var shell = new WorkspaceShell(tidepool!.State, workspace.Id!);
            var file = (await shell.RunAsync("cat /root/kept || true")).Output.Trim();
            Assert.True(workspace.IsKeptBy(file.Length == 0 ? null : file), $"Promised {promised}; the file says '{file}'.");
        }
    }

    private async Task AgreeAsync()
    {
        var seen = "";
        try
        {
            await Until.TrueAsync("wanted and seen agree", async () =>
            {
                var listed = (await Api.ListAsync()).Value!.Items;
                var instances = await tidepool!.InstancesAsync();
                seen = $"{string.Join('\n', listed)}\n{string.Join(", ", instances)}\n{string.Join('\n', workspaces.Concat(deleted))}";
                return listed.All(w => (w.DesiredState, w.Status) is (DesiredState.Running, WorkspaceStatus.Running) or (DesiredState.Stopped, WorkspaceStatus.Stopped))
                    && listed.Count == workspaces.Count(w => w.State.Desired != DesiredState.Deleted)
                    && !instances.Keys.Except(listed.Select(InstanceOf)).Any()
                    && listed.All(w => instances.GetValueOrDefault(InstanceOf(w)) is var instance && (instance == w.Status.ToString() || (instance is null && WasStoppedBeforeItWasMade(w))));
            });
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message} Seen last:\n{seen}\n{tidepool!.LogEnd("worker")}", timeout);
        }

        foreach (var running in (await Api.ListAsync()).Value!.Items.Where(w => w.Status == WorkspaceStatus.Running))
        {
            await Until.TrueAsync($"the editor of {running.Name} answers", async () =>
            {
                using var answer = await tidepool!.Http.GetAsync(new Uri(tidepool.WorkspaceUrl(running.Name) + "healthz"));
                return answer.StatusCode == HttpStatusCode.OK;
            });
        }
    }

    private static string InstanceOf(WorkspaceResponse workspace) => "ws-" + workspace.Id["ws_".Length..];

    /// <summary>Its machine is made when it is started.</summary>
    private static bool WasStoppedBeforeItWasMade(WorkspaceResponse workspace) => workspace is { Status: WorkspaceStatus.Stopped, StartedAt: null };

    /// <summary>What each round begins with, and what the files are read from.</summary>
    private async Task AllRunAsync()
    {
        for (var slot = 0; slot < Names.Length; slot++)
        {
            var workspace = workspaces[slot];
            if (workspace.State.Desired == DesiredState.Deleted)
            {
                deleted.Add(workspace);
                await CreateAsync(workspaces[slot] = Next(slot));
            }
            else if (workspace.State.Desired == DesiredState.Stopped)
            {
                await workspace.AskAsync(workspace.State with { Desired = DesiredState.Running }, () => Api.StartAsync(workspace.Id!));
            }
        }

        foreach (var workspace in workspaces)
        {
            await tidepool!.UntilAsync(workspace.Id!, WorkspaceStatus.Running);
        }
    }

    private Promise Next(int slot) => new($"{Names[slot]}-{Interlocked.Increment(ref made)}");

    private async Task PowerOnAsync()
    {
        disk = await VolatileDisk.StartAsync(folder, Platter);

        // Without the background work of a new file system, whose writes would be most of what is counted.
        await OutsideWorld.ShellAsync($"mount -o loop,noinit_itable {disk.File} {Mounted}");
        computer = await Computer.StartAsync();
        tidepool!.StartedBy = computer.Starts;
    }

    private async Task PowerOffAsync()
    {
        if (computer is not null)
        {
            await computer.DisposeAsync();
            computer = null;
        }

        await OutsideWorld.ShellAsync($"umount {Mounted}", mayFail: true);
        if (disk is not null)
        {
            // The mounts of the processes that were killed end a little later than they do.
            await Until.TrueAsync("nothing has the disk open", async () => !(await OutsideWorld.ShellAsync("losetup --list --noheadings --output BACK-FILE")).Contains(folder, StringComparison.Ordinal));
            await disk.DisposeAsync();
            disk = null;
        }
    }

    /// <summary>The image without the files for virtual machines, which would only take time to copy.</summary>
    private string ContainerImage()
    {
        var all = Environment.GetEnvironmentVariable("TIDEPOOL_TEST_IMAGE");
        Assert.SkipWhen(all is null, "No workspace image was built: run ./test, which builds it and sets TIDEPOOL_TEST_IMAGE.");
        var image = Directory.CreateDirectory(Path.Combine(folder, "image")).FullName;
        foreach (var file in new[] { "manifest.json", "metadata.tar.xz", "rootfs.squashfs" })
        {
            File.CreateSymbolicLink(Path.Combine(image, file), Path.Combine(all, file));
        }

        return image;
    }
}
