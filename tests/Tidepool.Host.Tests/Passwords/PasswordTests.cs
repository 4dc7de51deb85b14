using System.Text.Json;
using Tidepool.Core.SignIn;
using Tidepool.Host.Passwords;
using Tidepool.Host.State;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Passwords;

public sealed class PasswordTests
{
    [Fact]
    public void A_generated_password_is_long_has_no_lookalikes_and_is_never_the_same()
    {
        var passwords = Enumerable.Range(0, 200).Select(_ => PasswordGenerator.Create()).ToList();

        Assert.Equal(200, passwords.Distinct().Count());
        Assert.All(passwords, p => Assert.Matches("^([a-zA-Z2-9]{6}-){3}[a-zA-Z2-9]{6}$", p));
        Assert.All(passwords, p => Assert.DoesNotContain(p, c => "0O1lIi".Contains(c) && c != 'i'));
        Assert.All(passwords, p => Assert.Null(PasswordFile.WhyNot(p)));
    }

    [Fact]
    public void Only_the_hash_is_stored_and_only_the_owner_can_read_it()
    {
        using var state = new TemporaryState();
        PasswordFile.Write(state.Directory, "tidepool", "correct-horse-battery");

        var text = File.ReadAllText(state.Directory.Auth);
        using var document = JsonDocument.Parse(text);
        Assert.Equal(StateDirectory.PrivateFile, File.GetUnixFileMode(state.Directory.Auth));
        Assert.DoesNotContain("correct-horse-battery", text, StringComparison.Ordinal);
        Assert.Equal("tidepool", document.RootElement.GetProperty("userName").GetString());
        Assert.True(BCrypt.Net.BCrypt.Verify("correct-horse-battery", document.RootElement.GetProperty("passwordHash").GetString()));
    }

    [Fact]
    public void The_server_learns_which_password_is_in_force_and_nothing_of_it()
    {
        using var state = new TemporaryState();
        PasswordFile.Write(state.Directory, "tidepool", "correct-horse-battery");
        using var document = JsonDocument.Parse(File.ReadAllText(state.Directory.Auth));
        var version = File.ReadAllText(state.Directory.PasswordVersion).Trim();
        Assert.DoesNotContain(version, File.ReadAllText(state.Directory.Auth), StringComparison.Ordinal);
        Assert.Equal(PasswordVersion.Of(document.RootElement.GetProperty("passwordHash").GetString()!), version);

        // Cut off before the hash was written, and put right by the next up.
        File.WriteAllText(state.Directory.PasswordVersion, "of-the-password-that-never-came");
        PasswordFile.CompleteVersion(state.Directory);
        Assert.Equal(version, File.ReadAllText(state.Directory.PasswordVersion).Trim());
    }

    [Theory]
    [InlineData("short")]
    [InlineData("with\ttabulator")]
    [InlineData("more bytes than bcrypt ever uses, so that it would silently ignore the end of it")]
    public void What_bcrypt_or_a_browser_would_not_carry_is_refused(string password) => Assert.NotNull(PasswordFile.WhyNot(password));
}
