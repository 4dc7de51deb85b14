using System.Text.Json;
using Tidepool.Caddy;

namespace Tidepool.Worker.Hosting;

/// <summary>The owner's name and password hash, as <c>tidepool up</c> and <c>tidepool password</c> leave them.</summary>
internal static class OwnerCredentials
{
    public static CredentialOptions Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return new CredentialOptions(Text(document, "userName"), Text(document, "passwordHash"));
    }

    private static string Text(JsonDocument document, string name) =>
        document.RootElement.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 } text
            ? text
            : throw new InvalidOperationException($"The password file has no {name}.");
}
