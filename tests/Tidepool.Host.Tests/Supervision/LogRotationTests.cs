using Tidepool.Host.State;
using Tidepool.Host.Supervision;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Supervision;

public sealed class LogRotationTests : IDisposable
{
    private const int MaxBytes = 1000;
    private readonly TemporaryState state = new();

    private string Log => state.Directory.Log("long");

    [Fact]
    public void A_log_that_is_too_long_is_emptied_while_its_writer_goes_on()
    {
        using var writer = new FileStream(Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        Write(writer, new string('a', 5000) + "the end");
        LogRotation.Rotate(Log, MaxBytes);
        Assert.Equal(0, new FileInfo(Log).Length);

        // However much was written, no more than a file's worth is kept of it, for its owner only.
        Assert.Equal(MaxBytes, new FileInfo(Log + ".1").Length);
        Assert.EndsWith("the end", File.ReadAllText(Log + ".1"), StringComparison.Ordinal);
        Assert.Equal(StateDirectory.PrivateFile, File.GetUnixFileMode(Log + ".1"));
    }

    [Fact]
    public void All_of_them_together_have_a_size_that_they_never_pass()
    {
        for (var round = 0; round < 20; round++)
        {
            File.AppendAllText(Log, $"round {round}" + new string('.', MaxBytes));
            LogRotation.Rotate(Log, MaxBytes);
        }

        var files = Directory.EnumerateFiles(Path.GetDirectoryName(Log)!, "long.log*").Order(StringComparer.Ordinal).ToList();
        Assert.Equal([Log, Log + ".1", Log + ".2", Log + ".3"], files);
        Assert.True(files.Sum(file => new FileInfo(file).Length) <= MaxBytes * (LogRotation.Kept + 1));
    }

    [Fact]
    public void A_short_log_is_left_alone()
    {
        File.WriteAllText(Log, "short");
        LogRotation.Rotate(Log, MaxBytes);
        Assert.Equal("short", File.ReadAllText(Log));
        Assert.False(File.Exists(Log + ".1"));
    }

    public void Dispose() => state.Dispose();

    private static void Write(FileStream writer, string text)
    {
        writer.Write(System.Text.Encoding.UTF8.GetBytes(text));
        writer.Flush();
    }
}
