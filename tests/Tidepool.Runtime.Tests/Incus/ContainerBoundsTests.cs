using System.Diagnostics;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Runtime.Incus;

namespace Tidepool.Runtime.Tests.Incus;

/// <summary>What the root of a real container cannot take from its neighbours and from the host.</summary>
public sealed class ContainerBoundsTests(IncusRuntimeTests.Host host) : IClassFixture<IncusRuntimeTests.Host>, IAsyncLifetime
{
    private const string Name = "bounded-workspace";
    private readonly List<InstanceName> made = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        host.SkipIfMissing();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in made)
        {
            await host.Runtime.DeleteAsync(name, CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_guest_that_asks_under_many_hardware_addresses_gets_no_address_and_keeps_none_from_others()
    {
        var hostile = await RunningAsync(host.Runtime);
        Assert.Equal("0", (await PythonAsync(hostile, Dhcp + "print(offers([bytes([2, 1, 2, 3, 4, n]) for n in range(64)], [b'']))")).Trim());

        // Under its own hardware address it gets its own address, whatever it calls itself.
        var own = (await host.Runtime.ObserveAsync(hostile, Token))!.Address!;
        var got = await PythonAsync(hostile, Dhcp + "print(offers([own], [b'client %d' % n for n in range(16)], True))");
        Assert.Equal(own.ToString(), got.Trim());
        await RunningAsync(host.Runtime);
    }

    [Fact]
    public async Task A_guest_makes_no_subvolume_by_any_way_into_the_kernel_and_its_disk_has_an_end()
    {
        await using var services = Services(options => options.DiskGiB = 1);
        var guest = await RunningAsync(services.GetRequiredService<IWorkspaceRuntime>());
        await WriteAsync(guest, "/root/subvolume.py", Subvolume);
        Assert.Equal(["1"], (await host.RunInsideAsync(guest, "python3 /root/subvolume.py")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct());
        // Incus keeps what a command prints on the same disk, so it is printed once there is room again.
        var written = await host.RunInsideAsync(guest, "end=$(dd if=/dev/urandom of=/root/much bs=1M count=1500 conv=fsync 2>&1); rm /root/much; sync; echo \"$end\"");
        Assert.Contains("Disk quota exceeded", written, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_of_an_older_Tidepool_is_bounded_at_its_next_start()
    {
        var guest = await RunningAsync(host.Runtime);
        await host.Runtime.StopAsync(guest, TimeSpan.Zero, Token);
        using var incus = host.Daemon.Client();
        using var answer = await incus.PatchAsync(new Uri($"1.0/instances/{guest}?project=contract", UriKind.Relative), JsonContent.Create(new { config = new Dictionary<string, string> { ["security.syscalls.deny"] = "" } }), Token);
        answer.EnsureSuccessStatusCode();
        await host.Runtime.StartAsync(guest, Token);
        await WriteAsync(guest, "/root/subvolume.py", Subvolume);
        Assert.Equal(["1"], (await host.RunInsideAsync(guest, "python3 /root/subvolume.py")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct());
    }

    [Fact]
    public async Task What_the_kernel_counts_for_all_containers_together_has_a_ceiling_in_each_that_its_root_cannot_raise()
    {
        var guest = await RunningAsync(host.Runtime);
        var printed = await PythonAsync(guest, Tables);
        foreach (var line in printed.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.Matches("^(\\w+ [1-9][0-9]{0,2} ENOSPC|inotify [1-9][0-9]{0,2} EMFILE|(aio|key) ENOSYS|raised EACCES|raised EPERM)$", line);
        }

        Assert.Contains("uts 2", printed, StringComparison.Ordinal);
        Assert.Contains("aio ENOSYS", printed, StringComparison.Ordinal);
        Assert.Contains("key ENOSYS", printed, StringComparison.Ordinal);
        Assert.Contains("raised E", printed, StringComparison.Ordinal);

        // The next container and the host have theirs, while the first keeps all it could get.
        await RunningAsync(host.Runtime);
        await host.ShellAsync("unshare --uts --ipc --net --pid --fork --mount true");
    }

    [Fact]
    public async Task A_guest_takes_no_memory_that_counts_against_no_limit_and_cannot_keep_the_kernel_waiting()
    {
        var guest = await RunningAsync(host.Runtime);
        Assert.Equal("socket ok\nring 5 EPERM\nring 13 EPERM\nuring ENOSYS\nxdp EAFNOSUPPORT\nfuse 1:3", (await PythonAsync(guest, Uncounted)).Trim());
    }

    private const string Uncounted = """
        import ctypes, errno, os, platform, socket, struct
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        print('socket ok')
        for ring in (5, 13):
            try:
                packets.setsockopt(263, ring, struct.pack('4I', 4096, 16, 2048, 32))
                print('ring', ring, 'made')
            except OSError as fault:
                print('ring', ring, errno.errorcode[fault.errno])
        libc = ctypes.CDLL(None, use_errno=True)
        made = libc.syscall(425, 8, ctypes.create_string_buffer(120))
        print('uring', 'made' if made >= 0 else errno.errorcode[ctypes.get_errno()])
        made = libc.socket(44, 3, 0)
        print('xdp', 'made' if made >= 0 else errno.errorcode[ctypes.get_errno()])
        device = os.stat('/dev/fuse').st_rdev if os.path.exists('/dev/fuse') else None
        print('fuse', 'none' if device is None else f'{os.major(device)}:{os.minor(device)}')
        """;

    /// <summary>Incus reports every address of a guest, about 100 bytes for each.</summary>
    [Fact]
    public async Task A_guest_with_more_addresses_than_are_read_hides_its_own_and_no_other()
    {
        var greedy = await RunningAsync(host.Runtime);
        var other = await RunningAsync(host.Runtime);
        await host.RunInsideAsync(greedy, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); printf 'addr add fd11::%x/128 dev lo nodad\\n' $i; done | ip -force -batch -");
        var seen = await host.Runtime.ObserveAsync(greedy, Token);
        Assert.Equal((InstanceState.Running, null), (seen!.State, seen.Address));
        var all = await host.Runtime.ObserveAllAsync(Token);
        Assert.Equal((await host.Runtime.ObserveAsync(other, Token))!.Address, all.Single(machine => machine.Name == other).Address);
        Assert.NotNull(all.Single(machine => machine.Name == greedy).Address);
    }

    [Fact]
    public async Task The_processes_of_all_containers_together_stay_within_the_budget()
    {
        await using var services = Services(options => (options.ProcessLimit, options.ProcessBudget) = (1024, 1200));
        var runtime = services.GetRequiredService<IWorkspaceRuntime>();
        var first = await RunningAsync(runtime);
        Assert.Equal("1024", await LimitAsync(first));
        var second = await RunningAsync(runtime);
        Assert.Equal(("512", "512"), (await LimitAsync(first), await LimitAsync(second)));

        // Each makes as many as it can; the kernel stops both, and the host goes on.
        foreach (var guest in made)
        {
            await host.RunInsideAsync(guest, "sh -c 'i=0; while [ $i -lt 1500 ]; do sleep 60 & i=$((i+1)); done' >/dev/null 2>&1 || true");
            Assert.True(await CountAsync(guest) is > 256 and <= 512, $"{await CountAsync(guest)} processes");
        }

        await host.ShellAsync("true");
    }

    [Theory]
    [InlineData(8192, 24576, 3, 8192)]
    [InlineData(8192, 24576, 4, 4096)]
    [InlineData(8192, 24576, 96, 256)]
    [InlineData(8192, 24576, 193, null)]
    [InlineData(100, 1000, 10, 100)]
    [InlineData(100, 1000, 11, null)]
    public void The_limits_of_all_never_add_up_to_more_than_the_budget(int most, long budget, int containers, int? limit) =>
        Assert.Equal(limit, ProcessBudget.LimitFor(most, budget, containers));

    [Fact]
    public async Task The_resolver_reveals_nothing_of_itself_nor_without_NAT_of_the_outside()
    {
        var guest = await RunningAsync(host.Runtime);
        var answers = await PythonAsync(guest, Dns + "for n in ('servers.bind', 'version.bind', 'id.server'): print(ask(n, 3, 16))\nprint(ask('public.example', 1, 1))");
        Assert.Equal(["0", "0", "0", "0"], answers.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Another_user_of_the_host_reads_no_workspaces_name_and_no_address()
    {
        var guest = await RunningAsync(host.Runtime);
        var address = (await host.Runtime.ObserveAsync(guest, Token))!.Address!.ToString();
        // The daemon's directory is open to walk through, as the whole product's is.
        await host.ShellAsync($"chmod 0711 '{host.Daemon.Root}'");
        // Root lists what there is, for a name can be guessed; the other user reads what it can.
        var read = await OutputAsync(
            $"{{ find '{host.Daemon.Root}' -path '*/rootfs' -prune -o -type f -print; ls -d /proc/[0-9]*/cmdline; }} 2>/dev/null"
            + " | setpriv --reuid 65534 --regid 65534 --clear-groups xargs -r -d '\\n' grep -a -l -s -F -e '" + Name + "' -e '" + address + "'; true");
        Assert.Equal("", string.Join('\n', read.Split('\n').Where(path => path.StartsWith(host.Daemon.Root, StringComparison.Ordinal) || IsOfGuest(path))));

        // The resolver can still read what is closed to others: the next machine gets its address.
        await RunningAsync(host.Runtime);
    }

    /// <summary>The search itself has the searched text in its arguments.</summary>
    private static bool IsOfGuest(string path) =>
        path.StartsWith("/proc/", StringComparison.Ordinal) && File.Exists(path) && !File.ReadAllText(path).Contains("grep", StringComparison.Ordinal);

    private async Task<InstanceName> RunningAsync(IWorkspaceRuntime runtime)
    {
        var environment = new Dictionary<string, string> { ["TIDEPOOL_WORKSPACE_NAME"] = Name };
        var spec = new InstanceSpec(InstanceName.Of(WorkspaceId.New(TimeProvider.System)), WorkspaceName.Parse(Name), host.Image, 1, 512, environment);
        made.Add(spec.Name);
        await runtime.CreateAsync(spec, Token);
        await runtime.StartAsync(spec.Name, Token);
        var began = TimeProvider.System.GetTimestamp();
        while ((await runtime.ObserveAsync(spec.Name, Token))?.Address is null)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1), "It has no address.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Token);
        }

        return spec.Name;
    }

    private ServiceProvider Services(Action<IncusOptions> change) =>
        new ServiceCollection().AddLogging().AddIncusRuntime(options =>
        {
            host.Configure(options);
            change(options);
        }).BuildServiceProvider();

    private async Task<string?> LimitAsync(InstanceName name) =>
        (await host.GetAsync($"1.0/instances/{name}")).GetProperty("config").GetProperty("limits.processes").GetString();

    private async Task<int> CountAsync(InstanceName name) =>
        (await host.GetAsync($"1.0/instances/{name}/state")).GetProperty("processes").GetInt32();

    private async Task<string> PythonAsync(InstanceName name, string script)
    {
        await WriteAsync(name, "/root/script.py", script);
        return await host.RunInsideAsync(name, "python3 /root/script.py");
    }

    private async Task WriteAsync(InstanceName name, string path, string text)
    {
        using var incus = host.Daemon.Client();
        using var answer = await incus.PostAsync(new Uri($"1.0/instances/{name}/files?project=contract&path={Uri.EscapeDataString(path)}", UriKind.Relative), new StringContent(text), Token);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<string> OutputAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", command }, UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync(Token);
        await shell.WaitForExitAsync(Token);
        return output;
    }

    /// <summary>Asks for an address with each hardware address and client id, and counts the offers, or names the addresses in them.</summary>
    private const string Dhcp = """
        import os, socket, struct, time
        own = bytes.fromhex(open('/sys/class/net/eth0/address').read().strip().replace(':', ''))

        def discover(hardware, client):
            options = b'\x35\x01\x01' + (b'\x3d' + bytes([len(client) + 1]) + b'\0' + client if client else b'') + b'\xff'
            body = struct.pack('>BBBBIHH', 1, 1, 6, 0, int.from_bytes(os.urandom(4), 'big'), 0, 0x8000) + bytes(16) + hardware + bytes(10 + 192) + b'\x63\x82\x53\x63' + options
            body += bytes(max(0, 300 - len(body)))
            udp = struct.pack('>HHHH', 68, 67, len(body) + 8, 0) + body
            ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, len(udp) + 20, 0, 0, 64, 17, 0, bytes(4), b'\xff' * 4)
            total = sum(struct.unpack('>10H', ip))
            total = (total & 0xffff) + (total >> 16)
            ip = ip[:10] + struct.pack('>H', ~(total + (total >> 16)) & 0xffff) + ip[12:]
            return b'\xff' * 6 + own + b'\x08\x00' + ip + udp

        def offers(hardwares, clients, named=False):
            found = []
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x800)) as s:
                s.bind(('eth0', 0x800))
                for hardware in hardwares:
                    for client in clients:
                        s.send(discover(hardware, client))
                s.settimeout(0.2)
                end = time.monotonic() + 3
                while time.monotonic() < end:
                    try:
                        got = s.recv(2048)
                    except TimeoutError:
                        continue
                    if got[23] == 17 and got[34:38] == b'\x00\x43\x00\x44' and got[70:76] in hardwares:
                        found.append(socket.inet_ntoa(got[58:62]))
            return ' '.join(sorted(set(found))) if named else len(found)

        """;

    /// <summary>How many answers a question gets.</summary>
    private const string Dns = """
        import socket, struct, subprocess
        gateway = subprocess.run(['ip', 'route', 'show', 'default'], capture_output=True, text=True).stdout.split()[2]

        def ask(name, kind, what):
            query = struct.pack('>6H', 7, 0x100, 1, 0, 0, 0) + b''.join(bytes([len(x)]) + x.encode() for x in name.split('.')) + b'\0' + struct.pack('>2H', what, kind)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(5)
                s.sendto(query, (gateway, 53))
                return struct.unpack('>H', s.recv(4096)[6:8])[0]

        """;

    /// <summary>Takes as many of each as it can get and keeps them, in one process each, and prints how many and why no more; then tries to raise the ceilings.</summary>
    private const string Tables = """
        import ctypes, errno, os, platform, time
        libc = ctypes.CDLL(None, use_errno=True)
        aio, unshare, key = {'x86_64': (206, 272, 248), 'aarch64': (0, 97, 217)}[platform.machine()]

        def take(name, call, most, hold=True):
            r, w = os.pipe()
            if os.fork() == 0:
                os.setsid()
                for n in range(most):
                    if call() < 0:
                        break
                os.write(w, b'%s %d %s' % (name.encode(), n, errno.errorcode.get(ctypes.get_errno(), '0').encode()))
                os.close(w)
                for f in (0, 1, 2):
                    os.close(f)
                time.sleep(600)
            print(os.read(r, 100).decode())

        # A namespace lives as long as something keeps it open.
        def namespace(kind, flag):
            def call():
                if libc.syscall(unshare, flag) < 0:
                    return -1
                return os.open('/proc/self/ns/' + kind, os.O_RDONLY)
            return call

        take('uts', namespace('uts', 0x04000000), 600)
        take('ipc', namespace('ipc', 0x08000000), 600)
        take('inotify', libc.inotify_init, 600)
        context = ctypes.c_ulong(0)
        print('aio', errno.errorcode[ctypes.get_errno()] if libc.syscall(aio, 1024, ctypes.byref(context)) < 0 else 'given')
        print('key', errno.errorcode[ctypes.get_errno()] if libc.syscall(key, b'user', b'much', b'x' * 1000, 1000, -2) < 0 else 'given')
        try:
            with open('/proc/sys/user/max_uts_namespaces', 'w') as f:
                f.write('100000')
            print('raised')
        except OSError as fault:
            print('raised', errno.errorcode[fault.errno])
        """;

    /// <summary>
    /// Prints the error of each try to make a subvolume: by the usual call, with a number whose upper half is not zero, and by the
    /// calls of 32-bit programs. 1 is "not permitted"; 38 would be "no such call" and 0 a subvolume.
    /// </summary>
    private const string Subvolume = """
        import ctypes, os, platform, struct
        libc = ctypes.CDLL(None, use_errno=True)
        folder = os.open('/root', os.O_RDONLY)
        ioctl = {'x86_64': 16, 'aarch64': 29}[platform.machine()]
        for call in (0x5000940e, 0x50009418, 0x50009401, 0x50009417):
            for upper in (0, 0x1234 << 32):
                text = ctypes.create_string_buffer(4096)
                struct.pack_into('8s', text, 8 if call in (0x5000940e, 0x50009401) else 56, b's%d' % (call & 255))
                if call in (0x50009401, 0x50009417):
                    struct.pack_into('q', text, 0, folder)
                print(0 if libc.syscall(ioctl, folder, ctypes.c_ulong(call | upper), text) == 0 else ctypes.get_errno())
        if platform.machine() == 'x86_64':
            libc.mmap.restype = ctypes.c_void_p
            libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
            page = libc.mmap(None, 8192, 7, 0x22 | 0x40, -1, 0)
            code = b'\x53\x89\xf8\x89\xf3\x87\xca\xcd\x80\x5b\xc3'
            ctypes.memmove(page, code, len(code))
            ctypes.memmove(page + 4096 + 8, b'compat\0', 7)
            call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_uint, ctypes.c_uint)(page)
            child = os.fork()
            if child == 0:
                print(-call(54, folder, 0x5000940e, page + 4096), flush=True)
                os._exit(0)
            # A kernel without 32-bit calls ends the child, and prints nothing.
            os.waitpid(child, 0)
        """;
}
