using Tidepool.Host.Accounts;
using Tidepool.Host.Processes;
using Tidepool.Host.Sockets;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Passwords;

/// <summary>Whether Caddy lets in the password that stands in the password file: it is asked itself.</summary>
public sealed class PasswordInForce(Func<CancellationToken, Task<string?>> askCaddy, TimeProvider time)
{
    /// <summary>More than the supervisor waits at most before it starts the worker again.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    /// <summary>For the Caddy of this state directory.</summary>
    public static PasswordInForce Of(StateDirectory state, TimeProvider time) => new(cancellationToken => ConfigurationAsync(state, cancellationToken), time);

    /// <summary>Waits until Caddy has the hash. True at once where no Caddy runs: the next one starts with what the worker gives it.</summary>
    public async Task<bool> WaitAsync(string passwordHash, CancellationToken cancellationToken)
    {
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < Deadline;)
        {
            if (await askCaddy(cancellationToken) is not { } configuration || configuration.Contains(passwordHash, StringComparison.Ordinal))
            {
                return true;
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }

        return false;
    }

    /// <summary>Caddy's configuration as text, empty where it does not answer; null where none runs.</summary>
    private static async Task<string?> ConfigurationAsync(StateDirectory state, CancellationToken cancellationToken)
    {
        if (PidFile.ReadAlive(state.PidFile(TidepoolProcesses.Caddy)) is null)
        {
            return null;
        }

        try
        {
            using var http = UnixHttp.Client(state.CaddyAdminSocket, "http://caddy/", CallTimeout, ServiceAccounts.Find(state)?.Caddy.User);
            http.DefaultRequestHeaders.Add("Origin", "http://caddy");
            return await http.GetStringAsync(new Uri("config/", UriKind.Relative), cancellationToken);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return "";
        }
    }
}
