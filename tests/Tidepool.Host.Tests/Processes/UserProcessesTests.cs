using System.Diagnostics;
using Tidepool.Host.Processes;

namespace Tidepool.Host.Tests.Processes;

public sealed class UserProcessesTests
{
    /// <summary>Of this test alone.</summary>
    private const uint User = 1_899_999_991;

    /// <summary>Ends its first thread alone: the kernel shows such a process as a zombie while another thread goes on.</summary>
    private const string Headless = "use threads; threads->create(sub { sleep 600 }); $| = 1; print qq(ready\\n); syscall(%EXIT%, 0);";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_are_ended_also_one_whose_first_thread_has_ended()
    {
        SkipUnlessRoot();
        using var plain = await StartedAsync("sleep 600");
        using var headless = await StartedAsync($"exec perl -e '{Headless.Replace("%EXIT%", System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "93" : "60", StringComparison.Ordinal)}'");
        while (!File.ReadAllText($"/proc/{headless.Id}/stat").Contains(") Z ", StringComparison.Ordinal))
        {
            await Task.Yield();
        }

        Assert.Contains(headless.Id, UserProcesses.Of(User).Select(process => process.Pid));
        Assert.Contains(plain.Id, UserProcesses.Of(User).Select(process => process.Pid));
        await UserProcesses.EndAsync(User, TimeProvider.System, Token);
        Assert.Empty(UserProcesses.Of(User));
        await Task.WhenAll(plain.WaitForExitAsync(Token), headless.WaitForExitAsync(Token));
    }

    [Fact]
    public async Task Root_is_refused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => UserProcesses.EndAsync(0, TimeProvider.System, Token));

    [Fact]
    public async Task The_keys_of_a_login_do_not_reach_a_process_that_is_started_after_leaving_them()
    {
        SkipUnlessRoot();
        Assert.SkipUnless(File.Exists("/proc/keys"), "This kernel shows no keys.");
        var seen = await OnOneThreadAsync(() =>
        {
            SessionKeyring.Leave();
            Assert.SkipUnless(Key.Add("tp-login") > 0, "This kernel takes no keys here.");
            var before = KeysOfAnother();
            SessionKeyring.Leave();
            return (Before: before, After: KeysOfAnother());
        });
        Assert.Contains("tp-login", seen.Before, StringComparison.Ordinal);
        Assert.DoesNotContain("tp-login", seen.After, StringComparison.Ordinal);
    }

    private static void SkipUnlessRoot() => Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Processes of another user need Linux and root.");

    private static async Task<Process> StartedAsync(string script)
    {
        var start = new ProcessStartInfo("setpriv", ["--reuid", $"{User}", "--regid", $"{User}", "--clear-groups", "/bin/sh", "-c", $"echo ready; {script}"]) { RedirectStandardOutput = true, UseShellExecute = false };
        var process = Process.Start(start)!;
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(Token));
        return process;
    }

    /// <summary>What a process of another user, started by this thread, sees of keys.</summary>
    private static string KeysOfAnother()
    {
        using var process = Process.Start(new ProcessStartInfo("setpriv", ["--reuid", $"{User}", "--regid", $"{User}", "--clear-groups", "cat", "/proc/keys"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        return process.StandardOutput.ReadToEnd();
    }

    /// <summary>A keyring belongs to a thread.</summary>
    private static Task<T> OnOneThreadAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception fault)
            {
                done.SetException(fault);
            }
        }).Start();
        return done.Task;
    }
}
