using Tidepool.Host.Accounts;
using Tidepool.Host.Packages;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Supervision;

public sealed class TidepoolProcessesTests
{
    private static readonly Programs Programs = new(Repository.At("."), "/cli/tidepool.dll", "/server/server.dll", "/worker/worker.dll");
    private static readonly ServiceAccounts Accounts = new(new Account("server", 991, 991), new Account("caddy", 992, 992));

    [Fact]
    public void Only_Incus_has_a_daemon()
    {
        using var state = new TemporaryState();
        Assert.Equal(["worker", "server", "caddy"], TidepoolProcesses.All(state.Directory, Programs, "/usr/bin/caddy", new Settings { RuntimeInUse = RuntimeKind.Qemu }, Accounts).Select(p => p.Name));
        Assert.Equal(["incusd", "worker", "server", "caddy"], TidepoolProcesses.NamesOf(RuntimeKind.Incus));
        Assert.Equal(["incusd", "worker", "server", "caddy"], TidepoolProcesses.NamesOf(null));
    }

    [Fact]
    public void Each_runtime_has_the_packages_that_it_needs_and_no_other_s()
    {
        var packages = new HostPackages(Programs);
        Assert.DoesNotContain("incus", packages.Of(RuntimeKind.Qemu));
        Assert.DoesNotContain("btrfs-progs", packages.Of(RuntimeKind.Qemu));
        Assert.Contains("qemu-system-x86", packages.Of(RuntimeKind.Qemu));
        Assert.Contains("qemu-utils", packages.Of(RuntimeKind.Qemu));
        Assert.DoesNotContain("qemu-utils", packages.Of(RuntimeKind.Incus));
        Assert.DoesNotContain("qemu-system-x86", packages.Of(null));
        Assert.All(new RuntimeKind?[] { RuntimeKind.Incus, RuntimeKind.Qemu, null }, runtime => Assert.Contains("mmdebstrap", packages.Of(runtime)));
        Assert.Superset(packages.Of(RuntimeKind.Qemu).ToHashSet(), packages.All.ToHashSet());
    }
}
