using Tidepool.Core.Runtime;

namespace Tidepool.Core.Tests.Runtime;

public sealed class RuntimeNamesTests
{
    [Theory]
    [InlineData("qemu", "auto", false, "qemu")]
    [InlineData("incus", "qemu", false, "incus")]
    [InlineData(null, "qemu", false, "qemu")]
    [InlineData(null, "auto", false, "incus")]
    [InlineData(null, null, false, "incus")]
    [InlineData(null, "auto", true, "tart")]
    public void What_is_in_use_counts_before_what_was_asked_for(string? inUse, string? asked, bool isMac, string expected) =>
        Assert.Equal(expected, RuntimeNames.InForce(inUse, asked, isMac));

    [Fact]
    public void A_runtime_that_there_is_not_is_named_with_those_that_there_are() =>
        Assert.Contains("incus, qemu and tart", Assert.Throws<InvalidOperationException>(() => RuntimeNames.InForce(null, "docker", isMac: false)).Message, StringComparison.Ordinal);
}
