using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Incus;

/// <summary>What the daemon itself answered with. Never leaves the adapter: see <see cref="IncusFaults.Translate"/>.</summary>
internal sealed class IncusException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}

/// <summary>From Incus's answers to what the lifecycle and a person can use.</summary>
internal static class IncusFaults
{
    public static RuntimeException Unreachable(string socket, Exception inner) => new(
        RuntimeFaults.Unreachable, $"Incus does not answer on {socket}. It is tried again; `tidepool status` shows whether it runs.", isTransient: true, inner);

    public static RuntimeException NotUnderstood(Exception inner) => new(
        RuntimeFaults.Failed, "Incus gave an answer that Tidepool does not understand. It is tried again; `tidepool logs --component incusd` may show why.", isTransient: true, inner);

    public static RuntimeException ImageUnreadable(Exception inner) => new(
        RuntimeFaults.ImageMissing, $"The workspace image could not be read: {inner.Message} It is tried again; `tidepool image build` builds it again.", isTransient: true, inner);

    public static RuntimeException TooSlow(string operation) => new(
        RuntimeFaults.Failed, $"Incus took too long: {operation}. Tidepool checks again.", isTransient: true);

    public static RuntimeException Forgotten(string doing) => new(
        RuntimeFaults.Failed, $"Incus was restarted in the middle of {doing}. Tidepool checks again.", isTransient: true);

    public static RuntimeException NotOurs(InstanceName name) => new(
        RuntimeFaults.NameTaken, $"Incus has a machine called {name} that Tidepool did not make; it is left alone. Remove or rename it, and try again.", isTransient: false);

    /// <summary>A check that fails says nothing about the machine, so it never ends an operation.</summary>
    public static RuntimeException CannotTell(IncusException fault) => new(
        RuntimeFaults.Failed, $"Incus did not report the state of the workspace's machine: \"{fault.Message}\". Tidepool checks again.", isTransient: true, fault);

    /// <summary>Whether the machine went up or down under the daemon's eyes, so that it has no answer for a moment.</summary>
    public static bool SaysChanging(IncusException fault) => fault.Message.StartsWith("Invalid PID", StringComparison.OrdinalIgnoreCase);

    public static bool SaysRunning(IncusException fault) => fault.Message.EndsWith("is already running", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is the machine itself that is missing. The answer for a missing pool, network or project is similar.</summary>
    public static bool SaysGone(IncusException fault) => fault.Status == 404 && fault.Message.EndsWith("Instance not found", StringComparison.OrdinalIgnoreCase);

    public static RuntimeException Translate(IncusException fault, string doing, string pool)
    {
        var text = fault.Message;
        if (Says(text, "no space left") || Says(text, "disk quota exceeded") || Says(text, "not enough space"))
        {
            return new(RuntimeFaults.StorageFull, $"The storage pool '{pool}' is full, so {doing} failed. Delete a workspace that you no longer need, or files in one, and try again.", isTransient: false, fault);
        }

        if (Says(text, "busy") || Says(text, "already running a") || Says(text, "shutting down") || Says(text, "daemon is starting") || Says(text, "database is locked"))
        {
            return new(RuntimeFaults.Failed, $"Incus is busy, so {doing} waits. It is tried again.", isTransient: true, fault);
        }

        if (Says(text, "project not found"))
        {
            return new(RuntimeFaults.Failed, $"Incus does not know Tidepool's project, so {doing} waits: its database may be new, or another Incus answers. It is tried again.", isTransient: true, fault);
        }

        if (Says(text, "invalid pid"))
        {
            return new(RuntimeFaults.Failed, $"The workspace's machine did not come up, so {doing} failed. It is tried again; `tidepool logs --component incusd` may show why.", isTransient: true, fault);
        }

        // 5xx, collisions with what others do, and failed operations may pass; what the daemon refuses as wrong will be wrong again.
        var transient = fault.Status is >= 500 or 400 or 408 or 409 or 412 or 423 or 429 && !Says(text, "invalid") && !Says(text, "not found");
        return new(RuntimeFaults.Failed, $"Incus refused: {doing} failed with \"{text}\".", transient, fault);
    }

    private static bool Says(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
