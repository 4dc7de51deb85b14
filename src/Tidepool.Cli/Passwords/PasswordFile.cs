using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tidepool.Cli.State;

namespace Tidepool.Cli.Passwords;

/// <summary>The user's name and the hash of the password. The password itself is never stored.</summary>
internal static class PasswordFile
{
    public const int MinLength = 8;

    /// <summary>What bcrypt looks at; it would silently ignore the rest.</summary>
    public const int MaxBytes = 72;

    /// <summary>
    /// About a quarter of a second for each guess. The proxy remembers the right answer's hash, so its owner pays once, while
    /// every wrong guess pays in full; much more would let wrong guesses keep a core busy.
    /// </summary>
    private const int Cost = 12;

    /// <summary>Why this cannot be a password; null if it can.</summary>
    public static string? WhyNot(string password) =>
        password.Length < MinLength ? $"A password has at least {MinLength} characters."
        : Encoding.UTF8.GetByteCount(password) > MaxBytes ? $"A password has at most {MaxBytes} bytes."
        : password.Any(char.IsControl) ? "A password is one line, without control characters."
        : null;

    /// <summary>
    /// Also ends every browser session: they were opened with the old password. The worker makes the next token, once Caddy lets in by
    /// the new password alone; one made here could still be got with the old.
    /// </summary>
    public static void Write(StateDirectory state, string userName, string password)
    {
        var content = new PasswordFileContent(userName, BCrypt.Net.BCrypt.HashPassword(password, Cost));
        StateDirectory.WritePrivate(state.Auth, JsonSerializer.Serialize(content, PasswordFileJson.Default.PasswordFileContent) + "\n");
        File.Delete(state.SessionToken);
    }
}

internal sealed record PasswordFileContent(string UserName, string PasswordHash);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PasswordFileContent))]
internal sealed partial class PasswordFileJson : JsonSerializerContext;
