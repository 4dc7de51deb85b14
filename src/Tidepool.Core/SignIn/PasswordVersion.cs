using System.Security.Cryptography;
using System.Text;

namespace Tidepool.Core.SignIn;

/// <summary>A short name of a password's hash, by which two processes compare whether they mean the same password.</summary>
public static class PasswordVersion
{
    public static string Of(string passwordHash) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("version of " + passwordHash)))[..16];
}
