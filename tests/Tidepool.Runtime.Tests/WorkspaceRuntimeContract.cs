using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Tests;

/// <summary>What every runtime promises. Each adapter runs all of it; what needs a real guest is asked only of real ones.</summary>
public abstract class WorkspaceRuntimeContract : IAsyncLifetime
{
    private readonly List<InstanceName> made = [];

    protected abstract IWorkspaceRuntime Runtime { get; }

    protected abstract RuntimeImage Image { get; }

    /// <summary>Why it cannot be asked here; null where it can.</summary>
    protected virtual string? WhyNot => null;

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(WhyNot is not null, WhyNot ?? "");
        return ValueTask.CompletedTask;
    }

    /// <summary>Nothing was made where it was skipped.</summary>
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
    public async Task What_the_host_takes_down_is_distinguished_from_what_was_stopped()
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

    [Fact]
    public async Task A_machine_can_be_copied_stopped_and_running()
    {
        var original = Spec();
        await Runtime.CreateAsync(original, Token);
        var early = Spec() with { Image = null };
        await Runtime.CloneAsync(original.Name, early, Token);
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(early.Name, Token))?.State);

        await Runtime.StartAsync(original.Name, Token);
        var late = Spec() with { Image = null };
        await Runtime.CloneAsync(original.Name, late, Token);
        await Runtime.CloneAsync(original.Name, late, Token);
        await Runtime.StartAsync(late.Name, Token);
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(original.Name, Token))?.State);
        Assert.NotEqual((await UntilAddressAsync(original.Name)).Address, (await UntilAddressAsync(late.Name)).Address);

        await Runtime.DeleteAsync(original.Name, Token);
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(late.Name, Token))?.State);
    }

    [Fact]
    public async Task Copying_what_is_not_there_fails_for_good()
    {
        var fault = await Assert.ThrowsAsync<RuntimeException>(() => Runtime.CloneAsync(Spec().Name, Spec() with { Image = null }, Token));
        Assert.Equal(RuntimeFaults.InstanceMissing, fault.Code);
        Assert.False(fault.IsTransient);
    }

    /// <summary>Each step is cut off early, later and late, as a worker that dies would cut it off, and then simply done again.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(150)]
    [InlineData(600)]
    public async Task Whatever_is_cut_off_half_way_can_be_done_again(int milliseconds)
    {
        var spec = Spec();
        var copy = Spec() with { Image = null };
        await CutOffThenDoAsync(token => Runtime.CreateAsync(spec, token));
        await CutOffThenDoAsync(token => Runtime.StartAsync(spec.Name, token));
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(spec.Name, Token))?.State);
        await CutOffThenDoAsync(token => Runtime.CloneAsync(spec.Name, copy, token));
        Assert.Equal(InstanceState.Running, (await Runtime.ObserveAsync(spec.Name, Token))?.State);
        await CutOffThenDoAsync(token => Runtime.StartAsync(copy.Name, token));
        await CutOffThenDoAsync(token => Runtime.StopAsync(spec.Name, TimeSpan.FromSeconds(1), token));
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(spec.Name, Token))?.State);
        await CutOffThenDoAsync(token => Runtime.DeleteAsync(spec.Name, token));
        await CutOffThenDoAsync(token => Runtime.DeleteAsync(copy.Name, token));
        var left = await Runtime.ObserveAllAsync(Token);
        Assert.DoesNotContain(left, seen => seen.Name == spec.Name || seen.Name == copy.Name);

        async Task CutOffThenDoAsync(Func<CancellationToken, Task> step)
        {
            using var death = new CancellationTokenSource(TimeSpan.FromMilliseconds(milliseconds));
            try
            {
                await step(death.Token);
            }
            catch (Exception fault) when (fault is OperationCanceledException or RuntimeException { IsTransient: true })
            {
                // What it answers for a dead machine does not matter.
            }

            // As the lifecycle does it: again as long as that can help.
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await step(Token);
                    return;
                }
                catch (RuntimeException fault) when (fault.IsTransient && attempt < 5)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Token);
                }
            }
        }
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

    protected static async Task<T> UntilAsync<T>(string what, Func<Task<T?>> check)
        where T : class
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(4))
        {
            if (await check() is { } value)
            {
                return value;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }

        throw new TimeoutException($"It did not come to pass that {what}.");
    }
}
