using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Testing;

/// <summary>A runtime that keeps its machines in memory, and fails or crashes where a test asks for it.</summary>
public sealed class InMemoryRuntime : IWorkspaceRuntime
{
    private readonly ConcurrentDictionary<InstanceName, Machine> machines = new();
    private readonly ConcurrentDictionary<string, RuntimeImage> images = new();
    private readonly ConcurrentDictionary<InstanceName, bool> onceStarted = new();
    private readonly ConcurrentBag<InstanceName> wrecked = [];
    private readonly ConcurrentDictionary<InstanceName, byte[]> consoles = new();
    private readonly Lock addressing = new();

    /// <summary>Called before each member does its work, with the member's verb; throw to fail it.</summary>
    public Func<string, InstanceName?, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Called after each member did its work; throw to lose the answer, as a crash would.</summary>
    public Func<string, InstanceName?, Task> After { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>How often a machine was made, over all names: a machine made twice shows here.</summary>
    public ConcurrentDictionary<InstanceName, int> Made { get; } = new();

    /// <summary>The network that it reports; null for a runtime with a network boundary of its own.</summary>
    public WorkspaceNetwork? Network { get; set; }

    public IReadOnlyCollection<InstanceName> Names => [.. machines.Keys];

    /// <summary>Machines that were made again although they had been used: there must never be one.</summary>
    public IReadOnlyCollection<InstanceName> Wrecked => wrecked;

    public Task PrepareAsync(CancellationToken cancellationToken) => DoAsync("prepare", null, () => { });

    public Task<RuntimeCapabilities> GetCapabilitiesAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new RuntimeCapabilities(Isolation.Container, Snapshots: true, Suspend: false));

    public Task ImportImageAsync(RuntimeImage image, CancellationToken cancellationToken) =>
        DoAsync("import", null, () => images[image.Hash] = image);

    public Task CreateAsync(InstanceSpec spec, CancellationToken cancellationToken) => DoAsync("create", spec.Name, () =>
    {
        if (!Directory.Exists(spec.Image?.Directory))
        {
            throw new RuntimeException(RuntimeFaults.ImageMissing, "The image has no files.", isTransient: false);
        }

        if (!IsRunning(spec.Name))
        {
            Make(spec.Name);
        }
    });

    public Task CloneAsync(InstanceName source, InstanceSpec spec, CancellationToken cancellationToken) => DoAsync("clone", spec.Name, () =>
    {
        if (IsRunning(spec.Name))
        {
            return;
        }

        if (!machines.ContainsKey(source))
        {
            throw new RuntimeException(RuntimeFaults.InstanceMissing, "There is nothing to copy.", isTransient: false);
        }

        Make(spec.Name);
    });

    public Task StartAsync(InstanceName name, CancellationToken cancellationToken) => DoAsync("start", name, () =>
    {
        machines[name] = Find(name) with { State = InstanceState.Running };
        onceStarted[name] = true;
    });

    public Task StopAsync(InstanceName name, TimeSpan grace, CancellationToken cancellationToken) => DoAsync("stop", name, () =>
    {
        if (machines.TryGetValue(name, out var machine))
        {
            machines[name] = machine with { State = InstanceState.Stopped, StoppedBy = StopCause.Guest };
        }
    });

    public Task DeleteAsync(InstanceName name, CancellationToken cancellationToken) => DoAsync("delete", name, () => machines.TryRemove(name, out _));

    public async Task<InstanceObservation?> ObserveAsync(InstanceName name, CancellationToken cancellationToken)
    {
        await Before("observe", name);
        return machines.TryGetValue(name, out var machine) ? Observation(name, machine) : null;
    }

    public async Task<IReadOnlyList<InstanceObservation>> ObserveAllAsync(CancellationToken cancellationToken)
    {
        await Before("observe-all", null);
        return [.. machines.Select(pair => Observation(pair.Key, pair.Value))];
    }

    /// <summary>Whether it answers nothing when asked for its network.</summary>
    public bool NetworkHangs { get; set; }

    public async Task<WorkspaceNetwork?> FindNetworkAsync(CancellationToken cancellationToken)
    {
        if (NetworkHangs)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        return Network;
    }

    public async Task<ConsoleOutput> ReadConsoleAsync(InstanceName name, string? position, CancellationToken cancellationToken)
    {
        await Before("console", name);
        var all = consoles.GetValueOrDefault(name, []);
        var from = position is null ? 0 : int.Parse(position, CultureInfo.InvariantCulture);
        return new ConsoleOutput(all.AsMemory(from), all.Length.ToString(CultureInfo.InvariantCulture), IsCut: false);
    }

    /// <summary>The guest writes to its console.</summary>
    public void Say(InstanceName name, ReadOnlySpan<byte> text)
    {
        byte[] all = [.. consoles.GetValueOrDefault(name, []), .. text];
        consoles[name] = all;
    }

    public Task HaltAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        foreach (var name in machines.Where(m => m.Value.State != InstanceState.Stopped).Select(m => m.Key))
        {
            GoDown(name, StopCause.Host);
        }

        return Task.CompletedTask;
    }

    public Task PurgeAsync(CancellationToken cancellationToken) => DoAsync("purge", null, machines.Clear);

    /// <summary>The machine's state, without a call to the runtime.</summary>
    public InstanceObservation? Look(InstanceName name) => machines.TryGetValue(name, out var machine) ? Observation(name, machine) : null;

    /// <summary>The machine ends by itself, or with its host.</summary>
    public void GoDown(InstanceName name, StopCause cause)
    {
        if (machines.TryGetValue(name, out var machine))
        {
            machines[name] = machine with { State = InstanceState.Stopped, StoppedBy = cause };
        }
    }

    /// <summary>Removes the machine, as from outside Tidepool.</summary>
    public void Lose(InstanceName name) => machines.TryRemove(name, out _);

    private async Task DoAsync(string verb, InstanceName? name, Action work)
    {
        await Before(verb, name);
        work();
        await After(verb, name);
    }

    private Machine Find(InstanceName name) =>
        machines.TryGetValue(name, out var machine) ? machine : throw new RuntimeException(RuntimeFaults.InstanceMissing, "There is no such machine.", isTransient: false);

    private bool IsRunning(InstanceName name) => machines.TryGetValue(name, out var there) && there.State == InstanceState.Running;

    private void Make(InstanceName name)
    {
        if (onceStarted.ContainsKey(name))
        {
            wrecked.Add(name);
        }

        Made.AddOrUpdate(name, 1, (_, count) => count + 1);
        lock (addressing)
        {
            machines.TryRemove(name, out _);
            machines[name] = new Machine { State = InstanceState.Stopped, Address = FreeAddress() };
        }
    }

    /// <summary>The lowest that no machine has: the address of a machine that was deleted soon is another's.</summary>
    private IPAddress FreeAddress()
    {
        var taken = machines.Values.Select(m => m.Address).ToHashSet();
        return Enumerable.Range(0, 50_000)
            .Select(host => new IPAddress([10, 99, (byte)(host / 250), (byte)((host % 250) + 2)]))
            .First(address => !taken.Contains(address));
    }

    private static InstanceObservation Observation(InstanceName name, Machine machine) =>
        new(name, machine.State, machine.State == InstanceState.Running ? machine.Address : null, Isolation.Container, machine.StoppedBy);

    private sealed record Machine
    {
        public required InstanceState State { get; init; }

        public required IPAddress Address { get; init; }

        public StopCause StoppedBy { get; init; }
    }
}
