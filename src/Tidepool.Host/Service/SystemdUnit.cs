using System.Text;
using Tidepool.Host.Processes;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Service;

/// <summary>
/// The unit by which systemd brings a Tidepool up when the machine starts, and starts its supervisor again when that dies. The
/// supervisor keeps everything else alive, here as without systemd.
/// </summary>
public sealed class SystemdUnit(StateDirectory state, string directory)
{
    public const string SystemDirectory = "/etc/systemd/system";
    private const string Running = "/run/systemd/system";

    public SystemdUnit(StateDirectory state)
        : this(state, SystemDirectory)
    {
    }

    /// <summary>Whether systemd runs this machine.</summary>
    public static bool IsPossible => Directory.Exists(Running);

    /// <summary>Of this state directory alone; several Tidepools have a unit each.</summary>
    public string Name => $"tidepool-{state.Key}.service";

    public string Path => System.IO.Path.Combine(directory, Name);

    public bool IsInstalled => File.Exists(Path);

    public void Write(RuntimeCatalog runtimes, Programs programs)
    {
        var text = Render(Programs.Dotnet, programs.Cli, SupervisorProcess.VariablesNow(runtimes).Select(pair => (pair.Key, pair.Value)));
        var temporary = Path + ".new";
        File.WriteAllText(temporary, text);
        File.Move(temporary, Path, overwrite: true);
    }

    /// <summary>The unit's text.</summary>
    public string Render(string dotnet, string cli, IEnumerable<(string Name, string Value)> environment)
    {
        var settings = new StringBuilder();
        foreach (var (name, value) in environment)
        {
            settings.Append("Environment=").AppendLine(Quote($"{name}={value}"));
        }

        return $"""
            [Unit]
            Description=Tidepool, isolated development environments
            Wants=network-online.target
            After=network-online.target nftables.service firewalld.service
            # However often it dies: it is the one that everything else depends on.
            StartLimitIntervalSec=0

            [Service]
            Type=exec
            ExecStart={Quote(dotnet, '$')} {Quote(cli, '$')} supervise --state {Quote(state.Root, '$')}
            Environment="DOTNET_EnableDiagnostics=0"
            {settings}# It exits with 0 when `tidepool down` ends it; then it stays down until the next boot.
            Restart=on-failure
            RestartSec=1
            # What it supervises outlives it, and the next supervisor takes it over: workspaces go on running. When systemd stops it, it
            # takes everything down itself, so that workspaces shut down in good order.
            KillMode=process
            SendSIGHUP=no
            TimeoutStopSec=5min
            Delegate=yes
            TasksMax=infinity
            LimitNOFILE=1048576
            UMask=0077

            [Install]
            WantedBy=multi-user.target

            """;
    }

    /// <summary>Takes the unit away. A supervisor that it started goes on.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        if (IsPossible)
        {
            await ControlAsync(["disable", Name], cancellationToken);
        }

        File.Delete(Path);
        if (IsPossible)
        {
            await ControlAsync(["daemon-reload"], cancellationToken);
        }
    }

    /// <exception cref="CommandException">systemd refused; its own message.</exception>
    public static async Task ControlAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var asked = arguments.ToList();
        var result = await Tool.RunAsync("systemctl", asked, cancellationToken);
        if (!result.Succeeded)
        {
            throw new CommandException($"`systemctl {string.Join(' ', asked)}` failed: {result.LastOutput}");
        }
    }

    /// <summary>As systemd reads a word: percent signs are doubled everywhere, dollar signs in commands only.</summary>
    private static string Quote(string word, char? doubled = null)
    {
        var text = word.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("%", "%%", StringComparison.Ordinal);
        return $"\"{(doubled is { } mark ? text.Replace($"{mark}", $"{mark}{mark}", StringComparison.Ordinal) : text)}\"";
    }
}
