using System.Runtime.InteropServices;

namespace Tidepool.Runtime.Qemu;

/// <summary>A process that is not confused with a later one of the same number: known by its start time, too.</summary>
internal readonly partial record struct MachineProcess(int Pid, string StartTime)
{
    private const int Kill = 9;
    private const int ThreadsField = 17;
    private const int StartTimeField = 19;

    /// <summary>The process that a file names, if it still lives.</summary>
    public static MachineProcess? ReadAlive(string file)
    {
        try
        {
            return File.ReadAllText(file).Split(' ', StringSplitOptions.TrimEntries) is [var pid, var started] && int.TryParse(pid, out var number)
                && new MachineProcess(number, started) is { IsAlive: true } process
                ? process
                : null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Whether any of its threads runs: a compromised QEMU can end its first thread alone, and then appears dead to most programs.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                // After the name, which is in brackets and may hold anything: state, parent, and so on.
                var stat = File.ReadAllText($"/proc/{Pid}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                return (fields[0] is not ("Z" or "X") || fields[ThreadsField] is not ("0" or "1")) && fields[StartTimeField] == StartTime;
            }
            catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException or IOException)
            {
                return false;
            }
        }
    }

    /// <summary>What it was started with, each argument ended by a zero; empty where it is gone.</summary>
    public string CommandLine
    {
        get
        {
            try
            {
                return File.ReadAllText($"/proc/{Pid}/cmdline");
            }
            catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException or IOException)
            {
                return "";
            }
        }
    }

    /// <summary>Ends it, asked or not.</summary>
    public void End()
    {
        if (IsAlive)
        {
            _ = Signal(Pid, Kill);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int pid, int signal);
}
