using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Runtime.Qemu;

namespace Tidepool.Runtime.Tests.Qemu;

/// <summary>The whole contract, and what only a real guest can show, on real QEMU machines.</summary>
public sealed class QemuRuntimeTests(QemuHost host) : WorkspaceRuntimeContract, IClassFixture<QemuHost>
{
    protected override IWorkspaceRuntime Runtime => host.Runtime;

    protected override RuntimeImage Image => host.Image;

    public override async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(QemuHost.Reason is not null, QemuHost.Reason ?? "");
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (QemuHost.Reason is null)
        {
            await base.DisposeAsync();
        }
    }
}

/// <summary>A QEMU runtime with a bridge of its own and the image in it, for all tests of a class.</summary>
public sealed class QemuHost : IAsyncLifetime
{
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

    private string Home => Path.Combine(place.FullName, "qemu");

    public async ValueTask InitializeAsync()
    {
        if (Reason is not null)
        {
            return;
        }

        Image = new RuntimeImage("default", "contract", Environment.GetEnvironmentVariable("TIDEPOOL_TEST_IMAGE")!);
        services = Services();
        await Runtime.PrepareAsync(CancellationToken.None);
        await Runtime.ImportImageAsync(Image, CancellationToken.None);
    }

    /// <summary>What a worker that begins anew has: nothing but what lies in the directory.</summary>
    public async Task BeginAnewAsync()
    {
        await services!.DisposeAsync();
        services = Services();
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

    private ServiceProvider Services() => new ServiceCollection().AddLogging().AddQemuRuntime(options =>
    {
        options.Directory = Home;
        options.Bridge = "tpq" + Environment.ProcessId;
        options.Accelerator = "tcg";
        options.Nat = false;
        options.DiskGiB = 6;
    }).BuildServiceProvider();
}
