using System.Diagnostics;
using Tidepool.Host.Accounts;
using Tidepool.Host.Doctor;
using Tidepool.Host.Packages;
using Tidepool.Host.Runtimes;
using Tidepool.Host.Shutdown;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;
using Tidepool.Runtime;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Runtimes;

/// <summary>One more runtime, added by its descriptor alone. What Tidepool does with it follows from that.</summary>
public sealed class ToyRuntimeTests : IDisposable
{
    private static readonly Programs Programs = new(Repository.At("."), "/cli/tidepool.dll", "/server/server.dll", "/worker/worker.dll");
    private static readonly RuntimeDescriptor Toy = new ToyDescriptor();
    private static readonly RuntimeCatalog Runtimes = new([.. RuntimesRegistration.Runtimes.All, Toy]);
    private static readonly HostFacts Host = new(true, "x64", true, 1L << 40, 1L << 35, null, null, null);
    private readonly TemporaryState state = new();

    [Fact]
    public void It_can_be_named_and_the_settings_keep_the_name()
    {
        var settings = Settings.Read(state.Directory, Runtimes);
        settings.RuntimeInUse = Runtimes.Parse("toy")!.Name;
        settings.Write(state.Directory);

        Assert.Same(Toy, Runtimes.InUse(Settings.Read(state.Directory, Runtimes)));
        Assert.Contains("toy", Runtimes.Words);
        Assert.Same(Toy, Runtimes.InForce("toy", "auto"));
    }

    [Fact]
    public async Task It_is_chosen_where_it_gives_the_most()
    {
        var choice = await RuntimeChoice.OfAsync(Runtimes, Host, kvmWorks: false, _ => Task.FromResult(true));
        Assert.Same(Toy, choice.Runtime);
        Assert.Equal(["Workspaces are toys."], choice.Reasons);
    }

    [Fact]
    public async Task Its_packages_are_needed_and_no_other_runtime_s()
    {
        var packages = new HostPackages(Runtimes, Programs);
        Assert.Equal(["toybox", "util-linux", .. packages.ForImage], packages.Of(Toy));
        Assert.Equal(["util-linux", .. packages.ForImage], packages.Of(null));
        Assert.Contains("toybox", await packages.MissingAsync(Toy, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Its_daemon_is_supervised_and_shown()
    {
        var accounts = new ServiceAccounts(new Account("server", 991, 991), new Account("caddy", 992, 992));
        Assert.Equal(["toyd", "worker", "server", "caddy"], TidepoolProcesses.All(Toy, state.Directory, Programs, "/usr/bin/caddy", new Settings(), accounts).Select(process => process.Name));
        Assert.Contains("toyd", TidepoolProcesses.Names(Runtimes));
        Assert.Equal(["toyd", "worker", "server", "caddy"], TidepoolProcesses.NamesOf(Toy));
    }

    [Fact]
    public void Its_checks_are_part_of_the_doctor_s()
    {
        var settings = Settings.Read(state.Directory, Runtimes);
        settings.RuntimeInUse = "toy";
        Assert.Contains(HostChecks.Of(Runtimes, Host, state.Directory, settings), check => check.Detail == "There are no toys.");
        Assert.Contains(HostChecks.Of(Runtimes, Host, state.Directory, settings), check => check.Code == CheckCodes.SocketPath && check.Status == CheckStatus.Fail);
        Assert.Equal("Toys separate nothing.", InstallationChecks.Runtime(Runtimes, state.Directory, settings).Detail);
    }

    [Fact]
    public void Its_machines_are_found_after_the_settings_are_lost()
    {
        Directory.CreateDirectory(state.Directory.At("toy", "boxes", "ws-1"));
        File.WriteAllText(state.Directory.Database, "");
        Assert.Equal("toy", Settings.Read(state.Directory, Runtimes).RuntimeInUse);
        Assert.Equal(["ws-1"], RuntimeMachines.Of(Runtimes, state.Directory));
    }

    [Fact]
    public async Task What_it_leaves_is_found_and_removed()
    {
        Directory.CreateDirectory(state.Directory.At("toy"));
        await File.WriteAllTextAsync(state.Directory.At("toy", "rule"), "", TestContext.Current.CancellationToken);
        using var machine = Process.Start("tail", ["--follow", state.Directory.At("toy", "rule")]);
        var settings = new Settings { RuntimeInUse = "toy" };
        var leftovers = new Leftovers(Runtimes, state.Directory, settings);
        var said = new List<string>();

        Assert.Contains("toy rule", await leftovers.FindAsync(TestContext.Current.CancellationToken));
        Assert.True(leftovers.MachinesRun());
        await leftovers.RemoveAsync(said.Add, TestContext.Current.CancellationToken);
        await machine.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal([$"Ending process {machine.Id} (tail), which was left over.", "Removing the toy rule, which was left over."], said);
        Assert.Empty(await leftovers.FindAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Uninstalling_removes_its_directory()
    {
        Directory.CreateDirectory(state.Directory.At("toy", "boxes"));
        File.WriteAllText(state.Directory.At("notes.txt"), "kept");
        Assert.Equal([state.Directory.At("notes.txt")], new StateRemoval(Runtimes, state.Directory).Run());
    }

    public void Dispose() => state.Dispose();
}
