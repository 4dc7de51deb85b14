using System.CommandLine;
using System.Text.Json;
using Tidepool.Cli.Api;
using Tidepool.Contracts;
using Tidepool.Host;
using Tidepool.Host.Images;
using Tidepool.Host.Startup;
using Tidepool.Host.State;

namespace Tidepool.Cli.Commands;

internal static class ImageCommand
{
    private static readonly string[] Columns = ["Name", "Hash", "Built", "Size"];

    public static Command Create(CommandLine line) =>
        new("image", "The images that workspaces are made from.") { Build(line), List(line) };

    private static Command Build(CommandLine line)
    {
        var force = new Option<bool>("--force") { Description = "Build even if the recipe has not changed." };
        var machine = new Option<bool>("--vm") { Description = "Include a disk and a kernel for virtual machines. Included by itself where workspaces are virtual machines." };
        var command = new Command("build", "Build the workspace image from its recipe. New workspaces use it at once.") { force, machine };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            var state = line.State(parsed);
            state.Create();
            var image = new WorkspaceImage(state, line.Programs, line.Screen, CacheDirectory.Of(state));
            var built = await image.EnsureAsync(parsed.GetValue(force), parsed.GetValue(machine) || line.Runtimes.NeedsMachineImage(Settings.Read(state, line.Runtimes)), cancellationToken);
            line.Screen.Line(built ? $"Built, {image.Current()}." : $"Up to date, {image.Current()}.");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command List(CommandLine line)
    {
        var json = new Option<bool>("--json") { Description = "As JSON, as the API gives it." };
        var command = new Command("ls", "List the images that are built.") { json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var images = await api.CallAsync(client => client.ImagesAsync(cancellationToken));
            if (parsed.GetValue(json))
            {
                line.Screen.Line(JsonSerializer.Serialize(images, TidepoolJson.Default.IReadOnlyListImageResponse));
            }
            else
            {
                line.Screen.Table(Columns, images.Select(i => (IReadOnlyList<string>)[i.Name, i.Hash, $"{TimeZoneInfo.ConvertTime(i.CreatedAt, line.Time.LocalTimeZone):yyyy-MM-dd HH:mm}", Amounts.Bytes(i.SizeBytes)]));
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
