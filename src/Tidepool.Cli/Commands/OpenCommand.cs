using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Host;
using Tidepool.Host.Processes;

namespace Tidepool.Cli.Commands;

internal static class OpenCommand
{
    private static readonly string[] Desktops = ["DISPLAY", "WAYLAND_DISPLAY"];

    public static Command Create(CommandLine line)
    {
        var name = WorkspaceOptions.Name();
        var command = new Command("open", "Print a workspace's URL, and open it in the browser where there is one.") { name };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var workspace = await api.CallAsync(client => client.GetAsync(parsed.GetValue(name)!, cancellationToken));
            if (workspace.Url is not { } url)
            {
                throw new CommandException($"{workspace.Name} is {workspace.Status.ToString().ToLowerInvariant()}; `tidepool start {workspace.Name}` starts it.");
            }

            line.Screen.Line(url);

            // Root opens nothing but a web page, whatever the server answers.
            var isPage = Uri.TryCreate(url, UriKind.Absolute, out var page) && (page.Scheme == Uri.UriSchemeHttp || page.Scheme == Uri.UriSchemeHttps);
            var hasDesktop = Desktops.Any(variable => Environment.GetEnvironmentVariable(variable) is { Length: > 0 });
            if (isPage && hasDesktop && (Tool.Find("xdg-open") ?? Tool.Find("open")) is { } opener)
            {
                await Tool.RunAsync(opener, [page!.AbsoluteUri], cancellationToken);
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
