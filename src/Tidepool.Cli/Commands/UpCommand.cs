using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Host.Startup;

namespace Tidepool.Cli.Commands;

internal static class UpCommand
{
    public static Command Create(CommandLine line)
    {
        var detach = new Option<bool>("--detach", "-d") { Description = "Run in the background; return once everything is up." };
        var port = Values.Number("--port", 1, 65535);
        port.Description = "The app's port, 8080 at first. Kept for the next time, like the following ones.";
        port.HelpName = "PORT";
        var workspacePort = Values.Number("--workspace-port", 1, 65535);
        workspacePort.Description = "The workspaces' port, 8081 at first.";
        workspacePort.HelpName = "PORT";
        var listen = new Option<string?>("--listen") { Description = "The address to listen on besides this machine's own, 127.0.0.1 and ::1; 0.0.0.0 is all networks.", HelpName = "ADDR" };
        var hostNames = new Option<string[]>("--host-name")
        {
            Description = "A name by which browsers reach this Tidepool, besides localhost, its addresses and this machine's own name. Repeat it for more; \"\" forgets those named before.",
            HelpName = "NAME",
        };
        var runtime = RuntimeOption.Create(line.Runtimes);
        var nat = new Option<bool>("--nat") { Description = "Workspaces reach the internet, as at first." };
        var noNat = new Option<bool>("--no-nat") { Description = "Workspaces reach nothing." };
        var poolSize = Values.WholeGiB("--pool-size");
        poolSize.Description = $"How far the workspaces' disks may grow together, for example 40G; a plain number is GiB. With {string.Join(" or ", line.Runtimes.All.Where(one => one.HasPool).Select(one => one.DisplayName))} only, and before the first start.";
        poolSize.HelpName = "SIZE";
        var memory = Values.Size("--workspace-memory");
        memory.Description = "The memory that running workspaces may have together, for example 16G; a plain number is MiB. At first this machine's without a reserve.";
        memory.HelpName = "SIZE";
        var cores = Values.Fraction("--cpu-oversubscription", 0.1, 1000);
        cores.Description = "How many workspace cores each core of this machine stands for, 16 at first.";
        cores.HelpName = "N";
        var yes = new Option<bool>("--yes", "-y") { Description = "Install what is missing without asking." };
        var command = new Command("up", "Bring Tidepool up: install what is missing, build what is not built, start everything.")
        {
            detach, runtime, port, workspacePort, listen, hostNames, nat, noNat, poolSize, memory, cores, yes,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            Requirements.Root();
            bool? wantsNat = parsed.GetValue(noNat) ? false : parsed.GetValue(nat) ? true : null;
            var request = new UpRequest(
                parsed.GetValue(port), parsed.GetValue(workspacePort), parsed.GetValue(listen), wantsNat, parsed.GetValue(poolSize), parsed.GetValue(yes), parsed.GetValue(detach))
            {
                Runtime = parsed.GetValue(runtime),
                HostNames = parsed.GetResult(hostNames) is null ? null : parsed.GetValue(hostNames),
                WorkspaceMemory = parsed.GetValue(memory),
                CpuOversubscription = parsed.GetValue(cores),
            };
            var state = line.State(parsed);
            return new UpOperation(line.Runtimes, state, line.Programs, line.Screen, LocalApi.HealthOf(state), line.Time).RunAsync(request, cancellationToken);
        });
        return command;
    }
}
