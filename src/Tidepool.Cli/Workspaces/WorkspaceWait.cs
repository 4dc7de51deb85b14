using Tidepool.Cli.Api;
using Tidepool.Cli.Output;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Workspaces;

/// <summary>Follows one workspace until it is as wanted, telling of each step as it begins.</summary>
internal sealed class WorkspaceWait(LocalApi api, Screen screen, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(150);

    /// <summary>The workspace once it has that status; null once it is gone. Fails with its own message when it is in error.</summary>
    public Task<WorkspaceResponse?> UntilAsync(string id, WorkspaceStatus? wanted, CancellationToken cancellationToken) =>
        screen.WaitAsync<WorkspaceResponse?>("Waiting", async show =>
        {
            string? reported = null;
            while (true)
            {
                WorkspaceResponse? now;
                try
                {
                    var result = await api.TryAsync(client => client.GetAsync(id, cancellationToken));
                    now = result.Value;
                    if (now is null && result.Problem?.Code != ProblemCodes.NotFound)
                    {
                        throw new CommandException(LocalApi.Sentence(result.Problem));
                    }
                }
                catch (OperationCanceledException)
                {
                    throw Stopped(id);
                }

                if (now is null)
                {
                    return wanted is null ? null : throw new CommandException($"{id} is gone: it was deleted meanwhile.");
                }

                if (now.Status == wanted)
                {
                    return now;
                }

                if (now.Status == WorkspaceStatus.Error)
                {
                    throw new CommandException($"{now.Name}: {now.Error?.Message ?? "it is in error."} `tidepool logs {now.Name}` shows more.");
                }

                var step = Describe(now);
                if (step != reported)
                {
                    reported = step;
                    show(step);
                    screen.Line(step);
                }

                try
                {
                    await Task.Delay(PollInterval, time, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    throw Stopped(now.Name);
                }
            }
        });

    internal static string Describe(WorkspaceResponse workspace) =>
        workspace.Progress is { } p ? $"{workspace.Name}: step {p.Step} of {p.Of}, {p.Label}" : $"{workspace.Name}: {workspace.Status.ToString().ToLowerInvariant()}";

    private static CommandException Stopped(string name) => new($"Not waiting any longer; {name} goes on by itself. `tidepool ls` shows how it does.");
}
