using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Runtime.Consoles;

namespace Tidepool.Runtime.Tart;

/// <summary>Workspaces as Tart's Linux machines on macOS, driven by its command line. Not yet seen on a Mac: docs/tart.md.</summary>
internal sealed class TartRuntime(TartCommand tart, TartNotes notes, TartImages images, IOptions<TartOptions> options, TimeProvider time) : IWorkspaceRuntime
{
    private static readonly TimeSpan LookPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan WorkPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan BootTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    public Task PrepareAsync(CancellationToken cancellationToken) => DoAsync("asking for its version", () => tart.RunAsync(["--version"], LookPatience, cancellationToken));

    public Task<RuntimeCapabilities> GetCapabilitiesAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new RuntimeCapabilities(Isolation.VirtualMachine, Snapshots: true, Suspend: false));

    public Task ImportImageAsync(RuntimeImage image, CancellationToken cancellationToken) =>
        DoAsync("importing the image", async () => await images.EnsureAsync(image, await ListAsync(cancellationToken), cancellationToken));

    public Task CreateAsync(InstanceSpec spec, CancellationToken cancellationToken) =>
        DoAsync("making the workspace's machine", async () =>
        {
            var there = await ListAsync(cancellationToken);
            var image = spec.Image ?? throw new ArgumentException("A machine that is not a copy needs an image.", nameof(spec));
            await MakeAsync(spec, there, () => images.EnsureAsync(image, there, cancellationToken), cancellationToken);
        });

    public Task CloneAsync(InstanceName source, InstanceSpec spec, CancellationToken cancellationToken) =>
        DoAsync("copying the workspace's machine", async () =>
        {
            var there = await ListAsync(cancellationToken);
            await MakeAsync(spec, there, () => Task.FromResult(source.ToString()), cancellationToken);
        });

    public Task StartAsync(InstanceName name, CancellationToken cancellationToken) =>
        DoAsync("starting the workspace's machine", async () =>
        {
            var machine = (notes.IsOurs(name) ? await FindAsync(name, cancellationToken) : null) ?? throw TartFaults.InstanceMissing();
            if (machine.IsRunning)
            {
                return;
            }

            notes.Starting(name);
            List<string> arguments = ["run", name.ToString(), "--no-graphics", "--no-audio", $"--disk={notes.Seed(name)}:ro"];
            if (options.Value.Softnet)
            {
                arguments.Add("--net-softnet");
            }

            await tart.LaunchAsync(arguments, notes.Log(name), notes.Exit(name), cancellationToken);
            var began = time.GetTimestamp();
            while (await FindAsync(name, cancellationToken) is not { IsRunning: true })
            {
                if (notes.HasEnded(name))
                {
                    throw TartFaults.EndedAtOnce(notes.ReadLog(name));
                }

                if (time.GetElapsedTime(began) > BootTimeout)
                {
                    throw TartFaults.TooSlow("run", BootTimeout, new TimeoutException());
                }

                await Task.Delay(PollInterval, time, cancellationToken);
            }
        });

    public Task StopAsync(InstanceName name, TimeSpan grace, CancellationToken cancellationToken) =>
        DoAsync("stopping the workspace's machine", async () =>
        {
            notes.Stopping(name);
            await EndAsync(name, grace, cancellationToken);
        });

    public Task DeleteAsync(InstanceName name, CancellationToken cancellationToken) =>
        DoAsync("deleting the workspace's machine", async () =>
        {
            if (notes.IsOurs(name))
            {
                await EndAsync(name, TimeSpan.Zero, cancellationToken);
                await images.RemoveAsync(name.ToString(), cancellationToken);
                notes.Forget(name);
            }
        });

    public Task<InstanceObservation?> ObserveAsync(InstanceName name, CancellationToken cancellationToken) =>
        DoAsync("checking the workspace's machine", async () =>
            notes.IsOurs(name) && await FindAsync(name, cancellationToken) is { } machine ? await ObserveAsync(name, machine, cancellationToken) : null);

    public Task<IReadOnlyList<InstanceObservation>> ObserveAllAsync(CancellationToken cancellationToken) =>
        DoAsync("listing the machines", async () =>
        {
            var machines = (await ListAsync(cancellationToken)).ToDictionary(machine => machine.Name);
            var seen = new List<InstanceObservation>();
            foreach (var name in notes.All())
            {
                if (machines.TryGetValue(name.ToString(), out var machine))
                {
                    seen.Add(await ObserveAsync(name, machine, cancellationToken));
                }
            }

            return (IReadOnlyList<InstanceObservation>)seen;
        });

    /// <summary>Null: Tart's Softnet is the network boundary, which Tart puts up with each machine.</summary>
    public Task<WorkspaceNetwork?> FindNetworkAsync(CancellationToken cancellationToken) => Task.FromResult<WorkspaceNetwork?>(null);

    public Task<ConsoleOutput> ReadConsoleAsync(InstanceName name, string? position, CancellationToken cancellationToken) =>
        DoAsync("reading the log", () => Task.FromResult(ConsoleFile.Read(notes.Log(name), position)));

    public async Task HaltAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        var running = (await ObserveAllAsync(cancellationToken)).Where(seen => seen.State != InstanceState.Stopped);
        await Parallel.ForEachAsync(running, cancellationToken, async (seen, token) =>
            await DoAsync("halting the workspaces", async () =>
            {
                notes.Halting(seen.Name);
                await EndAsync(seen.Name, grace, token);
            }));
    }

    public async Task PurgeAsync(CancellationToken cancellationToken)
    {
        foreach (var name in notes.All())
        {
            await DeleteAsync(name, cancellationToken);
        }

        await DoAsync("removing the images", async () =>
        {
            foreach (var machine in (await ListAsync(cancellationToken)).Where(machine => machine.Name.StartsWith(TartImages.Prefix, StringComparison.Ordinal)))
            {
                await images.RemoveAsync(machine.Name, cancellationToken);
            }
        });
    }

    /// <summary>Tart's clone appears whole or not at all, so an existing one is used as it is.</summary>
    private async Task MakeAsync(InstanceSpec spec, IReadOnlyList<TartMachine> there, Func<Task<string>> source, CancellationToken cancellationToken)
    {
        if (there.FirstOrDefault(machine => machine.Name == spec.Name.ToString()) is { } found)
        {
            if (found.IsRunning || notes.WasStarted(spec.Name))
            {
                return;
            }
        }
        else
        {
            var from = await source();
            notes.Begin(spec);
            await tart.RunAsync(["clone", from, spec.Name.ToString()], WorkPatience, cancellationToken);
        }

        notes.Begin(spec);
        await tart.RunAsync(
            ["set", spec.Name.ToString(), "--cpu", Number(spec.Cpus), "--memory", Number(spec.MemoryMiB), "--random-mac"], LookPatience, cancellationToken);
    }

    private async Task EndAsync(InstanceName name, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (!notes.IsOurs(name) || await FindAsync(name, cancellationToken) is not { IsRunning: true })
        {
            return;
        }

        try
        {
            // Tart ends it by force itself when that time has passed.
            await tart.RunAsync(["stop", name.ToString(), "--timeout", Number((int)Math.Ceiling(grace.TotalSeconds))], grace + WorkPatience, cancellationToken);
        }
        catch (TartException fault) when (fault.IsNotRunning || fault.IsMissing)
        {
            // It ended by itself between the check and the stop.
        }
    }

    private async Task<InstanceObservation> ObserveAsync(InstanceName name, TartMachine machine, CancellationToken cancellationToken)
    {
        if (machine.IsRunning)
        {
            return new InstanceObservation(name, InstanceState.Running, await FindAddressAsync(name, cancellationToken), Isolation.VirtualMachine, StopCause.Guest);
        }

        return new InstanceObservation(name, InstanceState.Stopped, null, Isolation.VirtualMachine, notes.Cause(name));
    }

    /// <summary>
    /// From macOS's DHCP leases first. Those name a guest by its hardware address only if its client sends nothing else, so the
    /// kernel's neighbours are asked next.
    /// </summary>
    private async Task<IPAddress?> FindAddressAsync(InstanceName name, CancellationToken cancellationToken)
    {
        foreach (var resolver in new[] { "dhcp", "arp" })
        {
            try
            {
                var printed = await tart.RunAsync(["ip", name.ToString(), "--wait", "0", "--resolver", resolver], LookPatience, cancellationToken);
                if (IPAddress.TryParse(printed.Trim(), out var address))
                {
                    return address;
                }
            }
            catch (TartException)
            {
                // It has none yet.
            }
        }

        return null;
    }

    private async Task<TartMachine?> FindAsync(InstanceName name, CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken)).FirstOrDefault(machine => machine.Name == name.ToString());

    private async Task<IReadOnlyList<TartMachine>> ListAsync(CancellationToken cancellationToken) =>
        TartMachine.ParseList(await tart.RunAsync(["list", "--source", "local", "--format", "json"], LookPatience, cancellationToken));

    private static async Task DoAsync(string doing, Func<Task> work) =>
        await DoAsync(doing, async () =>
        {
            await work();
            return true;
        });

    private static async Task<T> DoAsync<T>(string doing, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (TartException fault)
        {
            throw TartFaults.Translate(fault, doing);
        }
        catch (JsonException fault)
        {
            throw TartFaults.NotUnderstood("list", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new RuntimeException(RuntimeFaults.Failed, $"While {doing}, a file could not be written: {fault.Message} It is tried again.", isTransient: true, fault);
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
