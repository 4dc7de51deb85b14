using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Tests.Workspaces;

internal static class WorkspaceAssert
{
    /// <summary>Equal in everything, the ports by their values.</summary>
    public static void Same(Workspace expected, Workspace? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Ports, actual.Ports);
        Assert.Equal(expected with { Ports = [] }, actual with { Ports = [] });
    }
}
