using CliWrap;
using Microsoft.Extensions.Options;
using Tidepool.Core.Workspaces;
using Tidepool.Host.Processes;

namespace Tidepool.Runtime.Qemu;

/// <summary>
/// Starts a QEMU that outlives this process, in a network of its own and in a root file system of its own with nothing in it but
/// the host's programs, the image and the machine's own directory, as a user of its own without any privilege.
/// </summary>
internal sealed class MachineLaunch(MachineFiles files, QemuImages images, IOptions<QemuOptions> options)
{
    /// <summary>The tap device that QEMU opens, in the machine's own network namespace.</summary>
    public const string Tap = "tap";

    /// <summary>The guest's environment, where QEMU finds it in its root file system.</summary>
    public const string GuestEnvironment = "/" + MachineFiles.GuestEnvironmentName;

    /// <summary>The number of the open file through which the host's network namespace is found again.</summary>
    private const string HostNetwork = "8";

    /// <summary>Disk requests take up to 64 of QEMU's threads, and a few are its own; each core of the guest is one more.</summary>
    private const int ThreadsBesideCores = 96;

    /// <summary>The lock is held from here on, by QEMU itself for as long as it lives: there is never a second one.</summary>
    private const string Detach = $$"""
        script=$1 console=$2 words=$3
        shift 3
        umask 077
        exec 9>"$1/lock"
        flock --nonblock 9 || exit 0
        exec {{HostNetwork}}</proc/self/ns/net
        (trap '' HUP; exec setsid unshare --net --ipc --mount --propagation private /bin/sh -c "$script" sh "$@" >>"$console" 2>"$words" </dev/null) >/dev/null 2>&1 &
        """;

    /// <summary>
    /// The link between the bridge and the machine: a pair of which one end, known by its name to the firewall, is in the host's
    /// network and the other in this namespace, joined there with the tap. The pair is made with its ends where they belong, so
    /// the kernel removes both with the last process in the namespace, whichever process is killed and whenever. Nothing in here has
    /// an address. The host's end may be left over from an older Tidepool that made taps there, or be about to vanish.
    /// </summary>
    private const string Connect = $$"""
        host=/proc/self/fd/{{HostNetwork}}
        for scope in all default; do
          [ ! -e "/proc/sys/net/ipv6/conf/$scope/disable_ipv6" ] || echo 1 >"/proc/sys/net/ipv6/conf/$scope/disable_ipv6"
        done
        nsenter --net="$host" ip link delete dev "$link" 2>/dev/null || true
        ip -batch - <<END
        link add name uplink type veth peer name $link netns $host
        tuntap add dev {{Tap}} mode tap user $user
        link add name joint type bridge stp_state 0 mcast_snooping 0
        link set dev uplink master joint
        link set dev {{Tap}} master joint
        link set dev uplink up
        link set dev {{Tap}} up
        link set dev joint up
        END
        nsenter --net="$host" /bin/sh -e -c '
          ip -batch - <<END
        link set dev $1 master $2
        link set dev $1 type bridge_slave isolated on
        END
          [ ! -e "/proc/sys/net/ipv6/conf/$1/disable_ipv6" ] || echo 1 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6"
          ip link set dev "$1" up' sh "$link" "$bridge"
        exec {{HostNetwork}}<&-
        """;

    /// <summary>
    /// No other process sees what is mounted here, and it goes with the process. The machine has device nodes of its own, because the host's may be closed to its user.
    /// </summary>
    private const string Enclose = $$"""
        set -e
        directory=$1 image=$2 user=$3 niceness=$4 threads=$5 link=$6 bridge=$7
        shift 7
        umask 022
        echo "$$ $(cut -d ' ' -f 22 /proc/$$/stat)" >"$directory/process.new"
        mv "$directory/process.new" "$directory/process"
        echo 300 >/proc/self/oom_score_adj
        {{Connect}}
        root=$directory/root
        mkdir -p "$root"
        mount -t tmpfs -o size=1m,mode=0755,nosuid tmpfs "$root"
        mkdir -p "$root/usr" "$root/old" "$root/proc" "$root/dev/net" "$root$image" "$root$directory/vm"
        for name in bin lib lib64 sbin; do
          [ ! -L "/$name" ] || cp -P "/$name" "$root/"
        done
        mount --bind /usr "$root/usr"
        mount -o remount,bind,ro,nosuid "$root/usr"
        mount --bind "$image" "$root$image"
        mount -o remount,bind,ro,nosuid,nodev,noexec "$root$image"
        mount --bind "$directory/vm" "$root$directory/vm"
        mount -o remount,bind,nosuid,nodev,noexec "$root$directory/vm"
        mknod -m 0666 "$root/dev/null" c 1 3
        mknod -m 0444 "$root/dev/urandom" c 1 9
        mknod -m 0600 "$root/dev/net/tun" c 10 200
        mknod -m 0600 "$root/dev/kvm" c 10 232
        chown "$user:$user" "$root/dev/net/tun" "$root/dev/kvm"
        install -m 0440 -o root -g "$user" "$directory{{GuestEnvironment}}" "$root{{GuestEnvironment}}"
        mount --bind /proc "$root/proc"
        cd "$root"
        pivot_root . old
        exec chroot . /bin/sh -c 'umount -l /old && mount -o remount,ro / && umount -l /proc && user=$1 niceness=$2 threads=$3 && shift 3 &&
          exec nice -n "$niceness" prlimit --core=0 --nofile=1024 --nproc="$threads" \
          setpriv --reuid="$user" --regid="$user" --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs -- "$@"' sh "$user" "$niceness" "$threads" "$@"
        """;

    /// <summary>Whether a process was started that has not ended, however early in its life.</summary>
    public bool IsBegun(InstanceName name)
    {
        try
        {
            // Opened for one only, which is the same lock.
            using var file = new FileStream(Path.Combine(files.Of(name), "lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Returns once it is on its way and holds its lock; it is not cut off, for half of it would be neither.</summary>
    public async Task BeginAsync(InstanceName name, QemuMachine machine, IReadOnlyList<string> arguments)
    {
        SessionKeyring.Leave();
        await Cli.Wrap("/bin/sh")
            .WithArguments([
                "-c", Detach, "sh", Enclose, files.Console(name), files.Words(name),
                files.Of(name), images.Of(machine.Image), $"{machine.User}", $"{options.Value.Niceness}", $"{ThreadsBesideCores + machine.Cpus}", machine.Link, options.Value.Bridge,
                options.Value.Program, .. arguments,
            ])
            .ExecuteAsync(CancellationToken.None);
    }
}
