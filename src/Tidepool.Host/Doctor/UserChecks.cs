using System.Globalization;
using Tidepool.Host.Accounts;
using Tidepool.Host.Processes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Doctor;

/// <summary>Whether server and Caddy run as users of their own without any privilege, and whether the state directory gives them no more than they need.</summary>
internal static class UserChecks
{
    private const string UsersTitle = "Users";
    private const string OwnersTitle = "Owners";
    private const string Restart = "`tidepool down`, then `tidepool up`, starts them as they should be.";
    private const ulong BindLowPorts = 1UL << 10;

    public static CheckResult Processes(StateDirectory state) =>
        ServiceAccounts.Find(state) is not { } accounts
            ? CheckResult.Fail(CheckCodes.Users, UsersTitle, $"The accounts {ServiceAccounts.ServerName(state)} and {ServiceAccounts.CaddyName(state)} are not both there.", Restart)
            : Of([
                (TidepoolProcesses.Server, accounts.Server.User, RightsOf(state, TidepoolProcesses.Server)),
                (TidepoolProcesses.Caddy, accounts.Caddy.User, RightsOf(state, TidepoolProcesses.Caddy)),
            ]);

    /// <param name="processes">Their names, the users that they must run as, and what the kernel reports; null for a process that does not run.</param>
    internal static CheckResult Of(IReadOnlyList<(string Name, uint User, ProcessRights? Rights)> processes)
    {
        var faults = processes.Where(process => process.Rights is not null).SelectMany(process => Faults(process.Name, process.User, process.Rights!)).ToList();
        return faults.Count > 0
            ? CheckResult.Fail(CheckCodes.Users, UsersTitle, string.Join(" ", faults), Restart)
            : CheckResult.Ok(CheckCodes.Users, UsersTitle, "server and Caddy are users of their own, without privileges");
    }

    public static async Task<CheckResult> OwnersAsync(StateDirectory state, CancellationToken cancellationToken)
    {
        const string next = "`tidepool down`, then `tidepool up`, gives everything its owner again.";
        if (StateUpgrade.IsNeeded(state))
        {
            return CheckResult.Warn(CheckCodes.Owners, OwnersTitle, "The state directory is of an earlier version.", next);
        }

        if (ServiceAccounts.Find(state) is not { } accounts)
        {
            return CheckResult.Warn(CheckCodes.Owners, OwnersTitle, "The users of server and Caddy are not made yet.", "`tidepool up` makes them.");
        }

        var wrong = await StateOwners.FaultsAsync(state, accounts, cancellationToken);
        return wrong.Count > 0
            ? CheckResult.Fail(CheckCodes.Owners, OwnersTitle, $"These have another owner, group or mode than they should: {string.Join(", ", wrong)}.", next)
            : CheckResult.Ok(CheckCodes.Owners, OwnersTitle, "server and Caddy can open what they need");
    }

    private static IEnumerable<string> Faults(string name, uint user, ProcessRights rights)
    {
        if (rights.User != user)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{name} does not run as its user {user}.");
        }

        if ((rights.Capabilities & ~(name == TidepoolProcesses.Caddy ? BindLowPorts : 0)) != 0 || !rights.NoNewPrivileges)
        {
            yield return $"{name} has privileges, or could get some.";
        }
    }

    private static ProcessRights? RightsOf(StateDirectory state, string name) =>
        PidFile.ReadAlive(state.PidFile(name)) is { } process ? ProcessRights.Of(process.Pid) : null;
}
