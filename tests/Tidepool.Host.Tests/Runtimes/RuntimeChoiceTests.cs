using System.Runtime.InteropServices;
using Tidepool.Core.Runtime;
using Tidepool.Host.Doctor;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Runtime;
using Tidepool.Runtime.Incus;

namespace Tidepool.Host.Tests.Runtimes;

public sealed class RuntimeChoiceTests
{
    private static readonly HostFacts Linux = new(true, "x64", true, 1L << 40, 1L << 35, null, null, null) { HasKvm = true, HasVsock = true };
    private static readonly HostFacts Mac = Linux with { IsLinux = false, IsMac = true, Architecture = "arm64", HasKvm = false };

    [Fact]
    public async Task Incus_comes_first_where_it_can_run_virtual_machines()
    {
        var choice = await ChooseAsync(Linux, kvmWorks: true);
        Assert.Equal(("incus", Isolation.VirtualMachine), (choice.Runtime.Name, choice.Isolation));
    }

    [Fact]
    public async Task QEMU_takes_over_where_KVM_works_and_Incus_cannot_use_it()
    {
        var withoutVsock = await ChooseAsync(Linux with { HasVsock = false }, kvmWorks: true);
        Assert.Equal(("qemu", Isolation.VirtualMachine), (withoutVsock.Runtime.Name, withoutVsock.Isolation));
        Assert.Contains(withoutVsock.Reasons, reason => reason.Contains("vhost_vsock", StringComparison.Ordinal));

        var withoutIncus = await ChooseAsync(Linux, kvmWorks: true, hasIncus: false);
        Assert.Equal("qemu", withoutIncus.Runtime.Name);
        Assert.Contains(withoutIncus.Reasons, reason => reason.Contains("Incus is not available", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_KVM_does_not_work_it_is_containers_and_what_they_share_is_said(bool hasDevice)
    {
        var choice = await ChooseAsync(Linux with { HasKvm = hasDevice }, kvmWorks: false);
        Assert.Equal(("incus", Isolation.Container), (choice.Runtime.Name, choice.Isolation));
        Assert.Contains(choice.Reasons, reason => reason.Contains("share this machine's kernel", StringComparison.Ordinal) && reason.Contains("--runtime qemu", StringComparison.Ordinal));
        Assert.Contains(choice.Reasons, reason => reason.Contains("/dev/kvm", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, "no btrfs")]
    public async Task Emulated_machines_are_what_is_left_where_Incus_cannot_be_had(bool hasIncus, string? whyNoBtrfs)
    {
        var choice = await ChooseAsync(Linux with { WhyNoBtrfs = whyNoBtrfs }, kvmWorks: false, hasIncus);
        Assert.Equal(("qemu", Isolation.EmulatedMachine), (choice.Runtime.Name, choice.Isolation));
        Assert.Contains(choice.Reasons, reason => reason.Contains("slow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MacOS_has_Tart() => Assert.Equal("tart", (await ChooseAsync(Mac, kvmWorks: false)).Runtime.Name);

    [Fact]
    public async Task A_machine_on_which_no_runtime_works_is_refused_with_the_reason()
    {
        var refused = await Assert.ThrowsAsync<CommandException>(() => ChooseAsync(Linux with { Architecture = "arm64" }, kvmWorks: false, hasIncus: false));
        Assert.Contains("Incus is not available. QEMU's machines are made for x64.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_packages_offer_is_read_only_where_the_answer_matters()
    {
        var asked = new List<string>();
        await RuntimeChoice.OfAsync(RuntimesRegistration.Runtimes, Linux with { HasVsock = false }, kvmWorks: true, Ask);
        Assert.Equal(["qemu"], asked);

        Task<bool> Ask(RuntimeDescriptor runtime)
        {
            asked.Add(runtime.Name);
            return Task.FromResult(true);
        }
    }

    [Fact]
    public async Task Every_machine_gets_a_reason_of_a_line_or_two()
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
            select (Host: Linux with { IsMac = mac, IsLinux = !mac, Architecture = x64 ? "x64" : "arm64", HasKvm = kvm, HasVsock = vsock }, KvmWorks: kvm && works && x64, incus);
        foreach (var (host, kvmWorks, hasIncus) in machines)
        {
            Assert.InRange((await ChooseAsync(host, kvmWorks, hasIncus)).Reasons.Count, 1, 2);
        }
    }

    [Fact]
    public void A_runtime_that_was_asked_for_is_taken_where_it_can_be()
    {
        Assert.Equal("qemu", Named("qemu", Linux).Runtime.Name);
        Assert.Null(Named("incus", Linux with { Architecture = "arm64" }).Isolation);
        Assert.Throws<CommandException>(() => Named("qemu", Linux with { Architecture = "arm64" }));
        Assert.Contains("incus, qemu", Assert.Throws<CommandException>(() => Named("tart", Linux)).Message, StringComparison.Ordinal);
        Assert.Throws<CommandException>(() => Named("incus", Mac));
    }

    [Theory]
    [InlineData(Isolation.VirtualMachine, true)]
    [InlineData(Isolation.Container, false)]
    [InlineData(null, null)]
    public void What_the_machine_was_found_able_to_do_is_kept(Isolation? found, bool? machines)
    {
        var settings = new Settings();
        RuntimesRegistration.Runtimes.Parse("incus")!.Settle(settings, found);
        Assert.Equal(machines, IncusSettings.Of(settings).Machines);
    }

    [Theory]
    [InlineData("qemu", "auto", false, "qemu")]
    [InlineData("incus", "qemu", false, "incus")]
    [InlineData(null, "qemu", false, "qemu")]
    [InlineData(null, "auto", false, "incus")]
    [InlineData(null, null, false, "incus")]
    [InlineData(null, "auto", true, "tart")]
    public void What_is_in_use_counts_before_what_was_asked_for(string? inUse, string? asked, bool isMac, string expected) =>
        Assert.Equal(expected, RuntimesRegistration.Runtimes.InForce(inUse, asked, isMac ? OSPlatform.OSX : OSPlatform.Linux).Name);

    [Fact]
    public void The_worker_refuses_a_runtime_that_there_is_not_and_names_those_that_there_are() =>
        Assert.Contains("incus, qemu, tart", Assert.Throws<InvalidOperationException>(() => RuntimesRegistration.Runtimes.InForce(null, "docker")).Message, StringComparison.Ordinal);

    private static RuntimeChoice Named(string runtime, HostFacts host) => RuntimeChoice.Named(RuntimesRegistration.Runtimes, RuntimesRegistration.Runtimes.Parse(runtime)!, host);

    private static Task<RuntimeChoice> ChooseAsync(HostFacts host, bool kvmWorks, bool hasIncus = true) =>
        RuntimeChoice.OfAsync(RuntimesRegistration.Runtimes, host, kvmWorks, runtime => Task.FromResult(hasIncus || runtime.Name != "incus"));
}
