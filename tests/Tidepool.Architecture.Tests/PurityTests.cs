using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Tidepool.Architecture.Tests;

/// <summary>What a project calls, read from its compiled code.</summary>
public sealed class PurityTests
{
    private static readonly string[] Files =
    [
        "System.IO.Directory", "System.IO.DirectoryInfo", "System.IO.DriveInfo", "System.IO.File", "System.IO.FileInfo",
        "System.IO.FileStream", "System.IO.FileSystemInfo", "System.IO.FileSystemWatcher", "System.IO.Path", "System.IO.RandomAccess",
        "System.IO.StreamReader", "System.IO.StreamWriter", "Microsoft.Win32.SafeHandles.SafeFileHandle",
    ];

    private static readonly string[] Others = ["System.Diagnostics.Process", "System.Diagnostics.ProcessStartInfo", "System.Console", "System.Runtime.InteropServices.DllImportAttribute", "System.Runtime.InteropServices.LibraryImportAttribute"];

    [Theory]
    [InlineData("Tidepool.Core")]
    [InlineData("Tidepool.Contracts")]
    public void It_opens_no_file_starts_no_process_and_has_no_socket(string assembly)
    {
        var used = TypesUsedBy(Assembly.Load(assembly).Location);
        Assert.Contains("System.String", used);
        Assert.DoesNotContain(used, type => Files.Contains(type) || Others.Contains(type) || type.StartsWith("System.Net.Sockets.", StringComparison.Ordinal));
    }

    private static IReadOnlyCollection<string> TypesUsedBy(string path)
    {
        using var file = File.OpenRead(path);
        using var image = new PEReader(file);
        var reader = image.GetMetadataReader();
        return
        [
            .. reader.TypeReferences.Select(reader.GetTypeReference)
                .Select(type => $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}"),
        ];
    }
}
