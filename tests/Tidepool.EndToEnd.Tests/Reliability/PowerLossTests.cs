using System.Globalization;
using System.Net;
using Tidepool.Contracts;
using Tidepool.EndToEnd.Tests.Isolation;

namespace Tidepool.EndToEnd.Tests.Reliability;

/// <summary>
/// The power goes at a random moment: the state directory is left as it stood on disk, and nothing else is left at all. The
/// directory lies on a btrfs of its own, whose snapshots are what a crash would leave. <c>TIDEPOOL_POWER_ROUNDS</c> says how often;
/// <c>bench/power-loss</c> runs the long form.
/// </summary>
[Collection(WholeTidepool.Name)]
public sealed class PowerLossTests : IAsyncLifetime
{
    private static readonly string[] Names = ["dock", "pier", "reef"];
    private readonly string folder = Directory.CreateTempSubdirectory("tp-power-").FullName;
    private readonly List<string> report = [];
    private RunningTidepool? tidepool;

    private string Disk => Path.Combine(folder, "disk");

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "A disk of its own needs Linux and root.");
        Directory.CreateDirectory(Disk);
        await OutsideWorld.ShellAsync($"truncate -s 20G {folder}/disk.img && mkfs.btrfs -q {folder}/disk.img && mount -o loop {folder}/disk.img {Disk} && btrfs subvolume create {Disk}/state");
        tidepool = new RunningTidepool { State = Path.Combine(Disk, "state") };
        await tidepool.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (tidepool is not null)
        {
            // The directory is a subvolume, which only btrfs removes.
            await tidepool.CliAsync(["uninstall", "--yes"], mayFail: true);
        }

        await OutsideWorld.ShellAsync($"umount {Disk}", mayFail: true);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Whatever_was_going_on_it_comes_up_again_and_converges()
    {
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("TIDEPOOL_POWER_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 2;
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TIDEPOOL_KILL_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var chosen) ? chosen : Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < rounds; round++)
        {
            var delay = TimeSpan.FromMilliseconds(random.Next(50, 2500));
            var doing = Task.WhenAll(Names.Select(name => DoSomethingAsync(name, random.Next(4))));
            await Task.Delay(delay, TimeProvider.System, TestContext.Current.CancellationToken);
            await OutsideWorld.ShellAsync($"btrfs subvolume snapshot {Disk}/state {Disk}/after");
            await doing;
            await tidepool!.CliAsync(["down"]);
            await OutsideWorld.ShellAsync($"btrfs subvolume delete {Disk}/state && mv {Disk}/after {Disk}/state");

            var began = TimeProvider.System.GetTimestamp();
            await tidepool.UpAsync();
            await ConvergedAsync($"seed {seed}, round {round}: power lost after {delay.TotalMilliseconds:0} ms");
            report.Add(string.Create(CultureInfo.InvariantCulture, $"seed {seed}, round {round}: power lost after {delay.TotalMilliseconds:0} ms; up and agreed after {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s"));
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', report));
    }

    private Task<ApiResult<WorkspaceResponse>> DoSomethingAsync(string name, int what) => what switch
    {
        0 => tidepool!.Api.StopAsync(name),
        1 => tidepool!.Api.DeleteAsync(name),
        2 => tidepool!.Api.StartAsync(name),
        _ => tidepool!.Api.CreateAsync(new CreateWorkspaceRequest(name, MemoryMiB: 512)),
    };

    private async Task ConvergedAsync(string story)
    {
        await Until.TrueAsync($"wanted and seen agree ({story})", async () =>
        {
            var listed = (await tidepool!.Api.ListAsync()).Value!.Items;
            var instances = await tidepool.InstancesAsync();
            return listed.All(w => (w.DesiredState, w.Status) is (DesiredState.Running, WorkspaceStatus.Running) or (DesiredState.Stopped, WorkspaceStatus.Stopped))
                && listed.All(w => instances.GetValueOrDefault("ws-" + w.Id["ws_".Length..]) == (w.Status == WorkspaceStatus.Running ? "Running" : "Stopped"));
        });
        foreach (var workspace in (await tidepool!.Api.ListAsync()).Value!.Items.Where(w => w.Status == WorkspaceStatus.Running))
        {
            await Until.TrueAsync($"the editor of {workspace.Name} answers ({story})", async () =>
            {
                using var answer = await tidepool.Http.GetAsync(new Uri(tidepool.WorkspaceUrl(workspace.Name) + "healthz"));
                return answer.StatusCode == HttpStatusCode.OK;
            });
        }
    }
}
