using System.Net.Sockets;
using CliWrap;
using Tidepool.Host.Files;

namespace Tidepool.Host.Tests.Files;

public sealed class ForeignFileTests : IDisposable
{
    private const string Stranger = "54321";
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("tp-foreign-");

    public ForeignFileTests() => Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Files of several users need Linux and root.");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_owners_own_file_is_read()
    {
        await File.WriteAllTextAsync(At("log"), "words", Token);
        await GiveAllAsync();
        using var reader = new StreamReader(ForeignFile.OpenRead(At("log")));
        Assert.Equal("words", await reader.ReadToEndAsync(Token));
    }

    [Theory]
    [InlineData("ln -s /etc/passwd $1/log", "cannot be opened")]
    [InlineData("mkfifo $1/log", "regular file")]
    [InlineData("mkdir $1/log", "regular file")]
    [InlineData("touch $1/log; ln $1/log $1/other", "with one name")]
    [InlineData(":", "cannot be opened")]
    public async Task What_would_lead_or_block_its_reader_is_refused(string making, string reason)
    {
        await Cli.Wrap("sh").WithArguments(["-c", making, "sh", directory.FullName]).ExecuteAsync(Token);
        await GiveAllAsync();
        Assert.Contains(reason, Assert.Throws<IOException>(() => ForeignFile.OpenRead(At("log"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_another_user_is_refused()
    {
        await GiveAllAsync();
        await File.WriteAllTextAsync(At("log"), "root's", Token);
        Assert.Contains("user 54321", Assert.Throws<IOException>(() => ForeignFile.OpenRead(At("log"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_is_reached_through_what_was_opened_and_not_through_its_path()
    {
        using var first = Listen("bell");
        using var second = Listen("other");
        await GiveAllAsync();
        using var opened = ForeignFile.OpenSocket(At("bell"));
        File.Move(At("other"), At("bell"), overwrite: true);

        using var sender = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        await sender.SendToAsync(new byte[] { 7 }, new UnixDomainSocketEndPoint($"/proc/self/fd/{opened.DangerousGetHandle()}"), Token);
        Assert.Equal((1, 0), (first.Available, second.Available));
    }

    [Fact]
    public async Task A_link_to_a_socket_is_refused()
    {
        using var other = Listen("other");
        File.CreateSymbolicLink(At("bell"), At("other"));
        await GiveAllAsync();
        Assert.Throws<IOException>(() => ForeignFile.OpenSocket(At("bell")));
    }

    public void Dispose() => directory.Delete(recursive: true);

    private string At(string name) => Path.Combine(directory.FullName, name);

    private Socket Listen(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(At(name)));
        return socket;
    }

    private async Task GiveAllAsync() => await Cli.Wrap("chown").WithArguments(["-R", "-h", Stranger, directory.FullName]).ExecuteAsync(Token);
}
