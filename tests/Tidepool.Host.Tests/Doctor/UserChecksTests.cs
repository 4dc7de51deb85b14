using Tidepool.Host.Accounts;
using Tidepool.Host.Doctor;
using Tidepool.Host.Processes;

namespace Tidepool.Host.Tests.Doctor;

public sealed class UserChecksTests
{
    private const string Unprivileged = "Uid:\t990\t990\t990\t990\nCapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\t0\nCapAmb:\t0\nNoNewPrivs:\t1";

    [Theory]
    [InlineData("caddy", Unprivileged, "Ok")]
    [InlineData("server", "Uid:\t0\t0\t0\t0\nCapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\t0\nCapAmb:\t0\nNoNewPrivs:\t1", "Fail")]
    [InlineData("server", "Uid:\t990\t0\t990\t990\nCapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\t0\nCapAmb:\t0\nNoNewPrivs:\t1", "Fail")]
    [InlineData("server", "Uid:\t990\t990\t990\t990\nCapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\t1\nCapAmb:\t0\nNoNewPrivs:\t1", "Fail")]
    [InlineData("server", "Uid:\t990\t990\t990\t990\nCapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\t0\nCapAmb:\t0\nNoNewPrivs:\t0", "Fail")]
    [InlineData("caddy", "Uid:\t990\t990\t990\t990\nCapInh:\t400\nCapPrm:\t400\nCapEff:\t400\nCapBnd:\t400\nCapAmb:\t400\nNoNewPrivs:\t1", "Ok")]
    [InlineData("server", "Uid:\t990\t990\t990\t990\nCapInh:\t400\nCapPrm:\t400\nCapEff:\t400\nCapBnd:\t400\nCapAmb:\t400\nNoNewPrivs:\t1", "Fail")]
    public void A_process_is_its_own_user_and_has_no_privilege_but_Caddy_that_of_low_ports(string name, string status, string expected) =>
        Assert.Equal(expected, UserChecks.Of([(name, 990, ProcessRights.Parse(status.Split('\n')))]).Status.ToString());

    [Fact]
    public void An_account_is_read_by_its_whole_name_and_is_never_root()
    {
        string[] lines = ["root:x:0:0::/root:/bin/sh", "tidepool-1-server2:x:9:9:::", "tidepool-1-server:x:991:992::/nonexistent:/usr/sbin/nologin", "zero:x:0:0:::"];

        Assert.Equal(new Account("tidepool-1-server", 991, 992), ServiceAccounts.Parse(lines, "tidepool-1-server"));
        Assert.Null(ServiceAccounts.Parse(lines, "tidepool-1"));
        Assert.Null(ServiceAccounts.Parse(lines, "zero"));
    }
}
