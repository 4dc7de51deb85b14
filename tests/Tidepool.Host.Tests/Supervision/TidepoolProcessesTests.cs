using Tidepool.Host.Accounts;
using Tidepool.Host.Packages;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;
using Tidepool.Runtime;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Supervision;

public sealed class TidepoolProcessesTests
{
    private static readonly Programs Programs = new(Repository.At("."), "/cli/tidepool.dll", "/server/server.dll", "/worker/worker.dll");
    private static readonly ServiceAccounts Accounts = new(new Account("server", 991, 991), new Account("caddy", 992, 992));
    private static readonly RuntimeDescriptor Incus = RuntimesRegistration.Runtimes.Parse("incus")!;
    private static readonly RuntimeDescriptor Qemu = RuntimesRegistration.Runtimes.Parse("qemu")!;

    [Fact]
    public void Only_Incus_has_a_daemon()
    {
        using var state = new TemporaryState();
        Assert.Equal(["worker", "server", "caddy"], TidepoolProcesses.All(Qemu, state.Directory, Programs, "/usr/bin/caddy", new Settings(), Accounts).Select(p => p.Name));
        Assert.Equal(["incusd", "worker", "server", "caddy"], TidepoolProcesses.NamesOf(Incus));
        Assert.Equal(["incusd", "worker", "server", "caddy"], TidepoolProcesses.NamesOf(RuntimesRegistration.Runtimes.Of(new Settings())));
    }

    [Fact]
    public void Each_runtime_has_the_packages_that_it_needs_and_no_other_s()
    {
        var packages = new HostPackages(RuntimesRegistration.Runtimes, Programs);
        Assert.DoesNotContain("incus", packages.Of(Qemu));
        Assert.DoesNotContain("btrfs-progs", packages.Of(Qemu));
        Assert.Contains("qemu-system-x86", packages.Of(Qemu));
        Assert.Contains("qemu-utils", packages.Of(Qemu));
        Assert.DoesNotContain("qemu-utils", packages.Of(Incus));
        Assert.DoesNotContain("qemu-system-x86", packages.Of(null));
        Assert.All(new[] { Incus, Qemu, null }, runtime => Assert.Contains("mmdebstrap", packages.Of(runtime)));
        Assert.Superset(packages.Of(Qemu).ToHashSet(), packages.All.ToHashSet());
    }
}
