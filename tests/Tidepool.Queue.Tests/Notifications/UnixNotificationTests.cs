using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Jobs;
using Tidepool.Queue.Notifications;

namespace Tidepool.Queue.Tests.Notifications;

[UnsupportedOSPlatform("windows")]
public sealed class UnixNotificationTests : NotificationContract
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tidepool-bell-");
    private readonly UnixNotification listener;
    private readonly UnixNotificationSender button;

    public UnixNotificationTests()
    {
        listener = new UnixNotification(NotificationPath, forGroup: false, Time);
        button = new UnixNotificationSender(NotificationPath);
    }

    protected override INotification Listener => listener;

    protected override INotification Button => button;

    private string NotificationPath => Path.Combine(folder.FullName, "test.bell");

    [Fact]
    public void The_socket_is_for_its_owner_only()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(NotificationPath));
        Assert.Equal([NotificationPath], Directory.GetFiles(folder.FullName));
    }

    [Fact]
    public async Task The_socket_goes_with_its_listener_and_ringing_it_then_does_nothing()
    {
        await listener.DisposeAsync();

        button.Notify();

        Assert.Empty(Directory.GetFiles(folder.FullName));
    }

    [Fact]
    public void A_second_listener_is_refused_while_the_first_lives()
    {
        Assert.Throws<InvalidOperationException>(() => new UnixNotification(NotificationPath, forGroup: false, Time));
        Assert.Equal([NotificationPath], Directory.GetFiles(folder.FullName));
    }

    [Fact]
    public async Task A_dead_listeners_socket_is_replaced()
    {
        var path = Path.Combine(folder.FullName, "dead.bell");
        LeaveBehind(path);
        using var early = new UnixNotificationSender(path);
        early.Notify();

        await using var successor = new UnixNotification(path, forGroup: false, Time);
        early.Notify();

        await successor.WaitAsync(TimeSpan.FromHours(1), default).InTime();
    }

    [Fact]
    public void Ringing_never_waits_for_a_listener_that_does_not_listen()
    {
        var path = Path.Combine(folder.FullName, "deaf.bell");
        using var deaf = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        deaf.Bind(new UnixDomainSocketEndPoint(path));
        using var sender = new UnixNotificationSender(path);

        for (var i = 0; i < 10_000; i++)
        {
            sender.Notify();
        }

        Assert.True(deaf.Poll(TimeSpan.Zero, SelectMode.SelectRead));
    }

    [Fact]
    public async Task Many_rings_at_once_are_heard_at_least_once()
    {
        var waiting = Listener.WaitAsync(TimeSpan.FromHours(1), default);

        Parallel.For(0, 1000, _ => button.Notify());

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
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddNotification(NotificationNames.Jobs, path, listen: true));
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
