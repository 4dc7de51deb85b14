using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tidepool.Core.SignIn;
using Tidepool.Host.Files;
using Tidepool.Host.State;

namespace Tidepool.Host.Passwords;

/// <summary>The user's name and the hash of the password. The password itself is never stored.</summary>
public static class PasswordFile
{
    public const int MinLength = 8;

    /// <summary>The most that bcrypt uses; it would silently ignore the rest.</summary>
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
    /// Also ends every browser session: the token of the sessions follows from the hash, and Caddy gets both from the worker at once.
    /// </summary>
    /// <returns>The hash.</returns>
    public static string Write(StateDirectory state, string userName, string password)
    {
        var content = new PasswordFileContent(userName, BCrypt.Net.BCrypt.HashPassword(password, Cost));

        // First what the server sees: from here on it takes no password for known. Cut off after it, the old one is still let in by
        // Caddy, which checks it each time.
        WriteVersion(state, content.PasswordHash);
        DurableFiles.Write(state.Auth, JsonSerializer.Serialize(content, PasswordFileJson.Default.PasswordFileContent) + "\n");
        return content.PasswordHash;
    }

    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">It lacks the name or the hash.</exception>
    public static PasswordFileContent Read(StateDirectory state) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(state.Auth), PasswordFileJson.Default.PasswordFileContent) is { UserName.Length: > 0, PasswordHash.Length: > 0 } content
            ? content
            : throw new InvalidOperationException("The password file lacks the user's name or the password's hash.");

    /// <summary>Brings the server's file to the password that is in force, where writing one was cut off or an older Tidepool wrote it.</summary>
    public static void CompleteVersion(StateDirectory state)
    {
        if (File.Exists(state.Auth) && Read(state) is var content
            && (!File.Exists(state.PasswordVersion) || File.ReadAllText(state.PasswordVersion).Trim() != PasswordVersion.Of(content.PasswordHash)))
        {
            WriteVersion(state, content.PasswordHash);
        }
    }

    private static void WriteVersion(StateDirectory state, string passwordHash)
    {
        Directory.CreateDirectory(state.Server, StateDirectory.PrivateDirectory);
        DurableFiles.Write(state.PasswordVersion, PasswordVersion.Of(passwordHash) + "\n", StateDirectory.GroupFile);
    }
}

/// <summary>The owner's name and password hash, as <c>tidepool up</c> and <c>tidepool password</c> leave them.</summary>
public sealed record PasswordFileContent(string UserName, string PasswordHash);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PasswordFileContent))]
internal sealed partial class PasswordFileJson : JsonSerializerContext;
