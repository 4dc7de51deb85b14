using System.Net;
using Tidepool.Host.Processes;
using Tidepool.Host.Sockets;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Doctor;

/// <summary>
/// Whether Caddy has, or can have, both ports at every address that a browser may try. Another user's program at one of them would
/// be asked in Caddy's place, and given the owner's password.
/// </summary>
internal static class PortChecks
{
    public static IReadOnlyList<CheckResult> Of(StateDirectory state, Settings settings)
    {
        var caddy = PidFile.ReadAlive(state.PidFile(TidepoolProcesses.Caddy))?.Pid;
        return
        [
            Check(CheckCodes.ApiPort, "Port of the app", settings.Listen, settings.ApiPort, "--port", caddy),
            Check(CheckCodes.WorkspacePort, "Port of the workspaces", settings.Listen, settings.WorkspacePort, "--workspace-port", caddy),
        ];
    }

    /// <param name="code">The check's.</param>
    /// <param name="title">What is checked.</param>
    /// <param name="listen">The address that the owner named.</param>
    /// <param name="port">The port.</param>
    /// <param name="option">The option of <c>up</c> that names another port.</param>
    /// <param name="caddy">The process that may have it; null while Tidepool does not run.</param>
    private static CheckResult Check(string code, string title, string listen, int port, string option, int? caddy)
    {
        var addresses = ListeningPort.Addresses(listen);
        IReadOnlySet<string> ours = caddy is { } pid ? PortListeners.InodesOf(pid) : new HashSet<string>();
        if (caddy is not null && ours.Count == 0)
        {
            // Only root sees whose a socket is.
            return CheckResult.Ok(code, title, $"{port}, in use by this Tidepool");
        }

        // Caddy takes new sockets when its routes change, perhaps between these lines: those that it has before or after are its own.
        var listeners = PortListeners.On(port);
        ours = caddy is { } same ? ours.Union(PortListeners.InodesOf(same)).ToHashSet() : ours;
        var foreign = listeners.Where(listener => !ours.Contains(listener.Inode)).ToList();
        foreach (var address in addresses)
        {
            if (foreign.Find(listener => listener.Takes(address)) is { } other)
            {
                return Taken(code, title, $"{port} is taken on {other.Address} by {other.Describe()}.", option, caddy);
            }

            if (caddy is not null ? listeners.Any(listener => listener.Takes(address)) : ListeningPort.Try(address, port) == PortState.Free)
            {
                continue;
            }

            if (ListeningPort.Try(address, 0) != PortState.NotHere)
            {
                return caddy is null
                    ? Taken(code, title, $"{port} is taken on {address}.", option, caddy)
                    : CheckResult.Fail(code, title, $"Caddy does not listen on {address}, port {port}.", "Another user's program could, and would be given your password. Run `tidepool down`, then `tidepool up`.");
            }

            if (!IPAddress.IsLoopback(address))
            {
                return CheckResult.Fail(code, title, $"This machine has no address {address}.", "Name one that it has with `tidepool up --listen ADDR`.");
            }
        }

        return CheckResult.Ok(code, title, caddy is null ? $"{port} is free" : $"{port}, in use by this Tidepool");
    }

    private static CheckResult Taken(string code, string title, string detail, string option, int? caddy) => CheckResult.Fail(
        code,
        title,
        detail,
        caddy is null
            ? $"End that process, or choose another port with `tidepool up {option} PORT`. A browser may ask that process in Caddy's place, and give it your password."
            : "A browser may ask that process in Caddy's place, and give it your password. End it, then run `tidepool down` and `tidepool up`; if you signed in meanwhile, change the password with `tidepool password`.");
}
