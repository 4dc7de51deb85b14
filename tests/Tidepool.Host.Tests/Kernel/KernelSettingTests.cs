using Tidepool.Host.Kernel;
using Tidepool.Host.State;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Kernel;

/// <summary>A setting of the machine, such as the forwarding of packets, is what it was once no Tidepool is up any more, whichever of them is killed and when.</summary>
public sealed class KernelSettingTests : IDisposable
{
    private readonly DirectoryInfo place = Directory.CreateTempSubdirectory("tp-forwarding-");
    private readonly TemporaryState first = new();
    private readonly TemporaryState second = new();

    public KernelSettingTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The setting is Linux's.");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Setting => Path.Combine(place.FullName, "ip_forward");

    private string Files => Path.Combine(place.FullName, "files");

    public void Dispose()
    {
        place.Delete(recursive: true);
        first.Dispose();
        second.Dispose();
    }

    [Theory]
    [InlineData("128", "4096")]
    [InlineData("8192", "8192")]
    public async Task A_limit_is_raised_never_lowered_and_put_back(string before, string meanwhile)
    {
        Now(before);
        Assert.Null(await Of("a").RaiseAsync(first.Directory, 4096, Token));
        Assert.Equal(meanwhile, Now());
        await DownAsync(first.Directory);
        Assert.Equal(before, Now());
    }

    [Fact]
    public async Task A_limit_that_cannot_be_raised_is_reported_and_stops_nothing()
    {
        // The kernel lets no user write this one.
        var fixedSetting = new KernelSetting(Files, "/proc/sys/kernel/ngroups_max", "a", TimeProvider.System);
        Assert.NotNull(await fixedSetting.RaiseAsync(first.Directory, long.MaxValue, Token));
        await fixedSetting.PutBackAsync(first.Directory, Token);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task What_there_was_is_put_back_and_nothing_is_left(string before)
    {
        Now(before);
        await UpAsync(first.Directory);
        await DownAsync(first.Directory);
        Assert.Equal(before, Now());
        Assert.False(Directory.Exists(Files));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_last_one_to_go_puts_back_what_the_first_one_found(bool firstGoesFirst)
    {
        Now("0");
        await UpAsync(first.Directory);
        await UpAsync(second.Directory);
        var (early, late) = firstGoesFirst ? (first, second) : (second, first);
        await DownAsync(early.Directory);
        Assert.Equal("1", Now());
        await DownAsync(late.Directory);
        Assert.Equal("0", Now());
    }

    [Fact]
    public async Task One_that_was_killed_and_comes_up_again_remembers_what_it_found_first()
    {
        Now("0");
        await UpAsync(first.Directory);
        await UpAsync(first.Directory);
        await DownAsync(first.Directory);
        Assert.Equal("0", Now());
    }

    [Fact]
    public async Task One_that_is_down_changes_nothing()
    {
        Now("0");
        await UpAsync(first.Directory);
        await DownAsync(first.Directory);
        Now("1");
        await DownAsync(first.Directory);
        Assert.Equal("1", Now());
    }

    [Fact]
    public async Task One_whose_state_directory_was_deleted_is_waited_for_by_none()
    {
        Now("0");
        using (var deleted = new TemporaryState())
        {
            await UpAsync(deleted.Directory);
        }

        Now("1");
        await UpAsync(second.Directory);
        await DownAsync(second.Directory);
        Assert.Equal("1", Now());
    }

    [Fact]
    public async Task One_on_another_network_is_no_concern()
    {
        Now("0");
        await UpAsync(first.Directory);
        await Of("net:[2]").KeepAsync(second.Directory, Token);
        await DownAsync(first.Directory);
        Assert.Equal("0", Now());
        await Of("net:[2]").PutBackAsync(second.Directory, Token);
        Assert.False(Directory.Exists(Files));
    }

    [Fact]
    public async Task Many_that_come_and_go_at_once_end_where_they_began()
    {
        Now("0");
        var states = Enumerable.Range(0, 8).Select(_ => new TemporaryState()).ToList();
        await Parallel.ForEachAsync(states, Token, async (state, _) =>
        {
            for (var round = 0; round < 5; round++)
            {
                await UpAsync(state.Directory);
                await DownAsync(state.Directory);
            }
        });
        Assert.Equal("0", Now());
        Assert.False(Directory.Exists(Files));
        states.ForEach(state => state.Dispose());
    }

    /// <summary>As `tidepool up` does, and after it the runtime.</summary>
    private async Task UpAsync(StateDirectory state)
    {
        await Of("net:[1]").KeepAsync(state, Token);
        Now("1");
    }

    private Task DownAsync(StateDirectory state) => Of("net:[1]").PutBackAsync(state, Token);

    private KernelSetting Of(string network) => new(Files, Setting, network, TimeProvider.System);

    private string Now() => File.ReadAllText(Setting).Trim();

    private void Now(string value) => File.WriteAllText(Setting, value + "\n");
}
