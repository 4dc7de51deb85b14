using Tidepool.Host.Files;

namespace Tidepool.Host.Tests.Files;

public sealed class DurableFilesTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("tp-durable-");

    private string Target => Path.Combine(directory.FullName, "settings.json");

    [Fact]
    public void A_file_is_replaced_whole_and_has_its_mode()
    {
        File.WriteAllText(Target, "a longer earlier text");

        // An interrupted writer left this, readable by all.
        File.WriteAllText(Target + ".new", "half");
        File.SetUnixFileMode(Target + ".new", Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

        DurableFiles.Write(Target, "new");
        Assert.Equal(("new", Owner), (File.ReadAllText(Target), File.GetUnixFileMode(Target)));
        DurableFiles.Write(Target, "for the group", Owner | UnixFileMode.GroupRead);
        Assert.Equal(Owner | UnixFileMode.GroupRead, File.GetUnixFileMode(Target));
        Assert.Equal([Target], Directory.EnumerateFileSystemEntries(directory.FullName));
    }

    [Fact]
    public void What_the_file_system_does_not_say_is_not_taken_for_absent()
    {
        Assert.False(DurableFiles.Exists(Target));
        Assert.Null(DurableFiles.FindText(Target));
        var loop = Path.Combine(directory.FullName, "loop");
        File.CreateSymbolicLink(loop, loop);
        Assert.Throws<IOException>(() => DurableFiles.Exists(Path.Combine(loop, "file")));
    }

    public void Dispose() => directory.Delete(recursive: true);
}
