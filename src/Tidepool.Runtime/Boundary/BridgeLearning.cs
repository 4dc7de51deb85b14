using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Boundary;

/// <summary>
/// What a bridge learns: behind which of its ports a hardware address is, from the frames that come in there. The kernel learns from
/// some frames before any firewall rule sees them, so a workspace could draw a neighbour's traffic to itself. A bridge whose entries live
/// for no time learns nothing. It then offers each frame to every port, and our rules let it out at the right port alone.
/// </summary>
internal static class BridgeLearning
{
    private const string Off = "0";

    /// <summary>Writes only where it differs, so it may be called at each check. Does nothing where there is no such bridge.</summary>
    /// <exception cref="RuntimeException">The kernel refused it.</exception>
    public static void TurnOff(string bridge)
    {
        var lifetime = $"/sys/class/net/{bridge}/bridge/ageing_time";
        try
        {
            if (File.ReadAllText(lifetime).Trim() != Off)
            {
                File.WriteAllText(lifetime, Off);
            }
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            // The bridge is not made yet. The next check finds it.
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new RuntimeException(
                RuntimeFaults.BoundaryDown,
                $"The bridge {bridge} cannot be kept from learning, so no workspace is started: {fault.Message} It is tried again.",
                isTransient: true,
                fault);
        }
    }
}
