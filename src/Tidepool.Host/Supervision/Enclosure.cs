using System.Globalization;
using Tidepool.Host.Accounts;

namespace Tidepool.Host.Supervision;

/// <summary>
/// Runs a program as a user of its own without any privilege, in a root file system of its own: the host's programs, read-only, and of
/// the state directory what is named here. The process keeps its number from the shell that prepares all of it.
/// </summary>
/// <param name="Account">The user.</param>
/// <param name="State">The state directory.</param>
/// <param name="Scratch">An empty directory to mount the file system on. No other process sees what is mounted there.</param>
internal sealed record Enclosure(Account Account, string State, string Scratch)
{
    /// <summary>
    /// The process sees no other process. Where a path lies below /usr it is there already. What is mounted is gone with the process.
    /// </summary>
    private const string Prepare = """
        set -e
        user=$1 group=$2 capabilities=$3 state=$4 root=$5
        shift 5
        umask 022
        mount -t tmpfs -o size=4m,mode=0755,nosuid tmpfs "$root"
        cd "$root"
        mkdir usr etc dev proc tmp old
        for name in bin lib lib64 sbin; do
          [ ! -L "/$name" ] || cp -P "/$name" .
        done
        for name in hosts ld.so.cache localtime nsswitch.conf; do
          [ ! -e "/etc/$name" ] || cp -L "/etc/$name" etc/
        done
        mount --bind /usr usr
        mount -o remount,bind,ro,nosuid,nodev usr
        mount -t proc -o ro,nosuid,nodev,noexec,hidepid=2 proc proc
        mount -t tmpfs -o "size=16m,mode=0700,uid=$user,gid=$group,nosuid,nodev,noexec" tmpfs tmp
        mknod -m 0666 dev/null c 1 3
        mknod -m 0666 dev/zero c 1 5
        mknod -m 0444 dev/random c 1 8
        mknod -m 0444 dev/urandom c 1 9
        mkdir -p ".$state"
        mount -t tmpfs -o size=64k,mode=0755,nosuid,nodev,noexec tmpfs ".$state"
        while [ "$1" != -- ]; do
          how=$1 path=$2
          shift 2
          case $path in /usr/*) continue ;; esac
          if [ -d "$path" ]; then
            mkdir -p ".$path"
          else
            mkdir -p ".${path%/*}"
            : >".$path"
          fi
          mount --bind "$path" ".$path"
          mount -o "remount,bind,nosuid,nodev,$how" ".$path"
        done
        shift
        mount -o remount,bind,ro,nosuid,nodev,noexec ".$state"
        pivot_root . old
        exec chroot . /bin/sh -c 'umount -l /old && mount -o remount,ro / && cd / && umask 077 && user=$1 group=$2 capabilities=$3 && shift 3 &&
          exec prlimit --core=0 --nproc=1024 --data=2147483648 setpriv --reuid="$user" --regid="$group" --clear-groups --inh-caps="$capabilities" --ambient-caps="$capabilities" --bounding-set="$capabilities" --no-new-privs -- "$@"' \
          sh "$user" "$group" "$capabilities" "$@"
        """;

    /// <summary>Programs and what they need, beside those below /usr.</summary>
    public IReadOnlyList<string> Programs { get; init; } = [];

    /// <summary>What may be read, and connected to.</summary>
    public IReadOnlyList<string> Reads { get; init; } = [];

    /// <summary>What may be written as well.</summary>
    public IReadOnlyList<string> Writes { get; init; } = [];

    /// <summary>Whether it may listen on ports that the kernel keeps for the privileged.</summary>
    public bool LowPorts { get; init; }

    /// <summary>The process, with its program and arguments put into this enclosure.</summary>
    public ProcessSpec Around(ProcessSpec spec) => spec with
    {
        Program = "unshare",
        Arguments =
        [
            "--mount", "--propagation", "private", "/bin/sh", "-c", Prepare, "sh",
            Text(Account.User), Text(Account.Group), LowPorts ? "-all,+net_bind_service" : "-all", State, Scratch,
            .. Programs.SelectMany(path => new[] { "ro", path }),
            .. Reads.SelectMany(path => new[] { "ro,noexec", path }),
            .. Writes.SelectMany(path => new[] { "rw,noexec", path }),
            "--", spec.Program, .. spec.Arguments,
        ],
    };

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
