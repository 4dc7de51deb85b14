using System.Text.Json;
using Microsoft.Extensions.Options;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Host.Files;

namespace Tidepool.Runtime.Qemu;

/// <summary>
/// A directory a machine. All of it is root's but <c>vm/</c>, which is the machine's own user's: what lies there is never trusted.
/// A machine exists from the moment its disk is in its place, which is the last thing that making it does.
/// </summary>
internal sealed class MachineFiles(QemuDirectory directory, IOptions<QemuOptions> options)
{
    public const string GuestEnvironmentName = "guest-environment";

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

    /// <exception cref="RuntimeException">Unknown: another directory is mounted in place of the runtime's own.</exception>
    public bool Exists(InstanceName name) => IsThere(Disk(name));

    /// <summary>All that anything is kept of, half made ones too.</summary>
    public IReadOnlyList<InstanceName> Names()
    {
        try
        {
            return [.. Directory.EnumerateDirectories(root).Select(path => InstanceName.TryParse(Path.GetFileName(path), out var name) ? name : (InstanceName?)null).OfType<InstanceName>()];
        }
        catch (DirectoryNotFoundException)
        {
            directory.Confirm();
            return [];
        }
    }

    /// <summary>Every machine's record, whether its disk exists yet or not, and the names of those whose record cannot be read.</summary>
    public (IReadOnlyList<QemuMachine> Machines, IReadOnlyList<InstanceName> Unreadable) Places()
    {
        var machines = new List<QemuMachine>();
        var unreadable = new List<InstanceName>();
        foreach (var name in Names())
        {
            try
            {
                if (Find(name) is { } machine)
                {
                    machines.Add(machine);
                }
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or RecordException)
            {
                unreadable.Add(name);
            }
        }

        return (machines, unreadable);
    }

    /// <summary>The record of a machine that exists; null for a half-made one.</summary>
    public QemuMachine? FindMade(InstanceName name) => Exists(name) ? Find(name) : null;

    /// <exception cref="RecordException">What is kept of it is damaged.</exception>
    public QemuMachine? Find(InstanceName name)
    {
        if (DurableFiles.FindText(Record(name)) is not { } text)
        {
            directory.Confirm();
            return null;
        }

        try
        {
            var machine = JsonSerializer.Deserialize(text, QemuJson.Default.QemuMachine) ?? throw new JsonException("There is nothing in it.");
            _ = machine.Place;
            return machine;
        }
        catch (Exception fault) when (fault is JsonException or FormatException)
        {
            throw new RecordException(Record(name), fault);
        }
    }

    /// <summary>Writes its record, whole or not at all.</summary>
    public void Keep(InstanceName name, QemuMachine machine)
    {
        Directory.CreateDirectory(root, Private);
        Directory.CreateDirectory(Of(name), Private);
        DurableFiles.Write(Record(name), JsonSerializer.Serialize(machine, QemuJson.Default.QemuMachine));
        DurableFiles.Sync(root);
        DurableFiles.Sync(Path.GetDirectoryName(root)!);
    }

    /// <summary>Records that the machine is about to start, and what its guest is given. How it ended before no longer counts.</summary>
    public void Starting(InstanceName name, string accelerator, string guestEnvironment)
    {
        File.WriteAllText(At(name, GuestEnvironmentName), guestEnvironment);
        File.Delete(At(name, "halted"));
        File.Delete(At(name, "stopped"));
        File.Delete(At(name, "lost"));
        DurableFiles.Write(At(name, "started"), accelerator);
    }

    public void Stopping(InstanceName name) => DurableFiles.Write(At(name, "stopped"), "");

    public void Halting(InstanceName name) => DurableFiles.Write(At(name, "halted"), "");

    /// <summary>Whether Tidepool has asked it to end since it was started.</summary>
    public bool IsEnding(InstanceName name) => IsThere(At(name, "halted")) || IsThere(At(name, "stopped"));

    /// <summary>Records that it ended unexpectedly. True the first time.</summary>
    public bool Losing(InstanceName name)
    {
        if (IsThere(At(name, "lost")))
        {
            return false;
        }

        File.WriteAllText(At(name, "lost"), "");
        return true;
    }

    public bool WasStarted(InstanceName name) => IsThere(At(name, "started"));

    /// <summary>What it runs, or ran last, with; null if it never did.</summary>
    public string? Accelerator(InstanceName name) => WasStarted(name) ? File.ReadAllText(At(name, "started")).Trim() : null;

    /// <summary>What ended it. If Tidepool neither asked for its end nor saw its guest shut down, it was the host or a user of the host.</summary>
    public StopCause Cause(InstanceName name) =>
        IsThere(At(name, "halted")) ? StopCause.Host
        : IsThere(At(name, "stopped")) || !WasStarted(name) ? StopCause.Guest
        : StopCause.Host;

    /// <summary>The last line that QEMU wrote, or where it wrote none, that the guest did; for a person.</summary>
    public string LastOutput(InstanceName name) =>
        new[] { Words(name), Console(name) }.Where(File.Exists).Select(LastLine).FirstOrDefault(line => line.Length > 0) ?? "It said nothing.";

    /// <summary>A line of ours among the guest's.</summary>
    public void SayOnConsole(InstanceName name, string line) => File.AppendAllText(Console(name), $"\n{line}\n");

    public void Remove(InstanceName name)
    {
        if (IsThere(Of(name)))
        {
            // First what makes it exist: a removal that is cut off leaves no machine without a disk.
            if (Exists(name))
            {
                File.Delete(Disk(name));
            }

            DirectoryTree.Remove(Of(name));
        }
    }

    private static string LastLine(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(Math.Max(0, file.Length - 4096), SeekOrigin.Begin);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "";
    }

    private bool IsThere(string path)
    {
        if (DurableFiles.Exists(path))
        {
            return true;
        }

        directory.Confirm();
        return false;
    }

    private string Record(InstanceName name) => At(name, "machine.json");

    private string At(InstanceName name, string file) => Path.Combine(Of(name), file);
}
