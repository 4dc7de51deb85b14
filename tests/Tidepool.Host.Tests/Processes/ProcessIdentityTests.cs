using System.Diagnostics;
using Tidepool.Host.Processes;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Processes;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void A_number_that_belongs_to_another_process_by_now_is_not_alive()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;

        Assert.True(self.IsAlive);
        Assert.False((self with { StartTicks = self.StartTicks - 1 }).IsAlive);
        Assert.False(Signals.Send(self with { StartTicks = self.StartTicks - 1 }, Signals.Kill));
    }

    [Fact]
    public void It_reads_what_it_wrote()
    {
        using var state = new TemporaryState();
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        PidFile.Write(state.Directory.PidFile("x"), self);

        Assert.Equal(self, PidFile.ReadAlive(state.Directory.PidFile("x")));
        Assert.Null(PidFile.ReadAlive(state.Directory.PidFile("y")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("twelve 13")]
    [InlineData("12 13 14")]
    public void Anything_else_is_no_identity(string text) => Assert.Null(ProcessIdentity.Parse(text));

    [Fact]
    public async Task What_descends_from_a_process_is_found()
    {
        using var parent = Process.Start(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "sleep 60 & echo $!; wait" }, RedirectStandardOutput = true, UseShellExecute = false })!;
        try
        {
            var child = int.Parse((await parent.StandardOutput.ReadLineAsync())!);
            Assert.Equal([parent.Id, child], ProcessTable.WithDescendants([parent.Id]).Order());
        }
        finally
        {
            parent.Kill(entireProcessTree: true);
        }
    }
}
