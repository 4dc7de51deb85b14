using Tidepool.Core.Runtime;
using Tidepool.Testing;

namespace Tidepool.Runtime.Tests;

public sealed class InMemoryRuntimeTests : WorkspaceRuntimeContract
{
    protected override IWorkspaceRuntime Runtime { get; } = new InMemoryRuntime();

    protected override RuntimeImage Image { get; } = new("default", "1234", AppContext.BaseDirectory);
}
