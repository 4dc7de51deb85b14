using Tidepool.Host.Packages;

namespace Tidepool.Host.Tests.Packages;

public sealed class PackageVersionTests
{
    [Theory]
    [InlineData("6.0.4-2+deb13u7~bpo12+1", true)]
    [InlineData("1:6.14-202507", true)]
    [InlineData("5.21.3-1", false)]
    [InlineData("6", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_version_is_compared_by_its_leading_numbers(string? version, bool enough) =>
        Assert.Equal(enough, PackageVersion.IsAtLeast(version, new Version(6, 0)));

    [Theory]
    [InlineData("v2.11.2", true)]
    [InlineData("2.6.2", false)]
    [InlineData("2.12.0-rc.1", true)]
    public void Caddys_own_messages_are_understood(string version, bool enough) => Assert.Equal(enough, PackageVersion.IsAtLeast(version, CaddyProgram.Needed));

    [Fact]
    public void The_distribution_is_read_from_its_own_description() =>
        Assert.Equal(
            new OsRelease("debian", "bookworm", "Debian GNU/Linux 12 (bookworm)"),
            OsRelease.Parse("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n"));
}
