using System.Text;
using Tidepool.Runtime.Consoles;

namespace Tidepool.Runtime.Tests;

public sealed class ConsoleFileTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    [Fact]
    public void Each_part_begins_where_the_last_one_ended()
    {
        File.WriteAllText(path, "one");
        var first = ConsoleFile.Read(path, null);
        File.AppendAllText(path, "two");
        var second = ConsoleFile.Read(path, first.Position);
        Assert.Equal(("one", "two", ""), (Text(first.Bytes), Text(second.Bytes), Text(ConsoleFile.Read(path, second.Position).Bytes)));
    }

    [Fact]
    public void A_file_that_was_begun_again_is_read_from_its_beginning()
    {
        File.WriteAllText(path, "of the first boot");
        var first = ConsoleFile.Read(path, null);
        File.WriteAllText(path, "second boot");
        Assert.Equal("second boot", Text(ConsoleFile.Read(path, first.Position).Bytes));
    }

    [Fact]
    public void Of_very_much_the_newest_is_given_and_it_is_said_that_something_is_missing()
    {
        File.WriteAllText(path, new string('a', 1_000_000) + "the end");
        var read = ConsoleFile.Read(path, null);
        Assert.True(read.IsCut);
        Assert.EndsWith("the end", Text(read.Bytes), StringComparison.Ordinal);
        Assert.Equal(256 * 1024, read.Bytes.Length);
    }

    [Fact]
    public void Where_there_is_no_file_there_is_nothing()
    {
        File.Delete(path);
        Assert.Equal((0, "7"), (ConsoleFile.Read(path, "7").Bytes.Length, ConsoleFile.Read(path, "7").Position));
    }

    public void Dispose() => File.Delete(path);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.ASCII.GetString(bytes.Span);
}
