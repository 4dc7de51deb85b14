using System.Globalization;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Testing.Guests;

namespace Tidepool.Runtime.Tests.Qemu;

/// <summary>The whole contract, and what is this runtime's own, on real QEMU machines.</summary>
public sealed class QemuRuntimeTests(QemuHost host) : GuestContract, IClassFixture<QemuHost>
{
    protected override IWorkspaceRuntime Runtime => host.Runtime;

    protected override RuntimeImage Image => host.Image;

    protected override string? WhyNot => QemuHost.Reason;

    [Fact]
    public async Task A_restarted_worker_finds_its_machines_running()
    {
        var spec = await EditingAsync();
        var before = PidOf(spec.Name);
        await host.BeginAnewAsync();
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(spec.Name, Token))?.State);
        await Runtime.StartAsync(spec.Name, Token);
        Assert.Equal(before, PidOf(spec.Name));
        Assert.Contains((await Runtime.FindNetworkAsync(Token))!.Links, link => link.Address.Equals(host.AddressOf(spec.Name)));
    }

    [Fact]
    public async Task A_machine_whose_process_was_killed_is_distinguished_from_one_that_ended_by_itself()
    {
        var spec = await EditingAsync();
        using (var process = System.Diagnostics.Process.GetProcessById(PidOf(spec.Name)))
        {
            process.Kill();
        }

        var seen = await UntilAsync("it is stopped", async () => await Runtime.ObserveAsync(spec.Name, Token) is { State: InstanceState.Stopped } stopped ? stopped : null);
        Assert.Equal(StopCause.Host, seen.StoppedBy);
        var console = System.Text.Encoding.UTF8.GetString((await Runtime.ReadConsoleAsync(spec.Name, null, Token)).Bytes.Span);
        Assert.True(console.Contains("ended unexpectedly", StringComparison.Ordinal), "The console does not report that the machine was killed.");

        await Runtime.StartAsync(spec.Name, Token);
        await UntilEditorAnswersAsync(spec.Name);
    }

    [Fact]
    public async Task A_machine_runs_unprivileged_with_only_its_own_files()
    {
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        var pid = PidOf(spec.Name);
        var status = await File.ReadAllLinesAsync($"/proc/{pid}/status", Token);
        foreach (var field in new[] { "CapEff:", "CapPrm:", "CapBnd:", "CapInh:" })
        {
            Assert.Equal(0UL, ulong.Parse(Field(field), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }

        Assert.Equal("1", Field("NoNewPrivs:"));
        Assert.Equal("2", Field("Seccomp:"));
        Assert.True(uint.Parse(Field("Uid:").Split('\t')[0], CultureInfo.InvariantCulture) >= 1_900_000_000);
        Assert.Equal(["bin", "dev", "guest-environment", "lib", "lib64", "old", "proc", "sbin", "tmp", "usr"], Directory.GetFileSystemEntries($"/proc/{pid}/root").Select(path => Path.GetFileName(path)!).Append("tmp").Distinct().Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries($"/proc/{pid}/root/proc"));

        string Field(string name) => status.Single(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim();
    }

    protected override async Task<string> InsideAsync(InstanceName name, string script)
    {
        using var agent = new GuestAgent(host.AddressOf(name));
        var result = await UntilAsync($"{name} runs what it is sent", () => agent.TryRunAsync(script, Token));
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }

    protected override async Task HangAsync(InstanceName name) => await InsideAsync(name, "pkill -f '[a]cpid'");

    private int PidOf(InstanceName name) => host.FindPid(name) ?? throw new InvalidOperationException($"{name} has no process.");
}
