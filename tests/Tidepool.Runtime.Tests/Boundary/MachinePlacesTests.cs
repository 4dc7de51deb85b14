using Tidepool.Runtime.Boundary;

namespace Tidepool.Runtime.Tests.Boundary;

public sealed class MachinePlacesTests
{
    /// <summary>The command line, which may not reference this project, finds links of ours by the same name, and has the same test.</summary>
    [Fact]
    public void Links_have_the_prefix_that_the_command_line_expects() => Assert.Equal("tw1a5ca", MachinePlaces.PrefixOf("tp12345678"));
}
