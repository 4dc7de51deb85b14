using Tidepool.Core.Routing;
using Tidepool.Testing;

namespace Tidepool.Caddy.Tests;

/// <summary>A real Caddy whose admin API is behind a socket on which requests and answers get lost, cut, late and wrong.</summary>
[Collection(Collection)]
public sealed class CaddyFaultTests : CaddyTest
{
    private FaultySocket seam = null!;

    /// <summary>Without the faults that appear to be a success.</summary>
    public static TheoryData<SeamFault> Lasting() => [.. FaultySocket.Faults.Except([SeamFault.Slow, SeamFault.WrongShape])];

    [Theory]
    [MemberData(nameof(Lasting))]
    public async Task Whatever_befalls_a_change_is_reported_as_one_kind_of_failure_and_the_next_change_is_whole(SeamFault fault)
    {
        seam.Next = () => fault;
        await Assert.ThrowsAsync<RouteTableException>(() => ApplyAsync(Route("alice", Alice)));

        seam.Next = () => SeamFault.None;
        await ApplyAsync(Route("alice", Alice), Route("bob", Bob));
        Assert.StartsWith("alice\n", await GetTextAsync("workspace/alice/"), StringComparison.Ordinal);
        Assert.StartsWith("bob\n", await GetTextAsync("workspace/bob/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_a_seam_at_which_much_goes_wrong_the_routes_come_to_be_what_was_wanted()
    {
        var random = new Random(7);
        var faults = FaultySocket.Faults.Except([SeamFault.Hanging, SeamFault.Endless]).ToList();
        seam.Next = () => random.Next(3) == 0 ? faults[random.Next(faults.Count)] : SeamFault.None;
        for (var round = 0; round < 10; round++)
        {
            WorkspaceRoute[] wanted = round % 2 == 0 ? [Route("alice", Alice)] : [Route("bob", Bob)];
            await UntilServedAsync(wanted);
        }
    }

    protected override TimeSpan CallTimeout => TimeSpan.FromSeconds(1);

    /// <summary>Caddy goes on listening under another name, and the seam takes the usual name.</summary>
    protected override void Started()
    {
        var real = Caddy.AdminSocket + ".real";
        File.Move(Caddy.AdminSocket, real);
        seam = new FaultySocket(real, Caddy.AdminSocket);
    }

    protected override async ValueTask CleanUpAsync() => await seam.DisposeAsync();

    /// <summary>As the publisher's loop does: again after a failure, and again now and then although nothing failed.</summary>
    private async Task UntilServedAsync(WorkspaceRoute[] wanted)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            try
            {
                await ApplyAsync(wanted);
                if ((await GetTextAsync($"workspace/{wanted[0].Name}/")).StartsWith(wanted[0].Name + "\n", StringComparison.Ordinal))
                {
                    return;
                }
            }
            catch (Exception fault) when (fault is RouteTableException or HttpRequestException)
            {
                // Tried again; a reload may also cut off a client that connects in that moment.
            }
        }

        Assert.Fail($"{wanted[0].Name} is not served.");
    }
}
