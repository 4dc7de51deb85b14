using Tidepool.Host.Accounts;
using Tidepool.Host.Shutdown;
using Tidepool.Host.State;
using Tidepool.Runtime;
using Tidepool.Runtime.Incus;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Shutdown;

public sealed class LeftoversTests
{
    [Fact]
    public void Mounts_below_a_directory_are_found_the_innermost_first() =>
        Assert.Equal(
            ["/s/incus/pools/p q", "/s/incus"],
            Leftovers.MountsBelow("/s", [
                "22 1 254:0 / / rw - ext4 /dev/vda rw",
                "40 22 254:0 /x /s/incus rw - ext4 /dev/vda rw",
                "41 40 0:40 / /s/incus/pools/p\\040q rw - btrfs /dev/loop0 rw",
                "42 22 0:41 / /st/other rw - tmpfs tmpfs rw",
            ]));

    [Theory]
    [InlineData("dnsmasq --pid-file=/data/incus/networks/dnsmasq.pid", true)]
    [InlineData("caddy run --config /data/caddy/config.json", true)]
    [InlineData("[lxc monitor] /data/incus/containers tidepool_ws-1", true)]
    [InlineData("qemu-system-x86_64 -drive id=disk,file=/data/qemu/machines/ws-1/disk,format=raw", true)]
    [InlineData("caddy run --config /srv/data/caddy/config.json", false)]
    [InlineData("caddy run --config /srv/data/x --resume /data/caddy/config.json", true)]
    [InlineData("caddy run --config /data2/caddy/config.json", false)]
    [InlineData("caddy run --config ./data/caddy/config.json", false)]
    public void A_process_is_ours_by_a_path_below_the_state_directory(string commandLine, bool ours) =>
        Assert.Equal(ours, Leftovers.NamesBelow("/data", commandLine));

    [Fact]
    public void Chains_are_ours_by_the_bridge_or_by_a_machine_of_ours()
    {
        using var state = new TemporaryState();
        Directory.CreateDirectory(state.Directory.At("incus", "containers", "tidepool_ws-1"));
        var chains = new IncusFirewallChains("tp12345678", state.Directory);

        Assert.True(chains.IsOurs("fwd.tp12345678"));
        Assert.True(chains.IsOurs("in.tidepool_ws-1.eth0"));
        Assert.False(chains.IsOurs("in.tidepool_ws-2.eth0"));
        Assert.False(chains.IsOurs("fwd.incusbr0"));
        Assert.False(chains.IsOurs("input"));
    }

    /// <summary>The same as in the runtime's own tests: change both together.</summary>
    [Fact]
    public void The_names_of_links_are_what_they_were_in_older_versions() => Assert.Equal("tw1a5ca", NetworkNames.LinkPrefixOf("tp12345678"));

    [Fact]
    public void Chains_are_read_from_what_nft_prints() =>
        Assert.Equal(
            ["fwd.tp12345678"],
            IncusFirewallChains.Parse("""{"nftables":[{"metainfo":{"version":"1.0.6"}},{"table":{"family":"inet","name":"incus"}},{"chain":{"family":"inet","table":"incus","name":"fwd.tp12345678"}}]}"""));

    [Theory]
    [InlineData(0u, "caddy", false, true)]
    [InlineData(991u, "dotnet", false, true)]
    [InlineData(992u, "caddy", false, true)]
    [InlineData(998u, "caddy", false, false)]
    [InlineData(998u, "dnsmasq", false, true)]
    [InlineData(65534u, "dnsmasq", false, true)]
    [InlineData(1000u, "dnsmasq", false, false)]
    [InlineData(60001u, "caddy", false, false)]
    [InlineData(1_000_000u, "caddy", false, false)]
    [InlineData(1_900_000_000u, "qemu-system-x86_64", true, true)]
    [InlineData(1_900_000_000u, "caddy", false, false)]
    public void Only_users_that_Tidepool_gives_its_processes_have_processes_of_ours(uint user, string program, bool isMachine, bool mayBe) =>
        Assert.Equal(mayBe, Leftovers.MayBeOurs(user, program, isMachine ? 1_900_000_000 : null, new ServiceAccounts(new Account("server", 991, 991), new Account("caddy", 992, 992))));

    [Fact]
    public async Task Another_users_process_that_looks_like_ours_is_not_ours()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can start a process as another user.");
        using var state = new TemporaryState();
        var settings = Settings.Read(state.Directory, RuntimesRegistration.Runtimes);
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("setpriv", ["--reuid", "12345", "--regid", "12345", "--clear-groups", "bash", "-c", $"exec -a 'caddy {state.Directory.At("caddy", "config.json")}' sleep 60"]))!;
        try
        {
            while (Tidepool.Host.Processes.ProcessTable.CommandLine(process.Id) is var line && !line.StartsWith("caddy", StringComparison.Ordinal))
            {
                Assert.False(process.HasExited, line);
                await Task.Yield();
            }

            Assert.Empty(await new Leftovers(RuntimesRegistration.Runtimes, state.Directory, settings).FindAsync(TestContext.Current.CancellationToken));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }
}
