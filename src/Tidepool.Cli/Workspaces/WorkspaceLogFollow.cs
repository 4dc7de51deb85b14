using Tidepool.Cli.Api;
using Tidepool.Cli.Commands;
using Tidepool.Cli.Output;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Workspaces;

/// <summary>
/// Shows a workspace's log as it grows. It polls, so it goes on over a restart of any part, and over files of the log that are
/// begun again.
/// </summary>
internal sealed class WorkspaceLogFollow(LocalApi api, Screen screen, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private bool isDown;

    /// <summary>Returns once the workspace is gone; else only by being cancelled.</summary>
    public async Task RunAsync(string id, string name, string position, CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await AskAsync(id, position, cancellationToken);
            if (page is { Problem.Code: ProblemCodes.NotFound })
            {
                screen.Error($"{name} is deleted; its log ends here.");
                return;
            }

            LogsCommand.Show(screen, page?.Value?.Lines ?? [], time);
            position = page?.Value?.Position ?? position;
            if (page?.Value is not { Lines.Count: > 0 })
            {
                await Task.Delay(PollInterval, time, cancellationToken);
            }
        }
    }

    /// <summary>Null while the server does not answer.</summary>
    private async Task<ApiResult<LogPageResponse>?> AskAsync(string id, string position, CancellationToken cancellationToken)
    {
        try
        {
            var page = await api.TryAsync(client => client.ReadLogAsync(id, position, cancellationToken: cancellationToken));
            isDown = false;
            return page;
        }
        catch (CommandException fault)
        {
            if (!isDown)
            {
                screen.Error($"{fault.Message} The log goes on as soon as it can be read.");
            }

            isDown = true;
            return null;
        }
    }
}
