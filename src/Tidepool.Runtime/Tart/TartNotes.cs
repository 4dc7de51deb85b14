using System.Text;
using Microsoft.Extensions.Options;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Tart;

/// <summary>
/// What Tart does not remember of a machine: whose it is, its guest's environment, its output, how it last ended. One folder a
/// machine, whose presence says that the machine is ours; written before the machine is made and removed after it is gone.
/// </summary>
internal sealed class TartNotes(IOptions<TartOptions> options)
{
    private const int SectorBytes = 512;
    private const string SeedMark = "# tidepool";
    private static readonly UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string root = options.Value.Notes;

    public string Log(InstanceName name) => At(name, "run.log");

    public string Exit(InstanceName name) => At(name, "exit");

    /// <summary>A raw disk that begins with the guest's environment, one KEY=VALUE a line.</summary>
    public string Seed(InstanceName name) => At(name, "seed.raw");

    public bool IsOurs(InstanceName name) => Directory.Exists(Path.Combine(root, name.ToString()));

    public IReadOnlyList<InstanceName> All() => Directory.Exists(root)
        ? [.. Directory.EnumerateDirectories(root).Select(path => InstanceName.TryParse(Path.GetFileName(path), out var name) ? name : (InstanceName?)null).OfType<InstanceName>()]
        : [];

    public void Begin(InstanceSpec spec)
    {
        Directory.CreateDirectory(root, Private);
        Directory.CreateDirectory(Path.Combine(root, spec.Name.ToString()), Private);
        var text = Encoding.UTF8.GetBytes(string.Join('\n', spec.Environment.Select(pair => $"{pair.Key}={pair.Value}").Prepend(SeedMark)) + "\n");
        Array.Resize(ref text, (text.Length + SectorBytes - 1) / SectorBytes * SectorBytes);
        File.WriteAllBytes(Seed(spec.Name), text);
    }

    /// <summary>It is about to run: how it ended before counts no more.</summary>
    public void Starting(InstanceName name)
    {
        File.Delete(Exit(name));
        File.Delete(At(name, "halted"));
        File.Delete(At(name, "stopped"));
        File.WriteAllText(At(name, "started"), "");
    }

    public void Stopping(InstanceName name) => Mark(name, "stopped");

    public void Halting(InstanceName name) => Mark(name, "halted");

    /// <summary>
    /// What ended it: the guest, if that was asked for or it ended well by itself; otherwise the host. A missing record of its end
    /// also means the host.
    /// </summary>
    public StopCause Cause(InstanceName name) =>
        File.Exists(At(name, "halted")) ? StopCause.Host
        : File.Exists(At(name, "stopped")) || !File.Exists(At(name, "started")) || ExitCode(name) == "0" ? StopCause.Guest
        : StopCause.Host;

    public string ReadLog(InstanceName name) => File.Exists(Log(name)) ? File.ReadAllText(Log(name)) : "";

    public bool HasEnded(InstanceName name) => File.Exists(Exit(name));

    public bool WasStarted(InstanceName name) => File.Exists(At(name, "started"));

    public void Forget(InstanceName name)
    {
        if (IsOurs(name))
        {
            Directory.Delete(Path.Combine(root, name.ToString()), recursive: true);
        }
    }

    private string? ExitCode(InstanceName name) => File.Exists(Exit(name)) ? File.ReadAllText(Exit(name)).Trim() : null;

    private void Mark(InstanceName name, string what)
    {
        if (IsOurs(name))
        {
            File.WriteAllText(At(name, what), "");
        }
    }

    private string At(InstanceName name, string file) => Path.Combine(root, name.ToString(), file);
}
