using Tidepool.Runtime.Boundary;

namespace Tidepool.Runtime.Tests.Boundary;

public sealed class MachinePlacesTests
{
    /// <summary>The command line, which may not know this project, looks for links of ours by the same name, and has the same test.</summary>
    [Fact]
    public void Links_begin_with_what_the_command_line_looks_for() => Assert.Equal("tw1a5ca", MachinePlaces.PrefixOf("tp12345678"));
}
