using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Runtime;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Runtimes;

/// <summary>The state directory says which machines exist; there is no worker to ask.</summary>
public sealed class RuntimeChangeTests : IDisposable
{
    private readonly TemporaryState state = new();
    private readonly RecordedScreen screen = new();

    [Theory]
    [InlineData(null)]
    [InlineData("incus")]
    public async Task The_same_runtime_and_none_are_no_change(string? asked)
    {
        var settings = InIncus();
        await ChangeAsync(asked, settings);
        Assert.Equal(("incus", ""), (settings.RuntimeInUse, screen.Output));
    }

    [Fact]
    public async Task Before_the_first_start_there_is_nothing_to_change()
    {
        var settings = new Settings { Runtime = "qemu" };
        await ChangeAsync("qemu", settings);
        Assert.Null(settings.RuntimeInUse);
    }

    [Fact]
    public async Task Another_runtime_is_refused_while_there_are_machines_in_the_old_one()
    {
        var settings = InIncus();
        Directory.CreateDirectory(state.Directory.At("incus", "containers", "tidepool_ws-1"));

        var refused = await Assert.ThrowsAsync<CommandException>(() => ChangeAsync("qemu", settings));
        Assert.Contains("tidepool_ws-1", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--state", refused.Message, StringComparison.Ordinal);
        Assert.Equal("incus", settings.RuntimeInUse);
    }

    [Fact]
    public async Task Auto_keeps_what_is_there_while_there_are_machines_and_says_so()
    {
        var settings = InIncus();
        Directory.CreateDirectory(state.Directory.At("incus", "virtual-machines", "tidepool_ws-1"));

        await ChangeAsync("auto", settings);
        Assert.Equal("incus", settings.RuntimeInUse);
        Assert.StartsWith("The runtime stays Incus: ", screen.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_read_is_not_taken_for_nothing()
    {
        var settings = InIncus();
        File.WriteAllText(state.Directory.Database, "no database");
        var refused = await Assert.ThrowsAsync<CommandException>(() => ChangeAsync("qemu", settings));
        Assert.Contains("could not be read", refused.Message, StringComparison.Ordinal);
        Assert.Equal("incus", settings.RuntimeInUse);
    }

    [Fact]
    public async Task Without_workspaces_it_is_decided_again()
    {
        var settings = InIncus();
        await ChangeAsync("qemu", settings);
        Assert.Null(settings.RuntimeInUse);
    }

    public void Dispose()
    {
        state.Dispose();
    }

    private static Settings InIncus() => new() { RuntimeInUse = "incus" };

    private Task ChangeAsync(string? asked, Settings settings)
    {
        // A missing program fails like a program that cannot read its database.
        var programs = new Programs("/nowhere", "/nowhere/tidepool.dll", "/nowhere/server.dll", "/nowhere/worker.dll");
        return new RuntimeChange(RuntimesRegistration.Runtimes, state.Directory, programs, screen, TimeProvider.System).RunAsync(asked, settings, TestContext.Current.CancellationToken);
    }
}
