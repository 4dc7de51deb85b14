using Tidepool.Core.Runtime;
using Tidepool.Host.Processes;

namespace Tidepool.Runtime.Qemu;

/// <summary>QEMU's monitor refused, or does not answer. Never leaves the adapter.</summary>
internal sealed class QmpException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What is kept of one machine is damaged. Never leaves the adapter.</summary>
internal sealed class RecordException(string file, Exception inner) : Exception(inner.Message, inner)
{
    public string File { get; } = file;
}

/// <summary>From what went wrong to what the lifecycle and a person can use.</summary>
internal static class QemuFaults
{
    public static RuntimeException ProgramMissing(string program) => new(
        RuntimeFaults.Unreachable, $"{program} is not installed. `tidepool up --runtime qemu` installs it.", isTransient: true);

    public static RuntimeException InstanceMissing() => new(
        RuntimeFaults.InstanceMissing, "The workspace has no machine any more.", isTransient: false);

    public static RuntimeException DirectoryMissing(string directory, string note) => new(
        RuntimeFaults.Unreachable,
        $"{directory} is not the directory that the workspaces' machines were made in, so Tidepool does not know which machines exist. Check that its disk is mounted and readable. If the machines are lost for good, delete {note} and restart Tidepool.",
        isTransient: true);

    public static RuntimeException SubnetUnreadable(string file, string inUse) => new(
        RuntimeFaults.Failed,
        $"{file} is missing or damaged, so the bridge's address is not known. Write the address and its prefix length into it, for example 10.77.0.1/24; the machines have {inUse}.",
        isTransient: true);

    public static RuntimeException NothingToCopy() => new(
        RuntimeFaults.InstanceMissing, "The workspace to copy has no machine any more.", isTransient: false);

    public static RuntimeException ImageIncomplete(string directory) => new(
        RuntimeFaults.ImageMissing, $"The image in {directory} has no disk and kernel for virtual machines. `tidepool image build --vm` makes them.", isTransient: false);

    public static RuntimeException ImageGone(string hash) => new(
        RuntimeFaults.ImageMissing, $"The image {hash} that the workspace's disk is laid over is not there any more.", isTransient: false);

    public static RuntimeException EndedAtOnce(string output) => new(
        RuntimeFaults.Failed, $"The workspace's machine ended as soon as it was started: {LastLine(output)} It is tried again.", isTransient: true);

    public static RuntimeException WontEnd() => new(
        RuntimeFaults.Failed, "The workspace's machine does not end, not even by force. It is tried again; the host's kernel may hang.", isTransient: true);

    public static RuntimeException SubnetTaken() => new(
        RuntimeFaults.Failed, "Every subnet that was tried is in use on this machine; name a free one with Qemu:Subnet.", isTransient: false);

    public static RuntimeException SubnetFull(string subnet) => new(
        RuntimeFaults.Failed, $"Every address of {subnet} is taken; delete a workspace, or give the bridge a larger subnet with Qemu:Subnet.", isTransient: false);

    public static RuntimeException Translate(ToolException fault, string doing) => Says(fault.Message, "no space left")
        ? StorageFull(doing, fault)
        : new(RuntimeFaults.Failed, $"{char.ToUpperInvariant(doing[0])}{doing[1..]} failed; {fault.Tool} reported: {LastLine(fault.Message)} It is tried again.", isTransient: true, fault);

    public static RuntimeException Translate(QmpException fault, string doing) => new(
        RuntimeFaults.Failed, $"{char.ToUpperInvariant(doing[0])}{doing[1..]} failed; its QEMU reported: {fault.Message} It is tried again.", isTransient: true, fault);

    public static RuntimeException Translate(RecordException fault) => new(
        RuntimeFaults.Failed,
        $"{fault.File} is damaged, so the workspace's machine cannot be used: {fault.Message} Its disk is untouched. Restore the file from a backup and start the workspace, or delete the workspace.",
        isTransient: false,
        fault);

    public static RuntimeException Translate(Exception fault, string doing) => Says(fault.Message, "no space left")
        ? StorageFull(doing, fault)
        : new(RuntimeFaults.Failed, $"{char.ToUpperInvariant(doing[0])}{doing[1..]} failed: {fault.Message} It is tried again.", isTransient: true, fault);

    private static RuntimeException StorageFull(string doing, Exception fault) => new(
        RuntimeFaults.StorageFull, $"The disk is full, so {doing} failed. Delete a workspace that you no longer need, and try again.", isTransient: false, fault);

    private static string LastLine(string text) => text.Trim().Split('\n')[^1].Trim() is { Length: > 0 } line ? line : "nothing.";

    private static bool Says(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
