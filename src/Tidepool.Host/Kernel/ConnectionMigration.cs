using Tidepool.Host.Files;
using Tidepool.Host.State;

namespace Tidepool.Host.Kernel;

/// <summary>
/// Caddy opens its ports again with every change of its configuration. The kernel resets connections that the old listener had not
/// taken yet, unless <c>net.ipv4.tcp_migrate_req</c> hands them to the new one (Linux 5.14). It affects only programs that
/// do the same. Turned on while Tidepool is up; put back as it was.
/// </summary>
internal static class ConnectionMigration
{
    private const string Switch = "/proc/sys/net/ipv4/tcp_migrate_req";

    public static void TurnOn(StateDirectory state)
    {
        if (File.Exists(Switch) && File.ReadAllText(Switch).Trim() == "0" && TryWrite("1"))
        {
            DurableFiles.Write(Note(state), "0");
        }
    }

    public static void PutBack(StateDirectory state)
    {
        if (File.Exists(Note(state)))
        {
            TryWrite(File.ReadAllText(Note(state)).Trim());
            File.Delete(Note(state));
        }
    }

    private static string Note(StateDirectory state) => state.At("run", "tcp-migrate-req.before");

    private static bool TryWrite(string value)
    {
        try
        {
            File.WriteAllText(Switch, value);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A container may not; then now and then a connection is reset, and the browser asks again.
            return false;
        }
    }
}
