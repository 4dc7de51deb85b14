using System.Text;
using Tidepool.Runtime.Incus;

namespace Tidepool.Runtime.Tests;

public sealed class ConsoleMarkTests
{
    private static readonly string Boot = string.Concat(Enumerable.Range(1, 200).Select(n => $"line {n} of the boot\n"));

    [Fact]
    public void What_came_after_the_mark_is_found_in_the_whole()
    {
        var mark = ConsoleMark.Of(null, Bytes(Boot));
        Assert.Equal("the end", After(mark, Boot + "the end"));
        Assert.Equal("", After(mark, Boot));
    }

    [Fact]
    public void A_mark_grows_with_every_part_and_stays_short()
    {
        var mark = ConsoleMark.Of(ConsoleMark.Of(ConsoleMark.Of(null, Bytes("a")), Bytes("b")), Bytes(Boot));
        Assert.Equal("!", After(mark, "ab" + Boot + "!"));
        Assert.InRange(mark.Length, 1024, 1400);
    }

    [Fact]
    public void Without_a_mark_everything_is_new()
    {
        Assert.Equal(Boot, After(null, Boot));
        Assert.Equal(Boot, After("no base64", Boot));
    }

    [Fact]
    public void A_file_that_was_begun_again_is_new_but_for_what_was_read_of_it()
    {
        var mark = ConsoleMark.Of(null, Bytes(Boot));
        Assert.Equal("quite another text", After(mark, "quite another text"));
        Assert.Equal("the end", After(mark, Boot[^100..] + "the end"));
    }

    [Fact]
    public void Repeated_output_is_never_logged_twice()
    {
        var same = string.Concat(Enumerable.Repeat("again\n", 500));
        Assert.Equal("", After(ConsoleMark.Of(null, Bytes(same)), same + same));
    }

    private static string After(string? mark, string file) => file[ConsoleMark.Find(mark, Bytes(file))..];

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);
}
