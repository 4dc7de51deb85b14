using System.Net.Sockets;
using Tidepool.Host;
using Tidepool.Host.Runtimes;
using Tidepool.Host.Sockets;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Runtime.Incus;

/// <summary>An Incus daemon of our own, with its directory in the state directory.</summary>
internal sealed class Incusd : RuntimeDaemon
{
    public const string Process = "incusd";
    public const string ProgramVariable = "TIDEPOOL_INCUSD";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(60);
    private static readonly string[] Programs = ["/usr/libexec/incus/incusd", "/usr/lib/incus/incusd", "/opt/incus/bin/incusd"];

    public override string Name => Process;

    public override bool IsInstalled => Program is not null;

    private static string? Program => Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } given ? given : Array.Find(Programs, File.Exists);

    public static string SocketOf(StateDirectory state) => state.At(IncusDescriptor.Word, "unix.socket");

    /// <summary>
    /// Where the daemon sees its directory: bound to a path that a container's root, which has no rights on the host, can reach. The
    /// state directory itself stays closed to all but its owner.
    /// </summary>
    public static string ViewOf(StateDirectory state) => Path.Combine("/run/tidepool", state.Key);

    public override ProcessSpec SpecOf(StateDirectory state) => new(
        Process,
        Program ?? throw new CommandException("Incus is not installed; `tidepool up` installs it."),
        [],
        // It would call out for a list of instance types, which we have no use for; nothing listens on that port.
        ProcessSpec.PlainEnvironment(("INCUS_DIR", ViewOf(state)), ("HTTP_PROXY", "http://127.0.0.1:9"), ("HTTPS_PROXY", "http://127.0.0.1:9")),
        state.PidFile(Process),
        state.Log(Process))
    {
        // Every machine costs it several files.
        Before = BindView(state) + " umask 022; ulimit -n 1048576 2>/dev/null || ulimit -n \"$(ulimit -H -n)\"; [ ! -x /usr/libexec/incus/incus-apparmor-load ] || /usr/libexec/incus/incus-apparmor-load >/dev/null 2>&1 || :;",
    };

    public override Task<bool> AnswersAsync(StateDirectory state, CancellationToken cancellationToken) =>
        SucceedsAsync(state, HttpMethod.Get, "1.0", null, Timeout, cancellationToken);

    /// <summary>Machines are stopped, the bridge is taken down, file systems are unmounted.</summary>
    public override Task<bool> AskToEndAsync(StateDirectory state, CancellationToken cancellationToken) =>
        SucceedsAsync(state, HttpMethod.Put, "internal/shutdown", "{}", EndTimeout, cancellationToken);

    private static async Task<bool> SucceedsAsync(StateDirectory state, HttpMethod method, string path, string? body, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            using var http = UnixHttp.Client(SocketOf(state), "http://incus/", timeout);
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
            request.Content = body is null ? null : new StringContent(body);
            using var answer = await http.SendAsync(request, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or SocketException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Private, so that what Incus mounts below it appears nowhere else.</summary>
    private static string BindView(StateDirectory state)
    {
        var (own, view) = (ProcessSpec.Quoted(state.At(IncusDescriptor.Word)), ViewOf(state));
        return $"mkdir -p -m 0700 {own}; mkdir -p -m 0711 {Path.GetDirectoryName(view)} {view}; mountpoint -q {view} || {{ mount --bind {own} {view} && mount --make-private {view}; }} || exit 1;";
    }
}
