using System.Security.Cryptography;
using Tidepool.Cli.State;

namespace Tidepool.Cli.Passwords;

/// <summary>What a browser that once gave the password shows instead of it, on the workspaces' port. One for all, kept in a file of the owner's.</summary>
internal static class SessionToken
{
    /// <summary>Ends every session.</summary>
    public static void Renew(StateDirectory state) =>
        StateDirectory.WritePrivate(state.SessionToken, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));

    public static void EnsureExists(StateDirectory state)
    {
        if (!File.Exists(state.SessionToken))
        {
            Renew(state);
        }
    }
}
