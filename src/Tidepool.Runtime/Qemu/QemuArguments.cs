using System.Text;

namespace Tidepool.Runtime.Qemu;

/// <summary>QEMU's command line for one machine. Pure.</summary>
internal static class QemuArguments
{
    /// <summary>The firmware entry with the guest's environment, its own address included: one KEY=VALUE a line.</summary>
    private const string EnvironmentEntry = "opt/tidepool/env";

    public static IReadOnlyList<string> Render(QemuMachine machine, QemuPlace place, string accelerator) =>
    [
        "-name", $"guest={Escaped(place.Name)},process=qemu-workspace",
        "-nodefaults", "-no-user-config", "-display", "none",
        "-machine", $"q35,accel={accelerator},usb=off,smbus=off,sata=off,hpet=off,vmport=off",
        "-cpu", accelerator == Accelerators.Kvm ? "host" : "max",
        "-smp", $"{machine.Cpus}", "-m", $"{machine.MemoryMiB}M",

        // QEMU pauses a guest that shuts itself down, until the worker has recorded that. The kernel of a guest that panics restarts it.
        "-action", "shutdown=pause",
        "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",

        "-kernel", place.Kernel, "-initrd", place.Initial, "-append", "console=ttyS0 quiet panic=5",
        // From a file: other users of the host may read a command line, and this has the workspace's name.
        "-fw_cfg", $"name={EnvironmentEntry},file={MachineLaunch.GuestEnvironment}",

        "-blockdev", $"driver=file,node-name=base-file,filename={Escaped(place.BaseDisk)},read-only=on,auto-read-only=off",
        "-blockdev", "driver=raw,node-name=base,file=base-file,read-only=on",
        "-blockdev", $"driver=file,node-name=disk-file,filename={Escaped(place.Disk)},discard=unmap",
        "-blockdev", "driver=qcow2,node-name=disk,file=disk-file,backing=base,discard=unmap",
        "-device", "virtio-blk-pci,drive=disk,disable-legacy=on",
        "-netdev", $"tap,id=net,ifname={MachineLaunch.Tap},script=no,downscript=no",
        "-device", $"virtio-net-pci,netdev=net,mac={machine.HardwareAddress},romfile=,disable-legacy=on",
        "-device", "virtio-rng-pci,disable-legacy=on",
        "-device", "virtio-balloon-pci,free-page-reporting=on,disable-legacy=on",

        // Standard output is a file of root's, so that the machine's own user has no say in where it goes.
        "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
        "-chardev", $"socket,id=monitor,path={Escaped(place.Socket)},server=on,wait=off", "-mon", "chardev=monitor,mode=control",
    ];

    /// <summary>The environment that the guest is given.</summary>
    public static string GuestEnvironment(QemuMachine machine, QemuPlace place)
    {
        var lines = new StringBuilder();
        foreach (var (key, value) in machine.Environment)
        {
            lines.Append(key).Append('=').Append(value).Append('\n');
        }

        return lines
            .Append("TIDEPOOL_ADDRESS=").Append(machine.Address).Append('/').Append(place.PrefixLength).Append('\n')
            .Append("TIDEPOOL_GATEWAY=").Append(place.Gateway).Append('\n')
            .ToString();
    }

    /// <summary>QEMU splits its options at commas; two of them stand for one.</summary>
    private static string Escaped(string text) => text.Replace(",", ",,", StringComparison.Ordinal);
}

/// <summary>Where the parts of one machine are.</summary>
internal sealed record QemuPlace(
    string Name, string Kernel, string Initial, string BaseDisk, string Disk, string Socket, string Gateway, int PrefixLength);
