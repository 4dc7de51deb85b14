using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Tart;

/// <summary>Tart ended with an error; its own message. Never leaves the adapter: see <see cref="TartFaults.Translate"/>.</summary>
internal sealed class TartException(string command, string message) : Exception(message.Trim())
{
    public string Command { get; } = command;

    public bool IsMissing => Message.Contains("does not exist", StringComparison.OrdinalIgnoreCase);

    public bool IsNotRunning => Message.Contains("is not running", StringComparison.OrdinalIgnoreCase);
}

/// <summary>From Tart's messages to faults that the lifecycle and a user can act on.</summary>
internal static class TartFaults
{
    public static RuntimeException Missing(string program, Exception inner) => new(
        RuntimeFaults.Unreachable, $"`{program}` cannot be run: {inner.Message} Install Tart; `tidepool doctor` shows whether it is found.", isTransient: true, inner);

    public static RuntimeException TooSlow(string command, TimeSpan timeout, Exception inner) => new(
        RuntimeFaults.Unreachable, $"`tart {command}` did not come to an end within {timeout.TotalSeconds:0} seconds. It is tried again.", isTransient: true, inner);

    public static RuntimeException NotUnderstood(string command, Exception inner) => new(
        RuntimeFaults.Failed, $"`tart {command}` printed something that Tidepool does not understand. It is tried again; a newer or older Tart may be installed than was tried.", isTransient: true, inner);

    public static RuntimeException InstanceMissing() => new(
        RuntimeFaults.InstanceMissing, "The workspace has no machine any more.", isTransient: false);

    public static RuntimeException NoDisk(string directory) => new(
        RuntimeFaults.ImageMissing, $"The image in {directory} has no machine's disk. `tidepool image build --vm` makes one.", isTransient: false);

    /// <summary>It ended as soon as it was started.</summary>
    public static RuntimeException EndedAtOnce(string output) => new(
        RuntimeFaults.Failed, $"The workspace's machine ended as soon as it was started: {LastLine(output)} It is tried again.", isTransient: true);

    public static RuntimeException Translate(TartException fault, string doing)
    {
        var text = fault.Message;
        if (Says(text, "no space left") || Says(text, "not enough free space") || Says(text, "disk is full"))
        {
            return new(RuntimeFaults.StorageFull, $"The disk is full, so {doing} failed. Delete a workspace that you no longer need, and try again.", isTransient: false, fault);
        }

        if (fault.IsMissing)
        {
            return new(RuntimeFaults.InstanceMissing, $"The workspace has no machine any more, so {doing} failed.", isTransient: false, fault);
        }

        // The licence of macOS allows two macOS guests. Ours run Linux, but another program's may count.
        var lasting = Says(text, "unknown option") || Says(text, "unexpected argument") || Says(text, "not supported") || Says(text, "requires macos");
        return new(RuntimeFaults.Failed, $"Tart refused: {doing} failed with \"{LastLine(text)}\".", !lasting, fault);
    }

    private static string LastLine(string text) => text.Trim().Split('\n')[^1].Trim();

    private static bool Says(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
