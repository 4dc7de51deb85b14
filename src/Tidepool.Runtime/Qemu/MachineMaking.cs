using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Host.Files;
using Tidepool.Host.Processes;
using Tidepool.Runtime.Boundary;

namespace Tidepool.Runtime.Qemu;

/// <summary>Makes machines: a place on the bridge and a user of its own first, the disk last.</summary>
internal sealed partial class MachineMaking(MachineFiles files, QemuNetwork network, IOptions<QemuOptions> options, TimeProvider time, ILogger<MachineMaking> logger) : IDisposable
{
    private const uint Users = 1 << 24;
    private readonly SemaphoreSlim oneClaim = new(1);

    /// <summary>Whether there is a machine of that name to go on with. A machine that was never started holds no work, and is made again.</summary>
    public bool Adopts(InstanceName name)
    {
        if (!files.Exists(name))
        {
            return false;
        }

        if (MachineProcess.ReadAlive(files.Process(name)) is not null || files.WasStarted(name))
        {
            return true;
        }

        LogRemade(name);
        return false;
    }

    /// <summary>With an empty disk over the image's.</summary>
    public async Task MakeAsync(InstanceSpec spec, string image, string baseDisk, CancellationToken cancellationToken) =>
        await MakeAsync(
            spec,
            image,
            disk => Tool.ReadAsync("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", baseDisk, disk, $"{options.Value.DiskGiB}G"], cancellationToken),
            cancellationToken);

    /// <summary>
    /// With a copy of a disk. The source machine's own user could put anything in its place, so a link there is not followed,
    /// and its content is not read.
    /// </summary>
    /// <param name="spec">The machine to make.</param>
    /// <param name="image">The hash of the image that the disk is laid over.</param>
    /// <param name="source">The disk.</param>
    /// <param name="holding">Does its work while no machine writes to the disk.</param>
    /// <param name="cancellationToken">Ends the copying.</param>
    public async Task CopyAsync(InstanceSpec spec, string image, string source, Func<Func<Task>, Task> holding, CancellationToken cancellationToken) =>
        await MakeAsync(
            spec,
            image,
            async disk =>
            {
                // Only the size at the beginning: a compromised QEMU is not paused, and could go on writing for ever.
                await holding(() => Tool.CopyAsync(
                    "prlimit",
                    [$"--fsize={new FileInfo(source).Length}", "--", "cp", "--no-dereference", "--reflink=auto", "--sparse=always", source, disk],
                    time,
                    cancellationToken));
                if (new FileInfo(disk).LinkTarget is not null)
                {
                    throw new IOException($"{source} is no file.");
                }
            },
            cancellationToken);

    public void Dispose() => oneClaim.Dispose();

    private async Task MakeAsync(InstanceSpec spec, string image, Func<string, Task> fill, CancellationToken cancellationToken)
    {
        var name = spec.Name;
        files.Remove(name);
        var machine = await ClaimAsync(spec, image, cancellationToken);
        var own = files.Own(name);
        Directory.CreateDirectory(own);

        // Filled beside its place, in a directory that is root's still, and the machine's own from when it is whole.
        var making = Path.Combine(files.Of(name), "disk.new");
        await fill(making);
        File.SetUnixFileMode(making, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetUnixFileMode(own, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await Tool.ReadAsync("chown", [$"{machine.User}:{machine.User}", making, own], cancellationToken);
        DurableFiles.Sync(making);
        File.Move(making, files.Disk(name));
        DurableFiles.Sync(own);
        DurableFiles.Sync(files.Of(name));
    }

    private async Task<QemuMachine> ClaimAsync(InstanceSpec spec, string image, CancellationToken cancellationToken)
    {
        await oneClaim.WaitAsync(cancellationToken);
        try
        {
            var (gateway, subnet) = network.Subnet();
            var (others, unreadable) = files.Places();

            // Of a machine whose record is damaged, what it was most likely given is kept free.
            var taken = others.Select(m => m.Address)
                .Concat(unreadable.Select(other => MachinePlaces.Candidates(other, gateway, subnet).First().ToString()))
                .ToHashSet(StringComparer.Ordinal);
            var address = MachinePlaces.Candidates(spec.Name, gateway, subnet).Select(a => a.ToString()).FirstOrDefault(a => !taken.Contains(a))
                ?? throw QemuFaults.SubnetFull(subnet.ToString());
            var users = others.Select(m => m.User).Concat(unreadable.Select(other => UserOf(other, 0))).ToHashSet();
            var user = Enumerable.Range(0, users.Count + 1).Select(i => UserOf(spec.Name, (uint)i)).First(u => !users.Contains(u));
            var machine = new QemuMachine(
                image, spec.Cpus, spec.MemoryMiB, spec.Environment, MachinePlaces.LinkOf(options.Value.Bridge, spec.Name), MachinePlaces.HardwareAddressOf(spec.Name), address, user);
            files.Keep(spec.Name, machine);
            return machine;
        }
        finally
        {
            oneClaim.Release();
        }
    }

    private uint UserOf(InstanceName name, uint attempt) => options.Value.FirstUser + (((MachinePlaces.NumberOf(name) % Users) + attempt) % Users);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} was left by an earlier request and never started; making it again.")]
    private partial void LogRemade(InstanceName instance);
}
