using Tidepool.Host.State;
using Tidepool.Runtime;
using Tidepool.Runtime.Incus;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.State;

public sealed class SettingsTests
{
    [Fact]
    public void What_is_written_is_read_again()
    {
        using var state = new TemporaryState();
        var settings = Settings.Read(state.Directory, RuntimesRegistration.Runtimes);
        settings.ApiPort = 9090;
        settings.Listen = "0.0.0.0";
        RuntimesRegistration.Runtimes.Parse("incus")!.Apply(settings, nat: false, poolSizeGiB: null);
        settings.Write(state.Directory);

        Assert.Equal(settings.ToJson(), Settings.Read(state.Directory, RuntimesRegistration.Runtimes).ToJson());
    }

    [Fact]
    public void Keys_that_others_put_there_stay()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Settings, """{"Tidepool":{"ApiPort":9090,"WorkspaceLimit":3,"Incus":{"DiskGiB":7}},"Logging":{"LogLevel":{"Default":"Debug"}}}""");
        var settings = Settings.Read(state.Directory, RuntimesRegistration.Runtimes);
        settings.Write(state.Directory);

        var text = File.ReadAllText(state.Directory.Settings);
        Assert.Equal(9090, settings.ApiPort);
        Assert.Contains("\"WorkspaceLimit\": 3", text, StringComparison.Ordinal);
        Assert.Contains("\"DiskGiB\": 7", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_state_directories_never_share_a_bridge_or_a_pool()
    {
        var one = IncusSettings.Of(Settings.Read(new StateDirectory("/nowhere/one"), RuntimesRegistration.Runtimes));
        var two = IncusSettings.Of(Settings.Read(new StateDirectory("/nowhere/two"), RuntimesRegistration.Runtimes));

        Assert.NotEqual(one.Network, two.Network);
        Assert.NotEqual(one.Pool, two.Pool);
        Assert.InRange(one.Network.Length, 1, 15);
        Assert.Equal("/nowhere/one/incus/unix.socket", one.Socket);
    }

    [Fact]
    public void The_runtime_in_use_is_kept_under_the_name_that_the_worker_reads()
    {
        using var state = new TemporaryState();
        var settings = Settings.Read(state.Directory, RuntimesRegistration.Runtimes);
        Assert.Null(settings.RuntimeInUse);
        settings.RuntimeInUse = "qemu";
        settings.Write(state.Directory);

        Assert.Contains("\"RuntimeInUse\": \"qemu\"", File.ReadAllText(state.Directory.Settings), StringComparison.Ordinal);
        var again = Settings.Read(state.Directory, RuntimesRegistration.Runtimes);
        Assert.Equal(("qemu", "auto", true), (again.RuntimeInUse, again.Runtime, RuntimesRegistration.Runtimes.NeedsMachineImage(again)));
        Assert.InRange(RuntimesRegistration.Runtimes.Of(again).BridgeOf(again).Length, 1, 15);
    }

    [Fact]
    public void A_state_directory_of_before_there_was_a_choice_is_in_Incus()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Settings, """{"Tidepool":{"ApiPort":8080,"Runtime":"auto","Incus":{"Network":"tp12345678","Pool":"tidepool-12345678"}}}""");
        Assert.Null(Settings.Read(state.Directory, RuntimesRegistration.Runtimes).RuntimeInUse);
        File.WriteAllText(state.Directory.Database, "");

        var settings = Settings.Read(state.Directory, RuntimesRegistration.Runtimes);
        Assert.Equal(("incus", "tp12345678", false), (settings.RuntimeInUse, RuntimesRegistration.Runtimes.Of(settings).BridgeOf(settings), RuntimesRegistration.Runtimes.NeedsMachineImage(settings)));
        Assert.NotEmpty(RuntimesRegistration.Runtimes.Parse("qemu")!.BridgeOf(settings));
    }

    [Theory]
    [InlineData("qemu/machines/ws-1", "qemu")]
    [InlineData("incus/virtual-machines/tidepool_ws-1", "incus")]
    [InlineData("incus/database", "incus")]
    [InlineData("qemu/images", "qemu")]
    public void Settings_that_were_removed_do_not_move_the_workspaces_to_another_runtime(string directory, string runtime)
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Database, "");
        Directory.CreateDirectory(state.Directory.At(directory));
        Assert.Equal(runtime, Settings.Read(state.Directory, RuntimesRegistration.Runtimes).RuntimeInUse);
    }

    [Fact]
    public void Settings_that_name_only_the_runtime_get_the_names_of_what_is_ours()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Settings, """{"Tidepool":{"RuntimeInUse":"incus"}}""");
        var settings = IncusSettings.Of(Settings.Read(state.Directory, RuntimesRegistration.Runtimes));
        Assert.Equal((state.Directory.At("incus", "unix.socket"), NetworkNames.BridgeOf(state.Directory), "tidepool-" + state.Directory.Key), (settings.Socket, settings.Network, settings.Pool));
    }

    [Fact]
    public void A_runtime_that_there_is_not_is_named_with_those_that_there_are()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Settings, """{"Tidepool":{"RuntimeInUse":"docker"}}""");
        Assert.Contains("incus, qemu, tart", Assert.Throws<CommandException>(() => Settings.Read(state.Directory, RuntimesRegistration.Runtimes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_section_that_its_runtime_does_not_take_is_a_message_and_not_a_crash()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Settings, """{"Tidepool":{"Incus":{"Nat":"perhaps"}}}""");
        Assert.Contains("not valid JSON", Assert.Throws<CommandException>(() => Settings.Read(state.Directory, RuntimesRegistration.Runtimes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_that_were_removed_beside_two_runtimes_machines_are_asked_for()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Database, "");
        Directory.CreateDirectory(state.Directory.At("qemu", "machines", "ws-1"));
        Directory.CreateDirectory(state.Directory.At("incus", "containers", "ws-2"));
        Assert.Contains("machines of Incus and QEMU", Assert.Throws<CommandException>(() => Settings.Read(state.Directory, RuntimesRegistration.Runtimes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_owner_can_open_the_directory_and_the_settings()
    {
        using var state = new TemporaryState();
        Settings.Read(state.Directory, RuntimesRegistration.Runtimes).Write(state.Directory);

        Assert.Equal(StateDirectory.PrivateDirectory, File.GetUnixFileMode(state.Directory.Root));
        Assert.Equal(StateDirectory.GroupFile, File.GetUnixFileMode(state.Directory.Settings));
    }

    [Fact]
    public void Settings_that_are_no_JSON_are_a_message_and_not_a_crash()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Settings, "{");
        Assert.Contains("not valid JSON", Assert.Throws<CommandException>(() => Settings.Read(state.Directory, RuntimesRegistration.Runtimes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_too_long_for_a_socket_is_refused()
    {
        Assert.Null(Why("qemu", "/root/.local/share/tidepool"));
        Assert.Null(Why("incus", "/" + new string('x', 72)));
        Assert.NotNull(Why("incus", "/" + new string('x', 75)));

        // In bytes, and QEMU's are longer.
        Assert.NotNull(Why("incus", "/" + new string('ü', 38)));
        Assert.Null(Why("qemu", "/" + new string('x', 49)));
        Assert.NotNull(Why("qemu", "/" + new string('x', 50)));

        static string? Why(string runtime, string root)
        {
            var state = new StateDirectory(root);
            return state.WhySocketsDoNotFit(RuntimesRegistration.Runtimes.Parse(runtime)!.LongestSocket(state));
        }
    }

    [Fact]
    public void Removal_takes_what_is_ours_and_leaves_what_is_not()
    {
        using var state = new TemporaryState();
        Settings.Read(state.Directory, RuntimesRegistration.Runtimes).Write(state.Directory);
        var foreign = Path.Combine(state.Directory.Root, "notes.txt");
        File.WriteAllText(foreign, "mine");

        Assert.Equal([foreign], new StateRemoval(RuntimesRegistration.Runtimes, state.Directory).Run());
        Assert.Equal([foreign], Directory.EnumerateFileSystemEntries(state.Directory.Root));
    }
}
