using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Tidepool.Runtime.Boundary;

/// <summary>
/// The kernel reports every change of the firewall to it: netlink's group of nftables, as linux/netfilter/nfnetlink.h numbers
/// it. If the group cannot be joined, only the regular poll is left.
/// </summary>
internal sealed partial class FirewallWatch : IDisposable
{
    private const int NetlinkFamily = 16;
    private const int RawCloseOnExec = 3 | 0x80000;
    private const int NetfilterProtocol = 12;
    private const uint NftablesGroup = 1u << 6;
    private const int Interrupted = 4;
    private const int Overrun = 105;

    private readonly Lock gate = new();
    private readonly ILogger logger;
    private readonly int socket;
    private volatile bool disposed;
    private long changes;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FirewallWatch(ILogger<FirewallWatch> logger)
    {
        this.logger = logger;
        socket = OperatingSystem.IsLinux() ? Open() : -1;
        if (socket < 0)
        {
            LogDeaf();
            return;
        }

        // A thread of its own, for it spends its life waiting in the kernel.
        new Thread(Listen) { IsBackground = true, Name = "firewall watch" }.Start();
    }

    /// <summary>How many changes the kernel reported.</summary>
    public long Changes
    {
        get
        {
            lock (gate)
            {
                return changes;
            }
        }
    }

    /// <summary>Completes once <see cref="Changes"/> is no longer <paramref name="since"/>: at once if it is not now.</summary>
    public async Task ChangedAsync(long since, CancellationToken cancellationToken)
    {
        Task next;
        lock (gate)
        {
            if (changes != since)
            {
                return;
            }

            next = changed.Task;
        }

        await next.WaitAsync(cancellationToken);
    }

    /// <summary>The thread closes its socket itself when it wakes: closed under its hands, the number could be another's by then.</summary>
    public void Dispose() => disposed = true;

    private static int Open()
    {
        var descriptor = OpenSocket(NetlinkFamily, RawCloseOnExec, NetfilterProtocol);
        var address = new NetlinkAddress { Family = NetlinkFamily, Groups = NftablesGroup };
        if (descriptor >= 0 && BindSocket(descriptor, in address, Marshal.SizeOf<NetlinkAddress>()) != 0)
        {
            _ = CloseSocket(descriptor);
            return -1;
        }

        return descriptor;
    }

    private void Listen()
    {
        var buffer = new byte[16 * 1024];

        // A burst that overruns the kernel's buffer is an error of its own, and news all the same.
        while ((Receive(socket, buffer, buffer.Length, 0) >= 0 || Marshal.GetLastPInvokeError() is Interrupted or Overrun) && !disposed)
        {
            lock (gate)
            {
                changes++;
                changed.TrySetResult();
                changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        _ = CloseSocket(socket);
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int BindSocket(int socket, in NetlinkAddress address, int length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, [Out] byte[] buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseSocket(int socket);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The kernel does not report changes of the firewall; it is checked every few seconds instead.")]
    private partial void LogDeaf();

    [StructLayout(LayoutKind.Sequential)]
    private struct NetlinkAddress
    {
        public ushort Family;
        public ushort Padding;
        public uint Process;
        public uint Groups;
    }
}
