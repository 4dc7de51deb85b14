using System.Diagnostics;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Images;

/// <summary>The script that ends a workspace, as process 1 of a namespace of its own, so that it can signal nothing else.</summary>
public sealed class ShutdownScriptTests : IDisposable
{
    private readonly string stubs = Directory.CreateTempSubdirectory("tp-shutdown-").FullName;

    [Fact]
    public async Task It_says_nothing_where_there_is_nothing_left_to_end()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "A namespace of processes needs Linux and root.");
        Write("busybox", "echo \"$*\"");
        Write("sync", "exit 0");
        var start = new ProcessStartInfo("unshare")
        {
            ArgumentList = { "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", "[ $$ = 1 ] && exec sh \"$0\"", Repository.At("images/workspace/root/usr/local/sbin/tidepool-shutdown") },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["PATH"] = stubs + ":/usr/sbin:/usr/bin:/sbin:/bin";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal("poweroff -f -n\n", await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal("", await error);
    }

    public void Dispose() => Directory.Delete(stubs, recursive: true);

    private void Write(string name, string body) => Executable.Write(Path.Combine(stubs, name), $"#!/bin/sh\n{body}\n");
}
