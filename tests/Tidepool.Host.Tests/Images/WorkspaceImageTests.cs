using Tidepool.Host.Images;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Images;

/// <summary>With a recipe whose build only says how it was called.</summary>
public sealed class WorkspaceImageTests : IDisposable
{
    private readonly TemporaryState state = new();
    private readonly RecordedScreen screen = new();
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("tp-recipe-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_without_a_disk_is_not_good_enough_where_virtual_machines_are_wanted()
    {
        var image = Image();
        Assert.True(await image.EnsureAsync(force: false, withMachine: false, Token));
        Assert.False(image.HasMachine());
        Assert.False(await image.EnsureAsync(force: false, withMachine: false, Token));

        Assert.True(await image.EnsureAsync(force: false, withMachine: true, Token));
        Assert.True(image.HasMachine());
        Assert.False(await image.EnsureAsync(force: false, withMachine: true, Token));
    }

    [Fact]
    public async Task An_image_with_a_disk_serves_containers_too()
    {
        var image = Image();
        await image.EnsureAsync(force: false, withMachine: true, Token);
        Assert.False(await image.EnsureAsync(force: false, withMachine: false, Token));
    }

    [Theory]
    [InlineData("rootfs.squashfs")]
    [InlineData("manifest.json")]
    public async Task An_image_that_a_power_cut_has_shortened_is_built_again(string file)
    {
        var image = Image();
        await image.EnsureAsync(force: false, withMachine: false, Token);
        await File.WriteAllTextAsync(Path.Combine(image.Place()!, file), "", Token);

        Assert.Null(image.Current());
        Assert.True(await image.EnsureAsync(force: false, withMachine: false, Token));
        Assert.Equal("disk\n", await File.ReadAllTextAsync(Path.Combine(image.Place()!, "rootfs.squashfs"), Token));
    }

    public void Dispose()
    {
        home.Delete(recursive: true);
        state.Dispose();
    }

    private WorkspaceImage Image()
    {
        var recipe = Directory.CreateDirectory(Path.Combine(home.FullName, "images", "workspace")).FullName;
        Write("content-hash", "echo 0123456789abcdef");
        Write("build", """
            rm -rf "$2"
            mkdir -p "$2"
            echo disk >"$2/rootfs.squashfs"
            echo '{"sizes":{"rootfs.squashfs":5,"unpacked":100}}' >"$2/manifest.json"
            case " $* " in *" --vm "*) touch "$2/disk.qcow2" "$2/vmlinuz" "$2/initrd.img" ;; esac
            """);
        return new WorkspaceImage(state.Directory, new Programs(home.FullName, "", "", ""), screen, Path.Combine(home.FullName, "cache"));

        void Write(string name, string body) => Executable.Write(Path.Combine(recipe, name), "#!/bin/sh\nset -e\n" + body + "\n");
    }
}
