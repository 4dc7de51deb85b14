using System.Text.Json;
using Microsoft.Extensions.Options;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Qemu;

/// <summary>
/// A directory a machine. All of it is root's but <c>vm/</c>, which is the machine's own user's: what lies there is never trusted.
/// A machine exists from the moment its disk is in its place, which is the last thing that making it does.
/// </summary>
internal sealed class MachineFiles(IOptions<QemuOptions> options)
{
    private static readonly UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string root = Path.Combine(options.Value.Directory, "machines");

    public string Of(InstanceName name) => Path.Combine(root, name.ToString());

    public string Own(InstanceName name) => Path.Combine(Of(name), "vm");

    public string Disk(InstanceName name) => Path.Combine(Own(name), "disk.qcow2");

    public string Socket(InstanceName name) => Path.Combine(Own(name), "qmp");

    /// <summary>Process id and start time of its QEMU, written by what becomes it.</summary>
    public string Process(InstanceName name) => Path.Combine(Of(name), "process");

    public string Console(InstanceName name) => Path.Combine(Of(name), "console.log");

    /// <summary>What QEMU itself had to say.</summary>
    public string Words(InstanceName name) => Path.Combine(Of(name), "qemu.log");

    public bool Exists(InstanceName name) => File.Exists(Disk(name));

    public IReadOnlyList<InstanceName> All() => [.. Records().Where(Exists)];

    /// <summary>All that anything is kept of, half made ones too.</summary>
    public IReadOnlyList<InstanceName> Names() => [.. Records()];

    /// <summary>Everybody's place, whether its machine is made yet or not.</summary>
    public IReadOnlyList<QemuMachine> Places() => [.. Records().Select(Find).OfType<QemuMachine>()];

    public QemuMachine? Find(InstanceName name)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Record(name)), QemuJson.Default.QemuMachine);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Keeps what is to be known of it, whole or not at all.</summary>
    public void Keep(InstanceName name, QemuMachine machine)
    {
        Directory.CreateDirectory(root, Private);
        Directory.CreateDirectory(Of(name), Private);
        var temporary = Record(name) + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(machine, QemuJson.Default.QemuMachine));
        File.Move(temporary, Record(name), overwrite: true);
    }

    /// <summary>It is about to run: how it ended before counts no more.</summary>
    public void Starting(InstanceName name, string accelerator)
    {
        File.Delete(At(name, "halted"));
        File.Delete(At(name, "stopped"));
        File.Delete(At(name, "lost"));
        File.WriteAllText(At(name, "started"), accelerator);
    }

    public void Stopping(InstanceName name) => File.WriteAllText(At(name, "stopped"), "");

    public void Halting(InstanceName name) => File.WriteAllText(At(name, "halted"), "");

    /// <summary>Whether somebody asked it to end since it was started.</summary>
    public bool IsEnding(InstanceName name) => File.Exists(At(name, "halted")) || File.Exists(At(name, "stopped"));

    /// <summary>Notes that it ended and nobody had asked for it. True the first time.</summary>
    public bool Losing(InstanceName name)
    {
        if (File.Exists(At(name, "lost")))
        {
            return false;
        }

        File.WriteAllText(At(name, "lost"), "");
        return true;
    }

    public bool WasStarted(InstanceName name) => File.Exists(At(name, "started"));

    /// <summary>What it runs, or ran last, with; null if it never did.</summary>
    public string? Accelerator(InstanceName name) => WasStarted(name) ? File.ReadAllText(At(name, "started")).Trim() : null;

    /// <summary>Who ended it. Where nobody asked for its end and nobody saw its guest shut down, it was the host or somebody on it.</summary>
    public StopCause Cause(InstanceName name) =>
        File.Exists(At(name, "halted")) ? StopCause.Host
        : File.Exists(At(name, "stopped")) || !WasStarted(name) ? StopCause.Guest
        : StopCause.Host;

    /// <summary>The last line that QEMU wrote, or where it wrote none, that the guest did; for a person.</summary>
    public string LastWords(InstanceName name) =>
        new[] { Words(name), Console(name) }.Where(File.Exists).Select(LastLine).FirstOrDefault(line => line.Length > 0) ?? "It said nothing.";

    /// <summary>A line of ours among the guest's.</summary>
    public void SayOnConsole(InstanceName name, string line) => File.AppendAllText(Console(name), $"\n{line}\n");

    public void Remove(InstanceName name)
    {
        if (Directory.Exists(Of(name)))
        {
            // First what makes it exist: a removal that is cut off leaves no machine without a disk.
            if (Exists(name))
            {
                File.Delete(Disk(name));
            }

            Directory.Delete(Of(name), recursive: true);
        }
    }

    private static string LastLine(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(Math.Max(0, file.Length - 4096), SeekOrigin.Begin);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "";
    }

    private IEnumerable<InstanceName> Records() => Directory.Exists(root)
        ? Directory.EnumerateDirectories(root).Select(path => InstanceName.TryParse(Path.GetFileName(path), out var name) ? name : (InstanceName?)null).OfType<InstanceName>()
        : [];

    private string Record(InstanceName name) => At(name, "machine.json");

    private string At(InstanceName name, string file) => Path.Combine(Of(name), file);
}
