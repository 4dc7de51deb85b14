using System.Security.Cryptography;
using System.Text;
using Tidepool.Core.Routing;
using Tidepool.Core.SignIn;
using Tidepool.Host.Files;
using Tidepool.Host.State;

namespace Tidepool.Caddy;

/// <summary>
/// The secrets in Caddy's configuration, besides the password's hash. Caddy could read them from files with each request, but each
/// such reading costs it a megabyte of memory and with that more time than the rest of the request.
/// </summary>
/// <param name="Proxy">By this Caddy proves to the server that the owner signed in: the two share it.</param>
/// <param name="Session">
/// The first half of the session cookie. It follows from the password's hash, so a new password ends all sessions in the same moment
/// in which it comes into force.
/// </param>
internal sealed record Secrets(string Proxy, string Session)
{
    /// <summary>Reads them, and makes what is missing. What is there stays, so requests under way and sessions go on.</summary>
    /// <exception cref="RouteTableException">A file cannot be read or written.</exception>
    public static Secrets Ensure(CaddyOptions options, CredentialOptions credentials)
    {
        var proxy = Ensure(options.ProxySecretFile, StateDirectory.GroupFile);
        var key = Ensure(options.SessionKeyFile, StateDirectory.PrivateFile);
        return new Secrets(proxy, Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.ASCII.GetBytes(key), Encoding.UTF8.GetBytes(credentials.PasswordHash))));
    }

    private static string Ensure(string path, UnixFileMode mode)
    {
        try
        {
            if (File.Exists(path) && File.ReadAllText(path) is var text && ProxySecret.IsWhole(text))
            {
                return text;
            }

            var made = ProxySecret.Create();
            DurableFiles.Write(path, made, mode);
            return made;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new RouteTableException($"The secret in {path} cannot be read or written.", fault);
        }
    }
}
