using Tidepool.Host.Doctor;
using Tidepool.Host.Images;
using Tidepool.Host.Packages;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Runtime;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Runtimes;

public sealed class RuntimeDecisionTests : IDisposable
{
    private static readonly HostFacts Host = new(true, "x64", true, 1L << 40, 1L << 35, null, null, null) { HasKvm = true, HasVsock = true };
    private readonly TemporaryState state = new();
    private readonly RecordedScreen screen = new();

    [Fact]
    public async Task What_was_asked_for_by_name_is_taken_and_nothing_is_tried()
    {
        var settings = new Settings { Runtime = "qemu" };
        await DecideAsync(settings);
        Assert.Equal(("qemu", "    Workspaces run in QEMU, as it was asked for."), (settings.RuntimeInUse, screen.Output));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("incus")]
    public async Task What_was_decided_once_is_not_decided_again(string asked)
    {
        var settings = new Settings { Runtime = asked, RuntimeInUse = "qemu" };
        await DecideAsync(settings);
        Assert.Equal(("qemu", ""), (settings.RuntimeInUse, screen.Output));
    }

    [Fact]
    public async Task What_cannot_be_here_is_refused() =>
        await Assert.ThrowsAsync<CommandException>(() => DecideAsync(new Settings { Runtime = "tart" }));

    public void Dispose()
    {
        state.Dispose();
    }

    private Task DecideAsync(Settings settings)
    {
        var programs = new Programs("/nowhere", "/nowhere/tidepool.dll", "/nowhere/server.dll", "/nowhere/worker.dll");
        var installer = new HostInstaller(RuntimesRegistration.Runtimes, state.Directory, programs, screen, "/nowhere");
        var image = new WorkspaceImage(state.Directory, programs, screen, "/nowhere");
        return new RuntimeDecision(RuntimesRegistration.Runtimes, state.Directory, settings, programs, screen, installer, image).RunAsync(Host, yes: true, TestContext.Current.CancellationToken);
    }
}
