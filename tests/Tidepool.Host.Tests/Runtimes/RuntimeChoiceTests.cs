using Tidepool.Host.Runtimes;

namespace Tidepool.Host.Tests.Runtimes;

public sealed class RuntimeChoiceTests
{
    private static readonly RuntimeFacts Best = new(IsMac: false, IsX64: true, HasKvm: true, KvmWorks: true, HasVsock: true, HasIncus: true);

    [Fact]
    public void Incus_comes_first_where_it_can_run_virtual_machines() => Chosen(Best, RuntimeKind.Incus, machines: true);

    [Fact]
    public void QEMU_takes_over_where_KVM_works_and_Incus_cannot_use_it()
    {
        Chosen(Best with { HasVsock = false }, RuntimeKind.Qemu, machines: null);
        Chosen(Best with { HasIncus = false }, RuntimeKind.Qemu, machines: null);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_KVM_does_not_work_it_is_containers_and_what_they_share_is_said(bool hasDevice)
    {
        var choice = Chosen(Best with { HasKvm = hasDevice, KvmWorks = false }, RuntimeKind.Incus, machines: false);
        Assert.Contains(choice.Reasons, r => r.Contains("share this machine's kernel", StringComparison.Ordinal) && r.Contains("--runtime qemu", StringComparison.Ordinal));
        Assert.Contains(choice.Reasons, r => r.Contains("/dev/kvm", StringComparison.Ordinal));
    }

    [Fact]
    public void Emulated_machines_are_what_is_left_where_Incus_is_not_to_be_had() =>
        Assert.Contains(Chosen(Best with { KvmWorks = false, HasIncus = false }, RuntimeKind.Qemu, machines: null).Reasons, r => r.Contains("slow", StringComparison.Ordinal));

    [Fact]
    public void MacOS_has_Tart() => Chosen(new RuntimeFacts(IsMac: true, IsX64: false, HasKvm: false, KvmWorks: false, HasVsock: false, HasIncus: false), RuntimeKind.Tart, machines: null);

    [Fact]
    public void A_machine_on_which_no_runtime_works_is_refused_with_the_reason() =>
        Assert.Throws<CommandException>(() => RuntimeChoice.Of(Best with { IsX64 = false, HasIncus = false }));

    [Fact]
    public void A_kernel_is_booted_only_where_the_answer_matters()
    {
        Assert.True(Best.NeedsProbe);
        Assert.False((Best with { HasKvm = false }).NeedsProbe);
        Assert.False((Best with { IsMac = true }).NeedsProbe);
        Assert.True((Best with { KvmWorks = false, HasVsock = false }).NeedsIncusAsked);
        Assert.False((Best with { HasVsock = false }).NeedsIncusAsked);
    }

    [Fact]
    public void Every_machine_gets_a_reason_of_a_line_or_two()
    {
        bool[] both = [false, true];
        var machines =
            from mac in both
            from x64 in both
            from kvm in both
            from works in both
            from vsock in both
            from incus in both
            where x64 || incus || mac
            select new RuntimeFacts(mac, x64, kvm, kvm && works, vsock, incus);
        Assert.All(machines, facts => Assert.InRange(RuntimeChoice.Of(facts).Reasons.Count, 1, 2));
    }

    [Fact]
    public void A_runtime_that_was_asked_for_is_taken_where_it_can_be()
    {
        Assert.Equal(RuntimeKind.Qemu, RuntimeChoice.Asked(RuntimeKind.Qemu, isMac: false, isX64: true).Runtime);
        Assert.Null(RuntimeChoice.Asked(RuntimeKind.Incus, isMac: false, isX64: false).Machines);
        Assert.Throws<CommandException>(() => RuntimeChoice.Asked(RuntimeKind.Qemu, isMac: false, isX64: false));
        Assert.Throws<CommandException>(() => RuntimeChoice.Asked(RuntimeKind.Tart, isMac: false, isX64: true));
        Assert.Throws<CommandException>(() => RuntimeChoice.Asked(RuntimeKind.Incus, isMac: true, isX64: false));
    }

    private static RuntimeChoice Chosen(RuntimeFacts facts, RuntimeKind runtime, bool? machines)
    {
        var choice = RuntimeChoice.Of(facts);
        Assert.Equal((runtime, machines), (choice.Runtime, choice.Machines));
        return choice;
    }
}
