using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Tests;

/// <summary>What every runtime promises. Each adapter runs all of it; what needs a real guest is asked only of real ones.</summary>
public abstract class WorkspaceRuntimeContract : IAsyncLifetime
{
    private readonly List<InstanceName> made = [];

    protected abstract IWorkspaceRuntime Runtime { get; }

    protected abstract RuntimeImage Image { get; }

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var name in made)
        {
            await Runtime.DeleteAsync(name, CancellationToken.None);
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_machine_is_made_stopped_runs_with_an_address_and_is_deleted()
    {
        var spec = Spec();
        Assert.Null(await Runtime.ObserveAsync(spec.Name, Token));

        await Runtime.CreateAsync(spec, Token);
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(spec.Name, Token))?.State);

        await Runtime.StartAsync(spec.Name, Token);
        Assert.NotNull((await UntilAddressAsync(spec.Name)).Address);

        await Runtime.StopAsync(spec.Name, TimeSpan.FromSeconds(10), Token);
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(spec.Name, Token))?.State);

        await Runtime.DeleteAsync(spec.Name, Token);
        Assert.Null(await Runtime.ObserveAsync(spec.Name, Token));
    }

    [Fact]
    public async Task Everything_may_be_repeated()
    {
        var spec = Spec();
        await Runtime.PrepareAsync(Token);
        await Runtime.ImportImageAsync(Image, Token);
        await Runtime.ImportImageAsync(Image, Token);
        await Runtime.CreateAsync(spec, Token);
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        await Runtime.StartAsync(spec.Name, Token);
        await Runtime.StopAsync(spec.Name, TimeSpan.FromSeconds(10), Token);
        await Runtime.StopAsync(spec.Name, TimeSpan.FromSeconds(10), Token);
        await Runtime.DeleteAsync(spec.Name, Token);
        await Runtime.DeleteAsync(spec.Name, Token);
        await Runtime.StopAsync(spec.Name, TimeSpan.FromSeconds(10), Token);
    }

    [Fact]
    public async Task A_running_machine_can_be_deleted_at_once()
    {
        var spec = Spec();
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        await Runtime.DeleteAsync(spec.Name, Token);
        Assert.Null(await Runtime.ObserveAsync(spec.Name, Token));
    }

    [Fact]
    public async Task Starting_what_is_not_there_fails_for_good()
    {
        var fault = await Assert.ThrowsAsync<RuntimeException>(() => Runtime.StartAsync(Spec().Name, Token));
        Assert.Equal(RuntimeFaults.InstanceMissing, fault.Code);
        Assert.False(fault.IsTransient);
    }

    [Fact]
    public async Task An_image_without_files_fails_for_good_and_says_what_to_do()
    {
        var fault = await Assert.ThrowsAsync<RuntimeException>(() =>
            Runtime.CreateAsync(Spec() with { Image = new RuntimeImage("default", "0000", "/nonexistent/image") }, Token));
        Assert.Equal(RuntimeFaults.ImageMissing, fault.Code);
        Assert.False(fault.IsTransient);
    }

    [Fact]
    public async Task Several_at_once_do_not_disturb_each_other()
    {
        var specs = Enumerable.Range(0, 4).Select(_ => Spec()).ToList();
        await Task.WhenAll(specs.Select(async spec =>
        {
            await Runtime.CreateAsync(spec, Token);
            await Runtime.StartAsync(spec.Name, Token);
        }));
        var addresses = await Task.WhenAll(specs.Select(spec => UntilAddressAsync(spec.Name)));
        Assert.Equal(specs.Count, addresses.Select(a => a.Address).Distinct().Count());
        var all = await Runtime.ObserveAllAsync(Token);
        Assert.All(specs, spec => Assert.Contains(all, seen => seen.Name == spec.Name && seen.State == InstanceState.Running));
    }

    [Fact]
    public async Task What_the_host_takes_down_is_told_from_what_was_stopped()
    {
        var halted = Spec();
        var stopped = Spec();
        foreach (var spec in new[] { halted, stopped })
        {
            await Runtime.CreateAsync(spec, Token);
            await Runtime.StartAsync(spec.Name, Token);
        }

        await Runtime.StopAsync(stopped.Name, TimeSpan.FromSeconds(10), Token);
        await Runtime.HaltAsync(TimeSpan.FromSeconds(10), Token);
        Assert.Equal(StopCause.Host, (await Runtime.ObserveAsync(halted.Name, Token))?.StoppedBy);
        Assert.Equal(StopCause.Guest, (await Runtime.ObserveAsync(stopped.Name, Token))?.StoppedBy);

        await Runtime.StartAsync(halted.Name, Token);
        await UntilAddressAsync(halted.Name);
        await Runtime.StopAsync(halted.Name, TimeSpan.FromSeconds(10), Token);
        Assert.Equal(StopCause.Guest, (await Runtime.ObserveAsync(halted.Name, Token))?.StoppedBy);
    }

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected InstanceSpec Spec()
    {
        var name = InstanceName.Of(WorkspaceId.New(TimeProvider.System));
        made.Add(name);
        return new InstanceSpec(
            name,
            WorkspaceName.Parse("contract"),
            Image,
            Cpus: 1,
            MemoryMiB: 512,
            new Dictionary<string, string> { ["TIDEPOOL_WORKSPACE_NAME"] = "contract", ["VSCODE_PROXY_URI"] = "./port/{{port}}/" });
    }

    protected Task<InstanceObservation> UntilAddressAsync(InstanceName name) =>
        UntilAsync($"{name} has an address", async () => await Runtime.ObserveAsync(name, Token) is { Address: not null } seen ? seen : null);

    protected static async Task<T> UntilAsync<T>(string what, Func<Task<T?>> look)
        where T : class
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(60))
        {
            if (await look() is { } value)
            {
                return value;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }

        throw new TimeoutException($"It did not come to pass that {what}.");
    }
}
