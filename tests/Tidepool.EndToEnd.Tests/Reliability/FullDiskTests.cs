using System.Net;
using System.Text.Json;
using Tidepool.Contracts;
using Tidepool.EndToEnd.Tests.Isolation;

namespace Tidepool.EndToEnd.Tests.Reliability;

/// <summary>A real Tidepool whose state directory lies on a small disk of its own, which others fill; and whose pool is filled from within.</summary>
[Collection(WholeTidepool.Name)]
public sealed class FullDiskTests : IAsyncLifetime
{
    private const int DiskGiB = 9;
    private const int MostWrites = 400;
    private readonly string place = Directory.CreateTempSubdirectory("tp-disk-").FullName;
    private RunningTidepool? own;

    private string Mounted => Path.Combine(place, "d");

    private string Ballast => Path.Combine(Mounted, "ballast");

    private RunningTidepool Tidepool => own!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "A disk of its own needs Linux and root.");
        Directory.CreateDirectory(Mounted);
        await OutsideWorld.ShellAsync($"truncate -s {DiskGiB}G {place}/disk.img && mkfs.ext4 -q -F -m 0 {place}/disk.img && mount -o loop {place}/disk.img {Mounted}");
        own = new RunningTidepool { State = Path.Combine(Mounted, "state") };
        Directory.CreateDirectory(own.State);
        await own.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        File.Delete(Ballast);
        if (own is not null)
        {
            await own.DisposeAsync();
        }

        await OutsideWorld.ShellAsync($"umount {Mounted} || umount --lazy {Mounted}; rm -rf {place}", mayFail: true);
    }

    [Fact]
    public async Task A_full_disk_or_pool_refuses_in_plain_words_before_damage_and_loses_nothing()
    {
        await Tidepool.CreateAsync("kept");
        await Tidepool.UntilAsync("kept", WorkspaceStatus.Running);
        await Until.TrueAsync("the editor answers", EditorAnswersAsync);

        await FullPoolAsync();
        await LowDiskAsync();
        await FullDiskAsync();

        // Space is back.
        File.Delete(Ballast);
        Assert.Equal("Running", Assert.Single(await Tidepool.InstancesAsync()).Value);
        Assert.Equal(["kept"], (await Tidepool.Api.ListAsync()).Value!.Items.Select(w => w.Name));
        await Tidepool.CreateAsync("after");
        await Tidepool.UntilAsync("after", WorkspaceStatus.Running);
        Assert.True(await EditorAnswersAsync());
        Assert.True((await Tidepool.Api.StopAsync("kept")).Succeeded);
        await Tidepool.UntilAsync("kept", WorkspaceStatus.Stopped);
        Assert.True((await Tidepool.Api.StartAsync("kept")).Succeeded);
        await Tidepool.UntilAsync("kept", WorkspaceStatus.Running);
        Assert.Contains("ok    TP-DISK-001", await DoctorAsync(), StringComparison.Ordinal);
    }

    /// <summary>The workspaces' own storage has no space left: a new workspace fails with its name, and running ones go on.</summary>
    private async Task FullPoolAsync()
    {
        var (incus, pool) = (Tidepool.PidOf("incusd"), await FindPoolAsync());
        await OutsideWorld.ShellAsync($"nsenter --target {incus} --mount sh -c 'for size in 1G 100M 10M 1M 64K 4K; do for i in $(seq 20); do fallocate -l $size {pool}/ballast.$size.$i 2>/dev/null || break; done; done; sync -f {pool}'");
        await Tidepool.CreateAsync("no-room");
        var failed = await Tidepool.UntilAsync("no-room", WorkspaceStatus.Error);
        Assert.Equal("storage-full", failed.Error!.Code);
        Assert.Contains("The storage pool 'tidepool-", failed.Error.Message, StringComparison.Ordinal);
        Assert.True(await EditorAnswersAsync());
        await OutsideWorld.ShellAsync($"nsenter --target {incus} --mount sh -c 'rm {pool}/ballast.*'");
        await Tidepool.RemoveAsync("no-room");
    }

    /// <summary>Where the daemon has it mounted. By its name: other Tidepools' pools may be mounted beside it, and must not be filled.</summary>
    private async Task<string> FindPoolAsync()
    {
        using var settings = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Tidepool.State, "settings.json")));
        var name = settings.RootElement.EnumerateObject().Single().Value.GetProperty("Incus").GetProperty("Pool").GetString()!;
        var mounts = await File.ReadAllLinesAsync($"/proc/{Tidepool.PidOf("incusd")}/mounts");
        return Assert.Single(mounts.Select(line => line.Split(' ')[1]).Distinct(), path => path.EndsWith("/storage-pools/" + name, StringComparison.Ordinal));
    }

    private async Task LowDiskAsync()
    {
        await FillAsync(leaveMiB: 300);
        var refused = await Tidepool.Api.CreateAsync(new CreateWorkspaceRequest("too-late", MemoryMiB: 1024));
        Assert.Equal((ProblemCodes.CapacityExhausted, "disk"), (refused.Problem?.Code, refused.Problem?.Resource));
        Assert.Contains(Tidepool.State, refused.Problem!.Detail, StringComparison.Ordinal);
        Assert.Contains("fail  TP-DISK-001", await DoctorAsync(), StringComparison.Ordinal);

        // What is there can still be used.
        Assert.True((await Tidepool.Api.StopAsync("kept")).Succeeded);
        await Tidepool.UntilAsync("kept", WorkspaceStatus.Stopped);
        Assert.True((await Tidepool.Api.StartAsync("kept")).Succeeded);
        await Tidepool.UntilAsync("kept", WorkspaceStatus.Running);
    }

    private async Task FullDiskAsync()
    {
        await FillAsync(leaveMiB: 0);
        Assert.Equal(ProblemCodes.StorageFull, await WriteUntilRefusedAsync());
        var (server, worker) = (Tidepool.PidOf("server"), Tidepool.PidOf("worker"));
        Assert.True((await Tidepool.Api.ListAsync()).Succeeded);
        Assert.True(await EditorAnswersAsync());

        // What dies now is started again all the same.
        await OutsideWorld.ShellAsync($"kill -9 {server}");
        await Until.TrueAsync("the server answers again", async () => (await Tidepool.Api.ListAsync()).Succeeded);
        Assert.True(Directory.Exists($"/proc/{worker}"));
    }

    /// <summary>Small writes, one after another, until one is refused; how.</summary>
    private async Task<string?> WriteUntilRefusedAsync()
    {
        for (var i = 0; i < MostWrites; i++)
        {
            var answer = i % 2 == 0 ? (await Tidepool.Api.RegisterPortAsync("kept", new RegisterPortRequest(3000))).Problem : (await Tidepool.Api.UnregisterPortAsync("kept", 3000)).Problem;
            if (answer is not null)
            {
                Assert.Contains("Free space", answer.Detail, StringComparison.Ordinal);
                return answer.Code;
            }
        }

        return null;
    }

    /// <summary>As another program on this disk would, with something that takes no time to write.</summary>
    private async Task FillAsync(int leaveMiB)
    {
        await OutsideWorld.ShellAsync("sync");
        var free = new DriveInfo(Mounted).AvailableFreeSpace - ((long)leaveMiB << 20);
        await OutsideWorld.ShellAsync($"fallocate --length $(( $(stat --format %s {Ballast} 2>/dev/null || echo 0) + {free} )) {Ballast}", mayFail: true);
        if (leaveMiB == 0)
        {
            await OutsideWorld.ShellAsync($"dd if=/dev/zero of={Ballast} bs=4k oflag=append conv=notrunc", mayFail: true);
        }
    }

    private async Task<string> DoctorAsync() => (await Tidepool.CliAsync(["doctor"], mayFail: true)).StandardOutput;

    private async Task<bool> EditorAnswersAsync()
    {
        using var answer = await Tidepool.Http.GetAsync(new Uri(Tidepool.WorkspaceUrl("kept") + "healthz"));
        return answer.StatusCode == HttpStatusCode.OK;
    }
}
