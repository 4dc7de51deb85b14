using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Incus;

/// <summary>
/// Shares the host's process ids among the containers. The limits of all that run never add up to more than the budget, so the
/// host can always make a process of its own. A limit is halved for all when one more container would exceed the budget: so few
/// starts change the limits of others.
/// </summary>
internal sealed class ProcessBudget(IncusClient client, IOptions<IncusOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>An editor does not run with less.</summary>
    private const int Least = 128;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    /// <summary>A container that starts or stops for longer than this keeps its limit, and the others share what is left.</summary>
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Each holds a number, or the word max. The last two are there where this machine is itself a container.</summary>
    private static readonly string[] HostLimits =
        ["/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max", "/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"];

    private readonly ConcurrentDictionary<InstanceName, byte> starting = new();
    private readonly SemaphoreSlim turn = new(1);

    /// <summary>
    /// The limit for a container that is about to start, once the limits of the others leave room for it. Call
    /// <see cref="Release"/> when the start has ended.
    /// </summary>
    public async Task<string> ClaimAsync(InstanceName name, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            starting[name] = 0;
            var all = await client.GetAsync("1.0/instances?recursion=1", cancellationToken);
            var others = all.EnumerateArray().Where(instance => IsCounted(instance, name)).ToList();
            var budget = options.Value.ProcessBudget ?? OfHost();
            while (true)
            {
                var limit = LimitFor(options.Value.ProcessLimit, budget, others.Count + 1)
                    ?? throw new IncusException(400, "this machine has too few process ids for one more workspace; stop a workspace, or raise kernel.pid_max");
                if (await LowerAllAsync(others, limit, cancellationToken) is not { } busy)
                {
                    return Text(limit);
                }

                budget -= LimitOf(busy);
                others.Remove(busy);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    public void Release(InstanceName name) => starting.TryRemove(name, out _);

    public void Dispose() => turn.Dispose();

    /// <summary>The largest limit, halved as often as it takes, that so many containers can have; null where an editor would not run with it.</summary>
    public static int? LimitFor(int most, long budget, int containers)
    {
        var limit = most;
        while (limit > Math.Max(0, budget) / containers)
        {
            limit /= 2;
        }

        return limit >= Math.Min(most, Least) ? limit : null;
    }

    private bool IsCounted(JsonElement instance, InstanceName name) =>
        IncusInstances.Read(instance) is { Isolation: Isolation.Container } seen
        && seen.Name != name
        && (seen.State != InstanceState.Stopped || starting.ContainsKey(seen.Name));

    /// <summary>The first container whose limit Incus would not lower; null if none is above the limit any more.</summary>
    private async Task<JsonElement?> LowerAllAsync(IEnumerable<JsonElement> containers, int limit, CancellationToken cancellationToken)
    {
        foreach (var container in containers.Where(container => LimitOf(container) > limit))
        {
            if (!await LowerAsync(container.GetProperty("name").GetString()!, limit, cancellationToken))
            {
                return container;
            }
        }

        return null;
    }

    /// <summary>Incus changes nothing about a container while it starts or stops it; a guest can make its own stop last.</summary>
    private async Task<bool> LowerAsync(string name, int limit, CancellationToken cancellationToken)
    {
        for (var began = time.GetTimestamp(); ;)
        {
            try
            {
                var change = new JsonObject { ["config"] = new JsonObject { [IncusInstanceConfig.ProcessesKey] = Text(limit) } };
                await client.ChangeAsync(HttpMethod.Patch, $"1.0/instances/{name}", change, Timeout, cancellationToken);
                return true;
            }
            catch (IncusException fault) when (fault.Status == 404)
            {
                return true;
            }
            catch (IncusException)
            {
                if (time.GetElapsedTime(began) > BusyTimeout)
                {
                    return false;
                }

                await Task.Delay(RetryInterval, time, cancellationToken);
            }
        }
    }

    private static long LimitOf(JsonElement instance) =>
        instance.GetProperty("config").TryGetProperty(IncusInstanceConfig.ProcessesKey, out var limit) && long.TryParse(limit.GetString(), CultureInfo.InvariantCulture, out var number)
            ? number
            : long.MaxValue;

    /// <summary>A quarter stays for the host itself.</summary>
    private static long OfHost()
    {
        var most = long.MaxValue;
        foreach (var path in HostLimits.Where(File.Exists))
        {
            if (long.TryParse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture, out var limit))
            {
                most = Math.Min(most, limit);
            }
        }

        return most / 4 * 3;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
