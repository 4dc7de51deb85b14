using System.Runtime.InteropServices;
using Tidepool.Host.Files;

namespace Tidepool.Host.Tests.Files;

public sealed partial class DirectoryTreeTests : IDisposable
{
    private readonly DirectoryInfo place = Directory.CreateTempSubdirectory("tp-tree-");

    private string Tree => Path.Combine(place.FullName, "tree");

    private string Victim => Path.Combine(place.FullName, "victim");

    public void Dispose() => place.Delete(recursive: true);

    [Fact]
    public void A_tree_is_removed_and_what_its_links_lead_to_is_not()
    {
        Directory.CreateDirectory(Path.Combine(Victim, "inside"));
        Directory.CreateDirectory(Path.Combine(Tree, string.Join('/', Enumerable.Repeat("deep", 600))));
        Directory.CreateSymbolicLink(Path.Combine(Tree, "link"), Victim);
        File.WriteAllText(Path.Combine(Tree, "-rf"), "");
        DirectoryTree.Remove(Tree);
        Assert.False(Directory.Exists(Tree));
        Assert.True(Directory.Exists(Path.Combine(Victim, "inside")));
        DirectoryTree.Remove(Tree);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/tmp/..")]
    [InlineData("relative/path")]
    public void What_is_no_directory_to_remove_is_refused(string path) => Assert.Throws<ArgumentException>(() => DirectoryTree.Remove(path));

    /// <summary>.NET's own removal went into the victim within a round or two.</summary>
    [Fact]
    public async Task A_user_that_swaps_directories_with_links_meanwhile_leads_it_nowhere()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The swap is a call of Linux.");
        for (var round = 0; round < 12; round++)
        {
            Directory.CreateDirectory(Path.Combine(Victim, "inside"));
            File.WriteAllText(Path.Combine(Victim, "inside", "thesis"), "kept");
            Directory.CreateDirectory(Path.Combine(Tree, "files"));
            for (var file = 0; file < 500; file++)
            {
                File.WriteAllText(Path.Combine(Tree, "files", $"{file}"), "");
            }

            string[] names = [.. Enumerable.Range(0, 32).Select(i => Path.Combine(Tree, $"directory-{i}"))];
            foreach (var name in names)
            {
                Directory.CreateDirectory(name);
                Directory.CreateSymbolicLink(name + "-link", Victim);
            }

            using var end = new CancellationTokenSource();
            var swapping = Task.Run(() =>
            {
                while (!end.IsCancellationRequested)
                {
                    foreach (var name in names)
                    {
                        _ = Swap(-100, name, -100, name + "-link", 2);
                    }
                }
            });
            try
            {
                DirectoryTree.Remove(Tree);
            }
            catch (IOException)
            {
                // What was a directory is a link by now; the next try removes it.
            }

            await end.CancelAsync();
            await swapping;
            DirectoryTree.Remove(Tree);
            Assert.Equal("kept", File.ReadAllText(Path.Combine(Victim, "inside", "thesis")));
        }
    }

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Swap(int fromDirectory, string from, int toDirectory, string to, uint flags);
}
