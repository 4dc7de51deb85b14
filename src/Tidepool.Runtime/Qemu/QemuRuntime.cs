using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Host.Processes;
using Tidepool.Runtime.Boundary;

namespace Tidepool.Runtime.Qemu;

/// <summary>
/// Workspaces as virtual machines of one QEMU process each. There is no daemon: the directory says which machines exist, and the
/// kernel says which of the processes recorded there run, so a restarted worker finds everything as it was.
/// </summary>
internal sealed partial class QemuRuntime(
    QemuDirectory directory,
    MachineFiles files,
    MachineLocks locks,
    MachineMaking making,
    MachineDriver driver,
    QemuImages images,
    QemuNetwork network,
    KvmProbe probe,
    IOptions<QemuOptions> options,
    ILogger<QemuRuntime> logger) : IWorkspaceRuntime
{
    private static readonly TimeSpan PendingTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Machines whose disks are being copied, as they were when that began.</summary>
    private readonly ConcurrentDictionary<InstanceName, InstanceObservation?> copied = new();

    public Task PrepareAsync(CancellationToken cancellationToken) =>
        DoAsync("preparing the network", async () =>
        {
            foreach (var program in new[] { options.Value.Program, "qemu-img", "ip" })
            {
                if (Tool.Find(program) is null)
                {
                    throw QemuFaults.ProgramMissing(program);
                }
            }

            directory.Prepare();
            await network.EnsureAsync(cancellationToken);
        });

    /// <summary>Called every few seconds, so it also puts back a bridge or a resolver that was removed.</summary>
    public Task<RuntimeCapabilities> GetCapabilitiesAsync(CancellationToken cancellationToken) =>
        DoAsync("asking what it can do", async () =>
        {
            await network.EnsureAsync(cancellationToken);
            return new RuntimeCapabilities(Accelerators.Isolates(await probe.ChooseAsync(null, cancellationToken)), Snapshots: true, Suspend: false);
        });

    public Task ImportImageAsync(RuntimeImage image, CancellationToken cancellationToken) =>
        DoAsync("importing the image", async () =>
        {
            directory.Confirm();
            await images.EnsureAsync(image, cancellationToken);
            if (files.Places() is { Unreadable: [] } places)
            {
                images.RemoveUnused(image.Hash, places.Machines.Select(machine => machine.Image).ToHashSet(StringComparer.Ordinal));
            }
        });

    public Task CreateAsync(InstanceSpec spec, CancellationToken cancellationToken) =>
        WithAsync(spec.Name, "making the workspace's machine", async () =>
        {
            if (making.Adopts(spec.Name))
            {
                return;
            }

            var image = spec.Image ?? throw new ArgumentException("A machine that is not a copy needs an image.", nameof(spec));
            await images.EnsureAsync(image, cancellationToken);
            await making.MakeAsync(spec, image.Hash, images.Disk(image.Hash), cancellationToken);
        }, cancellationToken);

    public Task CloneAsync(InstanceName source, InstanceSpec spec, CancellationToken cancellationToken) =>
        WithAsync(spec.Name, "copying the workspace's machine", async () =>
        {
            if (making.Adopts(spec.Name))
            {
                return;
            }

            var original = files.FindMade(source) ?? throw QemuFaults.NothingToCopy();
            await making.CopyAsync(spec, original.Image, files.Disk(source), async copy =>
            {
                // Never in the other order: a machine that is still being made is not a source of copies.
                using var held = await locks.EnterAsync(source, cancellationToken);
                copied[source] = await driver.ObserveAsync(source, cancellationToken);
                try
                {
                    await driver.HoldAsync(source, copy, cancellationToken);
                }
                finally
                {
                    copied.TryRemove(source, out _);
                }
            }, cancellationToken);
        }, cancellationToken);

    public Task StartAsync(InstanceName name, CancellationToken cancellationToken) =>
        WithAsync(name, "starting the workspace's machine", () => driver.StartAsync(name, PendingTimeout, cancellationToken), cancellationToken);

    public Task StopAsync(InstanceName name, TimeSpan grace, CancellationToken cancellationToken) =>
        WithAsync(name, "stopping the workspace's machine", async () =>
        {
            if (files.Exists(name))
            {
                files.Stopping(name);
                await driver.EndAsync(name, grace, cancellationToken);
            }
        }, cancellationToken);

    public Task DeleteAsync(InstanceName name, CancellationToken cancellationToken) =>
        WithAsync(name, "deleting the workspace's machine", async () =>
        {
            await driver.EndAsync(name, TimeSpan.Zero, cancellationToken);
            await QemuNetwork.UnplugAsync(MachinePlaces.LinkOf(options.Value.Bridge, name), cancellationToken);
            files.Remove(name);
        }, cancellationToken);

    /// <summary>A copy may take long. Until it ends, this answers with what was seen when it began.</summary>
    public Task<InstanceObservation?> ObserveAsync(InstanceName name, CancellationToken cancellationToken) => copied.TryGetValue(name, out var seen)
        ? Task.FromResult(seen)
        : WithAsync(name, "checking the workspace's machine", () => driver.ObserveAsync(name, cancellationToken), cancellationToken);

    public async Task<IReadOnlyList<InstanceObservation>> ObserveAllAsync(CancellationToken cancellationToken)
    {
        var names = await DoAsync("listing the machines", () => Task.FromResult(files.Names()));
        var seen = await Task.WhenAll(names.Select(ObserveOneAsync));
        return [.. seen.OfType<InstanceObservation>()];

        async Task<InstanceObservation?> ObserveOneAsync(InstanceName name)
        {
            try
            {
                // A half-made machine is not waited for.
                return await DoAsync("checking the workspace's machine", () => Task.FromResult(files.Exists(name))) ? await ObserveAsync(name, cancellationToken) : null;
            }
            catch (RuntimeException fault)
            {
                // A machine that cannot be observed is there. The others are observed all the same.
                LogUnclear(name, fault);
                return new InstanceObservation(name, InstanceState.Changing, null, Accelerators.Isolates(options.Value.Accelerator), StopCause.Guest);
            }
        }
    }

    public Task<WorkspaceNetwork?> FindNetworkAsync(CancellationToken cancellationToken) =>
        DoAsync("checking the network", () => Task.FromResult<WorkspaceNetwork?>(network.Describe(files.Places().Machines.Select(machine => machine.Place))));

    public Task<ConsoleOutput> ReadConsoleAsync(InstanceName name, string? position, CancellationToken cancellationToken) =>
        DoAsync("reading the workspace's console", () => Task.FromResult(QemuConsoles.Read(files.Console(name), position)));

    public async Task HaltAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        if (!await DoAsync("listing the machines", () => Task.FromResult(directory.TryAdopt())))
        {
            return;
        }

        var running = (await ObserveAllAsync(cancellationToken)).Where(seen => seen.State != InstanceState.Stopped).Select(seen => seen.Name);
        var halted = EachAsync(running, name => WithAsync(name, "halting the workspaces", async () =>
        {
            files.Halting(name);
            await driver.EndAsync(name, grace, cancellationToken);
        }, cancellationToken));
        await Task.WhenAny(halted);
        await DoAsync("taking the network down", () => network.RemoveAsync(cancellationToken));
        await halted;
    }

    public async Task PurgeAsync(CancellationToken cancellationToken)
    {
        if (!await DoAsync("listing the machines", () => Task.FromResult(directory.TryAdopt())))
        {
            return;
        }

        await EachAsync(await DoAsync("listing the machines", () => Task.FromResult(files.Names())), name => DeleteAsync(name, cancellationToken));
        await DoAsync("removing images and network", async () =>
        {
            await network.RemoveAsync(cancellationToken);
            directory.Remove();
        });
        LogPurged(options.Value.Directory);
    }

    /// <summary>Does it to every machine, whatever becomes of the others; then throws the first failure.</summary>
    private static Task EachAsync(IEnumerable<InstanceName> names, Func<InstanceName, Task> work) => Task.WhenAll(names.Select(work));

    private async Task WithAsync(InstanceName name, string doing, Func<Task> work, CancellationToken cancellationToken) =>
        await WithAsync(
            name,
            doing,
            async () =>
            {
                await work();
                return true;
            },
            cancellationToken);

    private Task<T> WithAsync<T>(InstanceName name, string doing, Func<Task<T>> work, CancellationToken cancellationToken) =>
        DoAsync(doing, async () =>
        {
            using var held = await locks.EnterAsync(name, cancellationToken);
            return await work();
        });

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
        catch (ToolException fault)
        {
            throw QemuFaults.Translate(fault, doing);
        }
        catch (QmpException fault)
        {
            throw QemuFaults.Translate(fault, doing);
        }
        catch (RecordException fault)
        {
            throw QemuFaults.Translate(fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
        {
            throw QemuFaults.Translate(fault, doing);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} cannot be inspected.")]
    private partial void LogUnclear(InstanceName instance, Exception fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "All machines, images and the network of {Directory} are removed.")]
    private partial void LogPurged(string directory);
}
