using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Runtime.Qemu;
using Tidepool.Testing.Guests;

namespace Tidepool.Runtime.Tests.Qemu;

/// <summary>A QEMU runtime with a bridge of its own and the image in it, for all tests of a class.</summary>
public sealed class QemuHost : IAsyncLifetime
{
    private static int hosts;

    /// <summary>Each class of tests has its own, for classes run at the same time and each removes its bridge at its end.</summary>
    private readonly string bridge = $"tpq{Environment.ProcessId}-{Interlocked.Increment(ref hosts)}";
    private readonly DirectoryInfo place = Directory.CreateTempSubdirectory("tp-qemu-");
    private ServiceProvider? services;

    public static string? Reason { get; } =
        !OperatingSystem.IsLinux() || Environment.UserName != "root" ? "Machines need Linux and root."
        : !File.Exists(new QemuOptions().Program) ? "QEMU is not installed: run ./test, which installs it."
        : Environment.GetEnvironmentVariable("TIDEPOOL_TEST_IMAGE") is not { } image ? "No workspace image was built: run ./test, which builds it and sets TIDEPOOL_TEST_IMAGE."
        : !File.Exists(Path.Combine(image, "disk.qcow2")) ? "The workspace image was built without a disk for virtual machines."
        : null;

    public IWorkspaceRuntime Runtime => services!.GetRequiredService<IWorkspaceRuntime>();

    public RuntimeImage Image { get; private set; } = null!;

    public string Home => Path.Combine(place.FullName, "qemu");

    public async ValueTask InitializeAsync()
    {
        if (Reason is not null)
        {
            return;
        }

        var image = Path.Combine(place.FullName, "image");
        await GuestAgent.PutIntoAsync(Environment.GetEnvironmentVariable("TIDEPOOL_TEST_IMAGE")!, image);
        Image = new RuntimeImage("default", "contract", image);
        services = Services();
        await Runtime.PrepareAsync(CancellationToken.None);
        await Runtime.ImportImageAsync(Image, CancellationToken.None);
    }

    /// <summary>What a restarted worker has: only the directory.</summary>
    /// <param name="reachesInternet">Whether the settings say now that workspaces reach the internet.</param>
    public async Task BeginAnewAsync(bool reachesInternet = false)
    {
        await services!.DisposeAsync();
        services = Services(reachesInternet);
    }

    public IPAddress AddressOf(InstanceName name) => IPAddress.Parse(RecordOf(name, "Address"));

    /// <summary>The host's end of its link.</summary>
    public string LinkOf(InstanceName name) => RecordOf(name, "Link");

    /// <summary>The process noted for it; null where there is none yet.</summary>
    public int? FindPid(InstanceName name)
    {
        var file = Path.Combine(Home, "machines", name.ToString(), "process");
        return File.Exists(file) ? int.Parse(File.ReadAllText(file).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) : null;
    }

    public async ValueTask DisposeAsync()
    {
        if (services is not null)
        {
            await Runtime.PurgeAsync(CancellationToken.None);
            await services.DisposeAsync();
        }

        place.Delete(recursive: true);
    }

    private string RecordOf(InstanceName name, string field)
    {
        using var record = JsonDocument.Parse(File.ReadAllText(Path.Combine(Home, "machines", name.ToString(), "machine.json")));
        return record.RootElement.GetProperty(field).GetString()!;
    }

    private ServiceProvider Services(bool reachesInternet = false) => new ServiceCollection().AddLogging().AddQemuRuntime(options =>
    {
        options.Directory = Home;
        options.Bridge = bridge;
        options.Accelerator = "tcg";
        options.Nat = reachesInternet;
        options.DiskGiB = 6;
    }).BuildServiceProvider();
}
