using System.CommandLine;
using System.Text.Json;
using Tidepool.Cli.Api;
using Tidepool.Cli.Output;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Commands;

/// <summary><c>tidepool port</c>: what a workspace opens to its user besides the editor.</summary>
internal static class PortCommand
{
    private static readonly string[] Columns = ["Port", "Label", "Answers", "Path", "URL"];

    public static Command Create(CommandLine line) =>
        new("port", "Open ports of a workspace in the browser.") { CreateList(line), CreateAdd(line), CreateRemove(line) };

    private static Command CreateList(CommandLine line)
    {
        var name = WorkspaceOptions.Name();
        var json = new Option<bool>("--json") { Description = "As JSON, as the API gives it." };
        var command = new Command("ls", "List a workspace's registered ports.") { name, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var workspace = parsed.GetValue(name)!;
            Show(line.Screen, workspace, await api.CallAsync(client => client.PortsAsync(workspace, cancellationToken)), parsed.GetValue(json));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command CreateAdd(CommandLine line)
    {
        var name = WorkspaceOptions.Name();
        var port = Number();
        var label = new Option<string?>("--label") { Description = "What to call it.", HelpName = "TEXT" };
        var wholePath = new Option<bool>("--whole-path")
        {
            Description = "Ask what listens there for the whole path, /workspace/NAME/port/PORT/…, as a server with a base path wants it, instead of / alone.",
        };
        var command = new Command("add", "Register a port, before or after something listens there.") { name, port, label, wholePath };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var request = new RegisterPortRequest(parsed.GetValue(port), parsed.GetValue(label), !parsed.GetValue(wholePath));
            var registered = await api.CallAsync(client => client.RegisterPortAsync(parsed.GetValue(name)!, request, cancellationToken));
            line.Screen.Line($"{registered.Url}");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command CreateRemove(CommandLine line)
    {
        var name = WorkspaceOptions.Name();
        var port = Number();
        var command = new Command("rm", "Unregister a port. What is connected to it is cut off.") { name, port };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var result = await api.TryAsync(client => client.UnregisterPortAsync(parsed.GetValue(name)!, parsed.GetValue(port), cancellationToken));
            line.Screen.Line(result.Succeeded ? $"Port {parsed.GetValue(port)} of {parsed.GetValue(name)} is closed." : throw new CommandException(LocalApi.Sentence(result.Problem)));
            return ExitCodes.Ok;
        });
        return command;
    }

    internal static void Show(Screen screen, string workspace, IReadOnlyList<PortResponse> ports, bool json)
    {
        if (json)
        {
            screen.Line(JsonSerializer.Serialize(ports, TidepoolJson.Default.IReadOnlyListPortResponse));
        }
        else if (ports.Count == 0)
        {
            screen.Line($"No ports yet; `tidepool port add {workspace} PORT` registers one.");
        }
        else
        {
            screen.Table(Columns, ports.Select(p => (IReadOnlyList<string>)[$"{p.Port}", p.Label ?? "-", p.Answers ? "yes" : "not yet", p.StripPrefix ? "stripped" : "whole", p.Url ?? "-"]));
        }
    }

    private static Argument<int> Number()
    {
        var port = Values.NumberArgument("PORT", 1024, 65535);
        port.Description = "1024 to 65535.";
        return port;
    }
}
