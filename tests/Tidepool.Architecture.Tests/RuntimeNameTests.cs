using System.Text.RegularExpressions;
using Tidepool.Testing;

namespace Tidepool.Architecture.Tests;

/// <summary>A runtime describes itself, so what is outside its folder names none of them.</summary>
public sealed partial class RuntimeNameTests
{
    private const string Runtimes = "src/Tidepool.Runtime";

    /// <summary>The one line for each runtime.</summary>
    private const string Registration = Runtimes + "/RuntimesRegistration.cs";

    private static readonly string[] Folders = ["Incus", "Qemu", "Tart"];

    [Fact]
    public void No_runtime_is_named_outside_its_folder()
    {
        var found =
            from file in Sources()
            where file.Name != Registration && !Array.Exists(Folders, folder => IsIn(file.Name, folder))
            from line in file.Lines
            where Names().IsMatch(line.Text)
            select $"{file.Name}:{line.Number}: {line.Text.Trim()}";
        Assert.Empty(found);
    }

    /// <summary>A runtime may itself use a program of another's name.</summary>
    [Fact]
    public void No_runtime_uses_another_s_types()
    {
        var found =
            from file in Sources()
            from folder in Folders
            where !IsIn(file.Name, folder) && file.Name != Registration
            from line in file.Lines
            where Regex.IsMatch(line.Text, $@"\b{folder}[A-Z.;]")
            select $"{file.Name}:{line.Number}: {line.Text.Trim()}";
        Assert.Empty(found);
    }

    [Fact]
    public void Each_folder_has_its_line()
    {
        var text = File.ReadAllText(Repository.At(Registration));
        Assert.All(Folders, folder => Assert.Single(text.Split('\n'), line => line.Contains(folder, StringComparison.Ordinal)));
        Assert.All(Folders, folder => Assert.True(File.Exists(Repository.At($"{Runtimes}/{folder}/{folder}Descriptor.cs"))));
    }

    [Fact]
    public void The_command_line_uses_the_catalog_of_runtimes_and_nothing_else_of_theirs()
    {
        var users = Directory.EnumerateFiles(Repository.At("src/Tidepool.Cli"), "*.cs", SearchOption.AllDirectories)
            .Where(path => File.ReadAllText(path).Contains("Tidepool.Runtime", StringComparison.Ordinal))
            .Select(path => Path.GetFileName(path));
        Assert.Equal(["Program.cs"], users);
    }

    private static bool IsIn(string file, string folder) => file.StartsWith($"{Runtimes}/{folder}/", StringComparison.Ordinal);

    private static IEnumerable<(string Name, IEnumerable<(string Text, int Number)> Lines)> Sources() =>
        from path in Directory.EnumerateFiles(Repository.At("src"), "*", SearchOption.AllDirectories)
        where Path.GetExtension(path) is ".cs" or ".razor" or ".js" or ".css"
        select (Path.GetRelativePath(Repository.Root, path), File.ReadLines(path).Select((text, index) => (text, index + 1)));

    /// <summary>Also inside a longer name; but "start" is no runtime.</summary>
    [GeneratedRegex("[Ii]ncus|INCUS|[Qq]emu|QEMU|\\bTart|\\btart\\b")]
    private static partial Regex Names();
}
