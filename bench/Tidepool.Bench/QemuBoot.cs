using System.Globalization;
using System.Net;
using Tidepool.Contracts;
using Tidepool.Testing.Guests;

namespace Tidepool.Bench;

/// <summary>From the request to an editor that answers in a virtual machine of QEMU's, and what the time goes to.</summary>
internal static class QemuBoot
{
    /// <summary>Prints, in seconds of the guest's own clock: when its init began, when its editor began, and what it is now.</summary>
    private const string Ask = """
        dmesg | sed -n 's/^\[ *\([0-9.]*\)\] Run \/init.*/\1/p'
        stat=$(cat /proc/$(pgrep -o -f '[e]ditor.js')/stat); echo "${stat##*) }" | awk '{ print $20 / 100 }'
        cut -d ' ' -f 1 /proc/uptime
        """;

    private static readonly string[] Labels = ["Tidepool, until QEMU begins", "QEMU and firmware", "kernel", "init", "code-server"];
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    public static async Task RunAsync(WholeTidepool tidepool, string state, int runs, Figures figures)
    {
        var (total, processor) = (new Samples(), new Samples());
        var parts = Labels.Select(_ => new Samples()).ToArray();
        for (var run = 0; run < runs; run++)
        {
            var name = $"bench-{run}";
            var asked = TimeProvider.System.GetUtcNow();
            if ((await tidepool.Api.CreateAsync(new CreateWorkspaceRequest(name, MemoryMiB: 2048))).Problem is { } refused)
            {
                throw new InvalidOperationException(refused.Detail);
            }

            var (workspace, running) = await UntilRunningAsync(tidepool, name);
            var pid = (await File.ReadAllTextAsync(Path.Combine(state, "qemu", "machines", "ws-" + workspace.Id["ws_".Length..], "process"))).Split(' ')[0];
            var (began, used) = await ProcessAsync(pid);
            await tidepool.Api.RegisterPortAsync(name, new RegisterPortRequest(GuestAgent.Port, "agent"));
            var (init, editor, kernel) = await GuestAsync(IPAddress.Parse(workspace.Address!));
            TimeSpan[] shares = [began - asked, kernel - began, init, editor - init, running - kernel - editor];
            total.Add(running - asked);
            processor.Add(used);
            foreach (var (part, share) in parts.Zip(shares))
            {
                part.Add(share);
            }

            await tidepool.RemoveAsync(name);
        }

        Console.WriteLine($"create to editor in a virtual machine, {runs} runs; milliseconds");
        Console.WriteLine("                                    median      p95      min      max   share");
        Console.WriteLine($"all of it                         {total}");
        foreach (var (label, part) in Labels.Zip(parts))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {label,-30}  {part}   {part.Median / total.Median,4:0%}"));
        }

        Console.WriteLine($"QEMU's processor time             {processor}");

        // The rest is waiting and Tidepool's own work.
        figures.Ratio("qemu-boot/to-QEMUs-processor-time", total.Median / processor.Median);
        figures.Absolute("qemu-boot/median-ms", total.Median);
    }

    /// <summary>Asked seldom, for each answer takes computing time from the machine that is coming up.</summary>
    private static async Task<(WorkspaceResponse Workspace, DateTimeOffset At)> UntilRunningAsync(WholeTidepool tidepool, string name)
    {
        while (true)
        {
            if ((await tidepool.Api.GetAsync(name)).Value is { Status: WorkspaceStatus.Running, Address: not null } workspace)
            {
                return (workspace, TimeProvider.System.GetUtcNow());
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }

    /// <summary>When a process began, and what processor time it has used.</summary>
    private static async Task<(DateTimeOffset Began, TimeSpan Used)> ProcessAsync(string pid)
    {
        const double ticks = 100;
        var stat = await File.ReadAllTextAsync($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var uptime = Number((await File.ReadAllTextAsync("/proc/uptime")).Split(' ')[0]);
        return (TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(uptime - (Number(fields[19]) / ticks)), TimeSpan.FromSeconds((Number(fields[11]) + Number(fields[12])) / ticks));
    }

    /// <summary>When the guest's init and editor began, after its kernel; and when that did.</summary>
    private static async Task<(TimeSpan Init, TimeSpan Editor, DateTimeOffset Kernel)> GuestAsync(IPAddress address)
    {
        using var agent = new GuestAgent(address);
        while (true)
        {
            if (await agent.TryRunAsync(Ask) is { ExitCode: 0 } result && result.Output.Split('\n') is [var init, var editor, var now, ..])
            {
                return (TimeSpan.FromSeconds(Number(init)), TimeSpan.FromSeconds(Number(editor)), TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(Number(now)));
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
