using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.State;

public sealed class SettingsTests
{
    [Fact]
    public void What_is_written_is_read_again()
    {
        using var state = new TemporaryState();
        var settings = Settings.Read(state.Directory);
        settings.ApiPort = 9090;
        settings.Listen = "0.0.0.0";
        settings.Incus.Nat = false;
        settings.Write(state.Directory);

        Assert.Equal(settings.ToJson(), Settings.Read(state.Directory).ToJson());
    }

    [Fact]
    public void Keys_that_others_put_there_stay()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Settings, """{"Tidepool":{"ApiPort":9090,"WorkspaceLimit":3,"Incus":{"DiskGiB":7}},"Logging":{"LogLevel":{"Default":"Debug"}}}""");
        var settings = Settings.Read(state.Directory);
        settings.Write(state.Directory);

        var text = File.ReadAllText(state.Directory.Settings);
        Assert.Equal(9090, settings.ApiPort);
        Assert.Contains("\"WorkspaceLimit\": 3", text, StringComparison.Ordinal);
        Assert.Contains("\"DiskGiB\": 7", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_state_directories_never_share_a_bridge_or_a_pool()
    {
        var one = Settings.Read(new StateDirectory("/nowhere/one")).Incus;
        var two = Settings.Read(new StateDirectory("/nowhere/two")).Incus;

        Assert.NotEqual(one.Network, two.Network);
        Assert.NotEqual(one.Pool, two.Pool);
        Assert.InRange(one.Network.Length, 1, 15);
        Assert.Equal("/nowhere/one/incus/unix.socket", one.Socket);
    }

    [Fact]
    public void The_runtime_in_use_is_kept_under_the_name_that_the_worker_reads()
    {
        using var state = new TemporaryState();
        var settings = Settings.Read(state.Directory);
        Assert.Null(settings.RuntimeInUse);
        settings.RuntimeInUse = RuntimeKind.Qemu;
        settings.Write(state.Directory);

        Assert.Contains("\"RuntimeInUse\": \"qemu\"", File.ReadAllText(state.Directory.Settings), StringComparison.Ordinal);
        var again = Settings.Read(state.Directory);
        Assert.Equal((RuntimeKind.Qemu, "auto", true), (again.RuntimeInUse, again.Runtime, again.NeedsMachineImage));
        Assert.Equal(again.Qemu.Bridge, again.Bridge);
        Assert.InRange(again.Bridge.Length, 1, 15);
    }

    [Fact]
    public void A_state_directory_of_before_there_was_a_choice_is_in_Incus()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Settings, """{"Tidepool":{"ApiPort":8080,"Runtime":"auto","Incus":{"Network":"tp12345678","Pool":"tidepool-12345678"}}}""");
        Assert.Null(Settings.Read(state.Directory).RuntimeInUse);
        File.WriteAllText(state.Directory.Database, "");

        var settings = Settings.Read(state.Directory);
        Assert.Equal((RuntimeKind.Incus, "tp12345678", false), (settings.RuntimeInUse, settings.Bridge, settings.NeedsMachineImage));
        Assert.NotEmpty(settings.Qemu.Bridge);
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
        Assert.Equal(RuntimeWords.Parse(runtime), Settings.Read(state.Directory).RuntimeInUse);
    }

    [Fact]
    public void Settings_that_were_removed_beside_two_runtimes_machines_are_asked_for()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Database, "");
        Directory.CreateDirectory(state.Directory.At("qemu", "machines", "ws-1"));
        Directory.CreateDirectory(state.Directory.At("incus", "containers", "ws-2"));
        Assert.Contains("machines of Incus and QEMU", Assert.Throws<CommandException>(() => Settings.Read(state.Directory)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_owner_can_open_the_directory_and_the_settings()
    {
        using var state = new TemporaryState();
        Settings.Read(state.Directory).Write(state.Directory);

        Assert.Equal(StateDirectory.PrivateDirectory, File.GetUnixFileMode(state.Directory.Root));
        Assert.Equal(StateDirectory.GroupFile, File.GetUnixFileMode(state.Directory.Settings));
    }

    [Fact]
    public void Settings_that_are_no_JSON_are_a_message_and_not_a_crash()
    {
        using var state = new TemporaryState();
        File.WriteAllText(state.Directory.Settings, "{");
        Assert.Contains("not valid JSON", Assert.Throws<CommandException>(() => Settings.Read(state.Directory)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_too_long_for_a_socket_is_refused()
    {
        Assert.Null(new StateDirectory("/root/.local/share/tidepool").WhySocketsDoNotFit(RuntimeKind.Qemu));
        Assert.Null(new StateDirectory("/" + new string('x', 72)).WhySocketsDoNotFit(RuntimeKind.Incus));
        Assert.NotNull(new StateDirectory("/" + new string('x', 75)).WhySocketsDoNotFit(RuntimeKind.Incus));

        // In bytes, and QEMU's are longer.
        Assert.NotNull(new StateDirectory("/" + new string('ü', 38)).WhySocketsDoNotFit(RuntimeKind.Incus));
        Assert.Null(new StateDirectory("/" + new string('x', 49)).WhySocketsDoNotFit(RuntimeKind.Qemu));
        Assert.NotNull(new StateDirectory("/" + new string('x', 50)).WhySocketsDoNotFit(RuntimeKind.Qemu));
    }

    [Fact]
    public void Removal_takes_what_is_ours_and_leaves_what_is_not()
    {
        using var state = new TemporaryState();
        Settings.Read(state.Directory).Write(state.Directory);
        var foreign = Path.Combine(state.Directory.Root, "notes.txt");
        File.WriteAllText(foreign, "mine");

        Assert.Equal([foreign], new StateRemoval(state.Directory).Run());
        Assert.Equal([foreign], Directory.EnumerateFileSystemEntries(state.Directory.Root));
    }
}
