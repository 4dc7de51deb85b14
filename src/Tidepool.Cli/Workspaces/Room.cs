using Tidepool.Cli.Api;
using Tidepool.Cli.Output;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Workspaces;

/// <summary>Asks for a workspace to run and, where there is no room and its user wants that, makes some.</summary>
internal sealed class Room(LocalApi api, Screen screen, TimeProvider time, bool make)
{
    /// <summary>
    /// The answer. Stops one workspace after the other, each time the workspace that the server names, until there is room or the
    /// server names none: then, as without <c>--make-room</c>, it fails with the server's own message.
    /// </summary>
    public async Task<WorkspaceResponse> CallAsync(Func<TidepoolClient, Task<ApiResult<WorkspaceResponse>>> call, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await api.TryAsync(call);
            if (result.Value is { } workspace)
            {
                return workspace;
            }

            if (result.Problem is not { Code: ProblemCodes.CapacityExhausted, LeastRecentlyAccessed: { } oldest })
            {
                throw new CommandException(LocalApi.Sentence(result.Problem));
            }

            if (!make)
            {
                throw new CommandException($"{LocalApi.Sentence(result.Problem)}\nThe same command with --make-room does both.");
            }

            screen.Line($"There is not enough room. Stopping {oldest.Name}, which was used least recently; its disk is kept.");
            await StopAsync(oldest, cancellationToken);
        }
    }

    private async Task StopAsync(LeastRecentlyAccessedResponse oldest, CancellationToken cancellationToken)
    {
        var stopping = await api.TryAsync(client => client.StopAsync(oldest.Id, cancellationToken));
        if (stopping.Problem is { } problem && problem.Code is not (ProblemCodes.NotFound or ProblemCodes.TransitionRefused))
        {
            throw new CommandException(LocalApi.Sentence(problem));
        }

        // A workspace that was deleted meanwhile has made room as well.
        if (stopping.Value is { } workspace)
        {
            await new WorkspaceWait(api, screen, time).UntilAsync(workspace.Id, WorkspaceStatus.Stopped, cancellationToken);
        }
    }
}
