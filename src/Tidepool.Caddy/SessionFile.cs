using System.Security.Cryptography;
using System.Text;
using Tidepool.Core.State;

namespace Tidepool.Caddy;

/// <summary>
/// What a browser that once gave the password shows instead of it, on the workspaces' port. A change of the password removes it, and
/// with it every session; it is made anew only when Caddy lets in by the new password alone.
/// </summary>
internal static class SessionFile
{
    /// <param name="path">The file.</param>
    /// <param name="isInForce">Whether the password that Caddy was just told is still the one that stands in its file.</param>
    public static void Ensure(string path, Func<bool> isInForce)
    {
        if (path.Length == 0 || File.Exists(path) || !isInForce())
        {
            return;
        }

        try
        {
            PrivateFiles.Replace(path, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Until the next look, browsers give their password with each request.
        }
    }
}
