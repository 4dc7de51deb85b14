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

    private const int MostTries = 400;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
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
            var limit = LimitFor(options.Value.ProcessLimit, options.Value.ProcessBudget ?? OfHost(), others.Count + 1)
                ?? throw new IncusException(400, "this machine has too few process ids for one more workspace; stop a workspace, or raise kernel.pid_max");
            foreach (var other in others.Where(other => LimitOf(other) > limit))
            {
                await LowerAsync(other.GetProperty("name").GetString()!, limit, cancellationToken);
            }

            return Text(limit);
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
        while (limit > budget / containers)
        {
            limit /= 2;
        }

        return limit >= Math.Min(most, Least) ? limit : null;
    }

    private bool IsCounted(JsonElement instance, InstanceName name) =>
        IncusInstances.Read(instance) is { Isolation: Isolation.Container } seen
        && seen.Name != name
        && (seen.State != InstanceState.Stopped || starting.ContainsKey(seen.Name));

    /// <summary>Incus changes nothing about a container while it starts or stops it.</summary>
    private async Task LowerAsync(string name, int limit, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                var change = new JsonObject { ["config"] = new JsonObject { [IncusInstanceConfig.ProcessesKey] = Text(limit) } };
                await client.ChangeAsync(HttpMethod.Patch, $"1.0/instances/{name}", change, Timeout, cancellationToken);
                return;
            }
            catch (IncusException fault) when (fault.Status == 404)
            {
                return;
            }
            catch (IncusException) when (tries < MostTries)
            {
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
