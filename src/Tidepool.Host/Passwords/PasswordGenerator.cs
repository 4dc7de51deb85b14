using System.Security.Cryptography;

namespace Tidepool.Host.Passwords;

/// <summary>Random passwords that can be read aloud and typed: four groups of six, without similar characters.</summary>
public static class PasswordGenerator
{
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";

    public static string Create() =>
        string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString(Alphabet, 6)));
}
