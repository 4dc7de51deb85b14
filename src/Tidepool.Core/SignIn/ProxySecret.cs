using System.Security.Cryptography;
using System.Text;

namespace Tidepool.Core.SignIn;

/// <summary>
/// Caddy proves with it to the server that a request comes from the signed-in owner: a secret that the two share, 256 random
/// bits in a file. A client, a workspace or another program of this machine cannot know it.
/// </summary>
public static class ProxySecret
{
    /// <summary>The header that carries it, from Caddy to the server alone.</summary>
    public const string Header = "X-Tidepool-Signed-In";

    private const int Bytes = 32;

    public static string Create() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>Whether a text can be a secret. An empty or cut-off file holds none.</summary>
    public static bool IsWhole(string? text) => text is { Length: Bytes * 2 } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether what came is the secret; takes the same time for every wrong one of the same length.</summary>
    public static bool Matches(string came, string? secret) =>
        IsWhole(secret) && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(came), Encoding.UTF8.GetBytes(secret!));
}
