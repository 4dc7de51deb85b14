using System.Globalization;
using System.Runtime.InteropServices;
using Tidepool.Host.Processes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Accounts;

/// <summary>One account of the system.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Account(string Name, uint User, uint Group);

/// <summary>
/// The two users of one state directory: the server's and Caddy's. They are accounts of the system, so that no other program gets
/// their numbers, and several Tidepools on one machine have two each.
/// </summary>
public sealed record ServiceAccounts(Account Server, Account Caddy)
{
    private const string Accounts = "/etc/passwd";
    private const string Lock = "/run/tidepool-accounts.lock";
    private const int Locked = 1;
    private const int Exists = 9;
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LockInterval = TimeSpan.FromMilliseconds(50);

    public static string ServerName(StateDirectory state) => $"tidepool-{state.Key}-server";

    public static string CaddyName(StateDirectory state) => $"tidepool-{state.Key}-caddy";

    /// <summary>Null where one of them is missing.</summary>
    public static ServiceAccounts? Find(StateDirectory state) =>
        Find(ServerName(state)) is { } server && Find(CaddyName(state)) is { } caddy ? new ServiceAccounts(server, caddy) : null;

    /// <summary>Makes the missing accounts; repeating it does no harm.</summary>
    /// <exception cref="CommandException">The system refused; says what to do.</exception>
    public static async Task<ServiceAccounts> EnsureAsync(StateDirectory state, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Find(state) is { } there)
        {
            return there;
        }

        using var alone = await AloneAsync(time, cancellationToken);
        foreach (var name in new[] { ServerName(state), CaddyName(state) })
        {
            await MakeAsync(name, cancellationToken);
        }

        return Find(state) ?? throw new CommandException(Refusal(ServerName(state), $"useradd made it, and {Accounts} does not list it."));
    }

    /// <summary>Removes them, with their groups. Their processes have ended by then.</summary>
    public static async Task RemoveAsync(StateDirectory state, TimeProvider time, CancellationToken cancellationToken)
    {
        using var alone = await AloneAsync(time, cancellationToken);
        foreach (var name in new[] { ServerName(state), CaddyName(state) }.Where(name => Find(name) is not null))
        {
            var removed = await RepeatedAsync("userdel", [name], cancellationToken);
            if (!removed.Succeeded)
            {
                throw new CommandException($"The account {name} could not be removed: {removed.LastOutput} Run `userdel {name}` yourself, then `tidepool uninstall` again.");
            }
        }
    }

    internal static Account? Parse(IEnumerable<string> lines, string name)
    {
        foreach (var line in lines.Where(line => line.StartsWith(name + ":", StringComparison.Ordinal)))
        {
            if (line.Split(':') is [_, _, var user, var group, ..] && Number(user) is { } userId and > 0 && Number(group) is { } groupId and > 0)
            {
                return new Account(name, userId, groupId);
            }
        }

        return null;
    }

    private static Account? Find(string name) => File.Exists(Accounts) ? Parse(File.ReadLines(Accounts), name) : null;

    private static uint? Number(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static async Task MakeAsync(string name, CancellationToken cancellationToken)
    {
        if (Find(name) is not null)
        {
            return;
        }

        var made = await RepeatedAsync("useradd", ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", "--comment", "Tidepool", name], cancellationToken);
        if (!made.Succeeded && made.ExitCode != Exists)
        {
            throw new CommandException(Refusal(name, made.LastOutput));
        }
    }

    /// <summary>Another program may hold the lock of the system's accounts; each of these tools itself waits for it a while.</summary>
    private static async Task<ToolResult> RepeatedAsync(string tool, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var result = await Tool.RunAsync(tool, arguments, cancellationToken);
        for (var again = 0; again < 3 && result.ExitCode == Locked; again++)
        {
            result = await Tool.RunAsync(tool, arguments, cancellationToken);
        }

        return result;
    }

    private static string Refusal(string name, string why) =>
        $"The account {name} could not be made: {why} Server and Caddy run as users of their own. Make the account with `useradd --system --user-group --no-create-home --shell /usr/sbin/nologin {name}`, in the way that this system has for it, then run `tidepool up` again.";

    /// <summary>Tidepools that are brought up side by side take turns.</summary>
    private static async Task<SupervisorLock> AloneAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            if (SupervisorLock.TryTake(Lock) is { } taken)
            {
                return taken;
            }

            if (time.GetElapsedTime(began) > LockTimeout)
            {
                throw new CommandException($"Another `tidepool` is making or removing accounts and does not end. Find the process that holds {Lock}, then try again.");
            }

            await Task.Delay(LockInterval, time, cancellationToken);
        }
    }
}
