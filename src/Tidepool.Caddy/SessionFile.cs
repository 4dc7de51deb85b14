using System.Security.Cryptography;

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
            var temporary = path + ".new";
            File.Delete(temporary);
            using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                file.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))));
            }

            File.Move(temporary, path, overwrite: false);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Until the next look, browsers give their password with each request.
        }
    }
}
