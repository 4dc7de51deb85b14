namespace Tidepool.Host.Tests;

public sealed class AmountsTests
{
    [Theory]
    [InlineData("4G", 4096)]
    [InlineData("4g", 4096)]
    [InlineData("4GiB", 4096)]
    [InlineData("4gib", 4096)]
    [InlineData("512M", 512)]
    [InlineData("512m", 512)]
    [InlineData("512MiB", 512)]
    [InlineData("512MIB", 512)]
    [InlineData("4096", 4096)]
    public void A_size_is_read_as_people_write_it(string text, int expected)
    {
        Assert.True(Amounts.TryParseMiB(text, out var mebibytes));
        Assert.Equal(expected, mebibytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("0")]
    [InlineData("0G")]
    [InlineData("-4G")]
    [InlineData("4 G")]
    [InlineData("4.5G")]
    [InlineData("4GB")]
    [InlineData("4B")]
    [InlineData("4iB")]
    [InlineData("4MG")]
    [InlineData("4T")]
    [InlineData("four")]
    [InlineData("2147483648")]
    [InlineData("2097152G")]
    [InlineData("99999999999999999999")]
    public void What_is_no_size_or_too_large_is_refused(string text) => Assert.False(Amounts.TryParseMiB(text, out _));

    [Theory]
    [InlineData("40", 40)]
    [InlineData("40G", 40)]
    [InlineData("40GiB", 40)]
    [InlineData("2048M", 2)]
    public void A_size_in_GiB_may_be_a_plain_number_of_them(string text, int expected)
    {
        Assert.True(Amounts.TryParseGiB(text, out var gibibytes));
        Assert.Equal(expected, gibibytes);
    }

    [Fact]
    public void A_size_in_GiB_is_whole() => Assert.False(Amounts.TryParseGiB("1500M", out _));

    [Theory]
    [InlineData(0, "0.0 GiB")]
    [InlineData(1, "<0.1 GiB")]
    [InlineData(1536, "1.5 GiB")]
    [InlineData(20_480, "20.0 GiB")]
    public void A_table_of_sizes_has_one_unit(long mebibytes, string expected) => Assert.Equal(expected, Amounts.GiB(mebibytes));
}
