using Tidepool.Host.Startup;
using Tidepool.Host.State;
using Tidepool.Runtime;
using Tidepool.Runtime.Incus;
using Tidepool.Runtime.Qemu;

namespace Tidepool.Host.Tests.Startup;

public sealed class UpRequestTests
{
    private static readonly UpRequest Plain = new(null, null, null, null, null, Yes: false, Detach: false);

    [Fact]
    public void An_option_that_was_given_once_stays_and_a_plain_up_changes_nothing()
    {
        var settings = new Settings();
        Assert.True((Plain with { Port = 9000, Nat = false }).ApplyTo(settings, RuntimesRegistration.Runtimes));
        Assert.False(Plain.ApplyTo(settings, RuntimesRegistration.Runtimes));
        Assert.Equal((9000, false), (settings.ApiPort, IncusSettings.Of(settings).Nat));
    }

    [Fact]
    public void Network_options_hold_in_every_runtime_and_a_runtime_that_was_chosen_once_stays()
    {
        var settings = new Settings();
        Assert.True((Plain with { Runtime = "qemu", Nat = false }).ApplyTo(settings, RuntimesRegistration.Runtimes));
        Assert.False(Plain.ApplyTo(settings, RuntimesRegistration.Runtimes));
        Assert.Equal(("qemu", false, false), (settings.Runtime, IncusSettings.Of(settings).Nat, QemuSettings.Of(settings).Nat));
        Assert.Null(settings.RuntimeInUse);
    }

    [Theory]
    [InlineData(8081, null, null)]
    [InlineData(70000, null, null)]
    [InlineData(null, 0, null)]
    [InlineData(null, null, "everywhere")]
    public void What_cannot_work_is_refused_at_once(int? port, int? workspacePort, string? listen)
    {
        var request = Plain with { Port = port, WorkspacePort = workspacePort, Listen = listen };
        Assert.Equal(ExitCodes.Usage, Assert.Throws<CommandException>(() => request.ApplyTo(new Settings(), RuntimesRegistration.Runtimes)).ExitCode);
    }

    [Fact]
    public void The_share_of_the_machine_that_was_set_once_stays()
    {
        var settings = new Settings();
        Assert.False(Plain.ApplyTo(settings, RuntimesRegistration.Runtimes));
        Assert.Null(settings.Capacity);
        Assert.True((Plain with { WorkspaceMemory = 8192 }).ApplyTo(settings, RuntimesRegistration.Runtimes));
        Assert.True((Plain with { CpuOversubscription = 8 }).ApplyTo(settings, RuntimesRegistration.Runtimes));
        Assert.False(Plain.ApplyTo(settings, RuntimesRegistration.Runtimes));
        Assert.Equal((8192, 8.0), (settings.Capacity!.MemoryMiB!.Value, settings.Capacity.CpuOversubscription!.Value));
    }

    [Fact]
    public void A_share_of_nothing_is_refused_at_once()
    {
        Assert.Throws<CommandException>(() => (Plain with { WorkspaceMemory = 0 }).ApplyTo(new Settings(), RuntimesRegistration.Runtimes));
        Assert.Throws<CommandException>(() => (Plain with { CpuOversubscription = 0 }).ApplyTo(new Settings(), RuntimesRegistration.Runtimes));
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(100, 80)]
    [InlineData(5000, 500)]
    public void The_pool_may_take_most_of_what_is_free(long freeGibi, int expected) => Assert.Equal(expected, PoolSize.From(freeGibi << 30));
}
