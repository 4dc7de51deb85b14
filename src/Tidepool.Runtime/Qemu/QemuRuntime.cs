using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Qemu;

/// <summary>
/// Workspaces as virtual machines of one QEMU process each. There is no daemon: what exists is what lies in the directory, what
/// runs is what the kernel says of the processes noted there, so a worker that begins anew finds all of it as it was.
/// </summary>
internal sealed partial class QemuRuntime(
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
    private static readonly TimeSpan Outwaited = TimeSpan.FromSeconds(10);

    public Task PrepareAsync(CancellationToken cancellationToken) =>
        DoAsync("preparing the network", async () =>
        {
            foreach (var program in new[] { options.Value.Program, "qemu-img", "ip" })
            {
                if (HostTool.Find(program) is null)
                {
                    throw QemuFaults.ProgramMissing(program);
                }
            }

            Directory.CreateDirectory(options.Value.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await network.EnsureAsync(cancellationToken);
        });

    /// <summary>Asked every few seconds: also the time to put back a bridge or a resolver that somebody took away.</summary>
    public Task<RuntimeCapabilities> GetCapabilitiesAsync(CancellationToken cancellationToken) =>
        DoAsync("asking what it can do", async () =>
        {
            await network.EnsureAsync(cancellationToken);
            return new RuntimeCapabilities(Accelerators.Isolates(await probe.ChooseAsync(null, cancellationToken)), Snapshots: true, Suspend: false);
        });

    public Task ImportImageAsync(RuntimeImage image, CancellationToken cancellationToken) =>
        DoAsync("importing the image", async () =>
        {
            await images.EnsureAsync(image, cancellationToken);
            images.RemoveUnused(image.Hash, files.Places().Select(machine => machine.Image).ToHashSet(StringComparer.Ordinal));
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

            // Never the other way round: a machine that is being made is nobody's source.
            using var held = await locks.EnterAsync(source, cancellationToken);
            var original = (files.Exists(source) ? files.Find(source) : null) ?? throw QemuFaults.NothingToCopy();
            await driver.HoldAsync(source, () => making.CopyAsync(spec, original.Image, files.Disk(source), cancellationToken), cancellationToken);
        }, cancellationToken);

    public Task StartAsync(InstanceName name, CancellationToken cancellationToken) =>
        WithAsync(name, "starting the workspace's machine", () => driver.StartAsync(name, Outwaited, cancellationToken), cancellationToken);

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
            if (files.Find(name) is { } machine)
            {
                await QemuNetwork.UnplugAsync(machine.Link, cancellationToken);
            }

            files.Remove(name);
        }, cancellationToken);

    public Task<InstanceObservation?> ObserveAsync(InstanceName name, CancellationToken cancellationToken) =>
        WithAsync(name, "looking at the workspace's machine", () => driver.ObserveAsync(name, cancellationToken), cancellationToken);

    public async Task<IReadOnlyList<InstanceObservation>> ObserveAllAsync(CancellationToken cancellationToken)
    {
        var all = await DoAsync("looking at all machines", () => Task.FromResult(files.All()));
        var seen = await Task.WhenAll(all.Select(name => ObserveAsync(name, cancellationToken)));
        return [.. seen.OfType<InstanceObservation>()];
    }

    public Task<WorkspaceNetwork?> FindNetworkAsync(CancellationToken cancellationToken) =>
        DoAsync("looking at the network", () => Task.FromResult<WorkspaceNetwork?>(network.Describe(files.Places().Select(machine => machine.Place))));

    public Task<ConsoleOutput> ReadConsoleAsync(InstanceName name, string? position, CancellationToken cancellationToken) =>
        DoAsync("reading the workspace's console", () => Task.FromResult(QemuConsoles.Read(files.Console(name), position)));

    public async Task HaltAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        var running = (await ObserveAllAsync(cancellationToken)).Where(seen => seen.State != InstanceState.Stopped);
        await Parallel.ForEachAsync(running, cancellationToken, async (seen, token) =>
            await WithAsync(seen.Name, "halting the workspaces", async () =>
            {
                files.Halting(seen.Name);
                await driver.EndAsync(seen.Name, grace, token);
            }, token));
        await DoAsync("taking the network down", () => network.RemoveAsync(cancellationToken));
    }

    public async Task PurgeAsync(CancellationToken cancellationToken)
    {
        foreach (var name in await DoAsync("looking at all machines", () => Task.FromResult(files.Names())))
        {
            await DeleteAsync(name, cancellationToken);
        }

        await DoAsync("removing images and network", async () =>
        {
            await network.RemoveAsync(cancellationToken);
            if (Directory.Exists(options.Value.Directory))
            {
                Directory.Delete(options.Value.Directory, recursive: true);
            }
        });
        LogPurged(options.Value.Directory);
    }

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
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or System.Text.Json.JsonException or FormatException)
        {
            throw QemuFaults.Translate(fault, doing);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "All machines, images and the network of {Directory} are removed.")]
    private partial void LogPurged(string directory);
}
