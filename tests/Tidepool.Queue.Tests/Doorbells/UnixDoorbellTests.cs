using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Jobs;
using Tidepool.Queue.Doorbells;

namespace Tidepool.Queue.Tests.Doorbells;

[UnsupportedOSPlatform("windows")]
public sealed class UnixDoorbellTests : DoorbellContract
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tidepool-bell-");
    private readonly UnixDoorbell listener;
    private readonly UnixDoorbellButton button;

    public UnixDoorbellTests()
    {
        listener = new UnixDoorbell(BellPath, forGroup: false, Time);
        button = new UnixDoorbellButton(BellPath);
    }

    protected override IDoorbell Listener => listener;

    protected override IDoorbell Button => button;

    private string BellPath => Path.Combine(folder.FullName, "test.bell");

    [Fact]
    public void The_socket_is_for_its_owner_only()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(BellPath));
        Assert.Equal([BellPath], Directory.GetFiles(folder.FullName));
    }

    [Fact]
    public async Task The_socket_goes_with_its_listener_and_ringing_it_then_does_nothing()
    {
        await listener.DisposeAsync();

        button.Ring();

        Assert.Empty(Directory.GetFiles(folder.FullName));
    }

    [Fact]
    public void A_second_listener_is_refused_while_the_first_lives()
    {
        Assert.Throws<InvalidOperationException>(() => new UnixDoorbell(BellPath, forGroup: false, Time));
        Assert.Equal([BellPath], Directory.GetFiles(folder.FullName));
    }

    [Fact]
    public async Task A_dead_listeners_socket_is_replaced()
    {
        var path = Path.Combine(folder.FullName, "dead.bell");
        LeaveBehind(path);
        using var early = new UnixDoorbellButton(path);
        early.Ring();

        await using var successor = new UnixDoorbell(path, forGroup: false, Time);
        early.Ring();

        await successor.WaitAsync(TimeSpan.FromHours(1), default).InTime();
    }

    [Fact]
    public void Ringing_never_waits_for_a_listener_that_does_not_listen()
    {
        var path = Path.Combine(folder.FullName, "deaf.bell");
        using var deaf = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        deaf.Bind(new UnixDomainSocketEndPoint(path));
        using var ringing = new UnixDoorbellButton(path);

        for (var i = 0; i < 10_000; i++)
        {
            ringing.Ring();
        }

        Assert.True(deaf.Poll(TimeSpan.Zero, SelectMode.SelectRead));
    }

    [Fact]
    public async Task Many_rings_at_once_are_heard_at_least_once()
    {
        var waiting = Listener.WaitAsync(TimeSpan.FromHours(1), default);

        Parallel.For(0, 1000, _ => button.Ring());

        await waiting.InTime();
    }

    [Fact]
    public void A_button_cannot_be_waited_for()
    {
        Assert.Throws<InvalidOperationException>(() => { _ = button.WaitAsync(TimeSpan.Zero, default); });
    }

    [Theory]
    [InlineData("relative.bell")]
    [InlineData("/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789.bell")]
    public void A_path_that_cannot_be_a_socket_is_refused_when_registered(string path)
    {
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddDoorbell(DoorbellNames.Jobs, path, listen: true));
    }

    protected override async ValueTask CleanUpAsync()
    {
        button.Dispose();
        await listener.DisposeAsync();
        folder.Delete(recursive: true);
    }

    /// <summary>A socket's file whose process is gone: what closing removes is the name it was bound under.</summary>
    private static void LeaveBehind(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path + ".bound"));
        File.Move(path + ".bound", path);
    }
}
