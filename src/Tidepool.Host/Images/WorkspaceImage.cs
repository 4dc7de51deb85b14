using System.Text.Json;
using CliWrap;
using Tidepool.Host.Files;
using Tidepool.Host.Packages;
using Tidepool.Host.Processes;
using Tidepool.Host.State;

namespace Tidepool.Host.Images;

/// <summary>The default workspace image: built from its recipe when the recipe has changed, and put in force when it is whole.</summary>
public sealed class WorkspaceImage(StateDirectory state, Programs programs, IScreen screen, string cache)
{
    private static readonly string[] MachineFiles = ["disk.qcow2", "vmlinuz", "initrd.img"];

    private string Template => Path.Combine(state.Images, "default");

    private string CurrentFile => Path.Combine(Template, "current");

    /// <summary>The hash in force; null before the first build.</summary>
    public string? Current()
    {
        try
        {
            var hash = File.ReadAllText(CurrentFile).Trim();
            return IsWhole(Path.Combine(Template, Path.GetFileName(hash))) ? hash : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Where the build in force is; null before the first.</summary>
    public string? Place() => Current() is { } hash ? Path.Combine(Template, hash) : null;

    /// <summary>Whether the build in force has a disk and a kernel for virtual machines.</summary>
    public bool HasMachine() => Place() is { } place && HasMachine(place);

    /// <summary>The hash of the recipe as it is now.</summary>
    public async Task<string> RecipeHashAsync(CancellationToken cancellationToken)
    {
        var script = Path.Combine(programs.WorkspaceRecipe, "content-hash");
        if (!File.Exists(script))
        {
            throw new CommandException($"The workspace image's recipe is not in {programs.WorkspaceRecipe}. Run tidepool from its checkout, or name the checkout in TIDEPOOL_HOME.");
        }

        var result = await Tool.RunAsync(script, [], cancellationToken);
        return result.Succeeded ? result.Output.Trim() : throw new CommandException($"The workspace image's recipe could not be read: {result.LastOutput}");
    }

    /// <summary>
    /// Builds if the recipe has changed, if a disk for virtual machines is wanted and missing, or always with
    /// <paramref name="force"/>. True if it built.
    /// </summary>
    public async Task<bool> EnsureAsync(bool force, bool withMachine, CancellationToken cancellationToken)
    {
        var hash = await RecipeHashAsync(cancellationToken);
        var target = Path.Combine(Template, hash);
        if (!force && Current() == hash && (!withMachine || HasMachine()))
        {
            return false;
        }

        var isThere = IsWhole(target) && (!withMachine || HasMachine(target));
        if (force || !isThere)
        {
            await BuildAsync(target, withMachine, cancellationToken);
            StateOwners.OpenImages(state);
        }

        // Before it is in force: after a power cut the image in force is whole.
        foreach (var path in Directory.EnumerateFiles(target).Append(target).Append(Template))
        {
            DurableFiles.Sync(path);
        }

        DurableFiles.Write(CurrentFile, hash + "\n", StateDirectory.PublicFile);
        foreach (var old in Directory.EnumerateDirectories(Template).Where(d => Path.GetFileName(d) != hash))
        {
            Directory.Delete(old, recursive: true);
        }

        return true;
    }

    /// <summary>Whether no file of a build is shorter than its manifest says: a power cut may have shortened them, the manifest included.</summary>
    private static bool IsWhole(string build)
    {
        try
        {
            using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(build, "manifest.json")));
            return manifest.RootElement.GetProperty("sizes").EnumerateObject()
                .All(size => new FileInfo(Path.Combine(build, size.Name)) is var file && (!file.Exists || file.Length >= size.Value.GetInt64()));
        }
        catch (Exception fault) when (fault is IOException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static bool HasMachine(string build) => MachineFiles.All(file => File.Exists(Path.Combine(build, file)));

    private async Task BuildAsync(string target, bool withMachine, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Template);
        var log = state.Log("image");
        List<string> arguments = ["--output", target, "--cache", Path.Combine(cache, "image"), "--log", log];
        if (withMachine)
        {
            arguments.Add("--vm");
        }

        if (DebianMirror.Find(AptSource.ReadAll("/etc/apt"), OsRelease.Read().Codename) is { } mirror)
        {
            arguments.AddRange(["--mirror", mirror]);
        }

        var lastOutput = new List<string>();
        var result = await screen.WaitAsync("Building the workspace image", show =>
            Cli.Wrap(Path.Combine(programs.WorkspaceRecipe, "build"))
                .WithArguments(arguments)
                .WithStandardOutputPipe(PipeTarget.ToDelegate(line =>
                {
                    show(line);
                    screen.Detail(line);
                }))
                .WithStandardErrorPipe(PipeTarget.ToDelegate(lastOutput.Add))
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(cancellationToken).Task);
        if (!result.IsSuccess)
        {
            throw new CommandException($"The workspace image could not be built. {string.Join('\n', lastOutput.TakeLast(12))}\nThe whole output is in {log}.");
        }
    }
}
