using System.Runtime.InteropServices;
using Tidepool.Host.Accounts;
using Tidepool.Host.Passwords;

namespace Tidepool.Host.State;

/// <summary>
/// Whose everything in the state directory is. All of it is root's but three directories, which their users fill themselves; root
/// never opens by name what lies in those and could be a link. docs/security.md has the table.
/// </summary>
internal static partial class StateOwners
{
    private const uint Root = 0;
    private static readonly string[] DatabaseEndings = ["", "-wal", "-shm"];

    /// <summary>Gives everything the owner and the mode that it has to have. Repeating it does no harm.</summary>
    public static void Apply(StateDirectory state, ServiceAccounts accounts)
    {
        state.Create();
        PasswordFile.CompleteVersion(state);
        foreach (var entry in Wanted(state, accounts).Where(entry => Path.Exists(entry.Path)))
        {
            Give(entry.Path, entry.User, entry.Group);
            File.SetUnixFileMode(entry.Path, entry.Mode);
        }

        foreach (var (path, isDirectory) in Below(state.WorkspaceLogs))
        {
            Give(path, Root, accounts.Server.Group);
            File.SetUnixFileMode(path, isDirectory ? StateDirectory.GroupDirectory : StateDirectory.GroupFile);
        }

        OpenImages(state);
    }

    /// <summary>A description of what is not as <see cref="Apply"/> leaves it.</summary>
    public static async Task<IReadOnlyList<string>> FaultsAsync(StateDirectory state, ServiceAccounts accounts, CancellationToken cancellationToken)
    {
        var wanted = Wanted(state, accounts).Where(entry => Path.Exists(entry.Path)).ToList();
        var result = await Processes.Tool.RunAsync("stat", ["--format", "%u %g", .. wanted.Select(entry => entry.Path)], cancellationToken);
        var owners = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. wanted.Zip(owners)
            .Where(pair => pair.Second != $"{pair.First.User} {pair.First.Group}" || File.GetUnixFileMode(pair.First.Path) != pair.First.Mode)
            .Select(pair => pair.First.Path)];
    }

    /// <summary>The server reads the settings, which this command has just replaced.</summary>
    public static void ShareSettings(StateDirectory state)
    {
        if (ServiceAccounts.Find(state) is { } accounts && Environment.IsPrivilegedProcess)
        {
            Give(state.Settings, Root, accounts.Server.Group);
        }
    }

    /// <summary>The server reads what is built, and so does the user of each virtual machine. Others do not get into the state directory.</summary>
    public static void OpenImages(StateDirectory state)
    {
        const UnixFileMode toRead = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        const UnixFileMode toEnter = toRead | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        foreach (var (path, isDirectory) in Below(state.Images).Prepend((state.Images, true)))
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | (isDirectory ? toEnter : toRead));
        }
    }

    private static IReadOnlyList<Entry> Wanted(StateDirectory state, ServiceAccounts accounts)
    {
        var (server, caddy) = (accounts.Server, accounts.Caddy);
        return
        [
            new(state.Root, Root, Root, StateDirectory.PrivateDirectory),
            new(state.Auth, Root, Root, StateDirectory.PrivateFile),
            new(state.SessionKey, Root, Root, StateDirectory.PrivateFile),
            new(state.Settings, Root, server.Group, StateDirectory.GroupFile),
            new(state.Server, Root, server.Group, StateDirectory.GroupDirectory),
            new(state.PasswordVersion, Root, server.Group, StateDirectory.GroupFile),
            new(state.ProxySecret, Root, server.Group, StateDirectory.GroupFile),
            new(state.DatabaseDirectory, Root, server.Group, StateDirectory.GroupDirectory),
            .. DatabaseEndings.Select(ending => new Entry(state.Database + ending, Root, server.Group, StateDirectory.GroupFile | UnixFileMode.GroupWrite)),
            new(state.WorkspaceLogs, Root, server.Group, StateDirectory.GroupDirectory),
            new(state.Caddy, Root, caddy.Group, StateDirectory.GroupDirectory),
            new(state.CaddyConfig, Root, caddy.Group, StateDirectory.GroupFile),
            new(state.CaddyOwn, caddy.User, caddy.Group, StateDirectory.PrivateDirectory),
            new(state.Run, Root, Root, StateDirectory.PrivateDirectory),
            new(state.RunServer, server.User, caddy.Group, StateDirectory.PassageDirectory),
            new(state.RunWorker, Root, server.Group, StateDirectory.PassageDirectory),
            new(state.RunCaddy, caddy.User, caddy.Group, StateDirectory.PrivateDirectory),
        ];
    }

    /// <summary>Everything below a directory but links, which lead elsewhere.</summary>
    private static IEnumerable<(string Path, bool IsDirectory)> Below(string directory) =>
        new DirectoryInfo(directory).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false })
            .Select(entry => (entry.FullName, entry is DirectoryInfo));

    /// <summary>Of a link, the link itself.</summary>
    private static void Give(string path, uint user, uint group)
    {
        if (ChangeOwner(path, user, group) != 0)
        {
            throw new IOException($"{path} could not be given to its owner: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private sealed record Entry(string Path, uint User, uint Group, UnixFileMode Mode);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
