using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Incus;

/// <summary>Workspaces as Incus instances, in a project, on a bridge and in a pool of Tidepool's own.</summary>
internal sealed partial class IncusRuntime(
    IncusClient client, IncusHost host, IncusLinks links, IncusImages images, IncusConsoles consoles, LeftoverLink leftover, ProcessBudget processes, IOptions<IncusOptions> options, TimeProvider time, ILogger<IncusRuntime> logger) : IWorkspaceRuntime
{
    private const int MaxAttempts = 40;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    public Task PrepareAsync(CancellationToken cancellationToken) =>
        TranslatedAsync("preparing the project, the network and the storage pool", () => host.PrepareAsync(cancellationToken));

    public Task<RuntimeCapabilities> GetCapabilitiesAsync(CancellationToken cancellationToken) =>
        TranslatedAsync("asking what it can do", async () => new RuntimeCapabilities(
            await host.CanRunMachinesAsync(cancellationToken) ? Isolation.VirtualMachine : Isolation.Container, Snapshots: true, Suspend: false));

    public Task ImportImageAsync(RuntimeImage image, CancellationToken cancellationToken) =>
        TranslatedAsync("importing the image", () => images.EnsureAsync(image, verify: true, cancellationToken));

    public Task CreateAsync(InstanceSpec spec, CancellationToken cancellationToken) =>
        TranslatedAsync("making the workspace's machine", async () =>
        {
            if (await AdoptAsync(spec.Name, cancellationToken))
            {
                return;
            }

            var wanted = spec.Image ?? throw new ArgumentException("A machine that is not a copy needs an image.", nameof(spec));
            var image = await images.EnsureAsync(wanted, verify: false, cancellationToken);
            try
            {
                await PostAsync(spec, Source(image), image.IsMachine, cancellationToken);
            }
            catch (IncusException fault) when (fault.Status == 404)
            {
                // The image or the network is not there yet, or was removed behind our back.
                await host.PrepareAsync(cancellationToken);
                image = await images.EnsureAsync(wanted, verify: true, cancellationToken);
                await PostAsync(spec, Source(image), image.IsMachine, cancellationToken);
            }
        });

    public Task CloneAsync(InstanceName source, InstanceSpec spec, CancellationToken cancellationToken) =>
        TranslatedAsync("copying the workspace's machine", async () =>
        {
            if (await AdoptAsync(spec.Name, cancellationToken))
            {
                return;
            }

            if (await FindAsync(source, cancellationToken) is not { } original)
            {
                throw new RuntimeException(RuntimeFaults.InstanceMissing, "The workspace to copy has no machine any more.", isTransient: false);
            }

            var copy = new JsonObject { ["type"] = "copy", ["source"] = source.ToString(), ["instance_only"] = true };
            await PostAsync(spec, copy, original.Isolation == Isolation.VirtualMachine, cancellationToken);
        });

    public Task StartAsync(InstanceName name, CancellationToken cancellationToken) =>
        TranslatedAsync("starting the workspace's machine", async () =>
        {
            var found = await FindRawAsync(name, cancellationToken) ?? throw Missing();
            if (IncusLinks.Read(found) is null)
            {
                await GiveLinkAsync(name, cancellationToken);
            }

            if (found.GetProperty("config").TryGetProperty(IncusInstances.HaltedKey, out _))
            {
                await SetAsync(name, IncusInstances.HaltedKey, "", cancellationToken);
            }

            if (await WaitForPendingAsync(name, cancellationToken) || IncusInstances.Read(found)?.State != InstanceState.Stopped)
            {
                found = await FindRawAsync(name, cancellationToken) ?? throw Missing();
            }

            if (IncusInstances.Read(found)?.State != InstanceState.Running)
            {
                if (IncusInstances.Read(found)?.State == InstanceState.Stopped && IncusLinks.Read(found) is { } link)
                {
                    await leftover.RemoveAsync(link.Interface, cancellationToken);
                }

                try
                {
                    if (IncusInstances.Read(found)?.Isolation == Isolation.Container)
                    {
                        await PutInForceAsync(name, found, cancellationToken);
                    }

                    await ActAsync(name, "start", force: false, Timeout, cancellationToken);
                }
                catch (IncusException fault) when (IncusFaults.SaysRunning(fault))
                {
                    // By an earlier request, which had not begun when the worker checked for it.
                }
                finally
                {
                    processes.Release(name);
                }
            }
        });

    public Task StopAsync(InstanceName name, TimeSpan grace, CancellationToken cancellationToken) =>
        TranslatedAsync("stopping the workspace's machine", () => StopUntranslatedAsync(name, grace, cancellationToken));

    public Task DeleteAsync(InstanceName name, CancellationToken cancellationToken) =>
        TranslatedAsync("deleting the workspace's machine", async () =>
        {
            if (await FindRawAsync(name, cancellationToken) is null)
            {
                return;
            }

            await StopUntranslatedAsync(name, TimeSpan.Zero, cancellationToken);
            try
            {
                await client.ChangeAsync(HttpMethod.Delete, PathOf(name), null, Timeout, cancellationToken);
            }
            catch (IncusException) when (!cancellationToken.IsCancellationRequested)
            {
                if (await FindRawAsync(name, cancellationToken) is not null)
                {
                    throw;
                }
            }
        });

    public Task<InstanceObservation?> ObserveAsync(InstanceName name, CancellationToken cancellationToken) =>
        TranslatedAsync("checking the workspace's machine", () => FindAsync(name, cancellationToken));

    public Task<IReadOnlyList<InstanceObservation>> ObserveAllAsync(CancellationToken cancellationToken) =>
        TranslatedAsync("listing the machines", async () =>
        {
            // Without their state: a guest's root can make that as large as it likes.
            var all = await client.GetAsync("1.0/instances?recursion=1", cancellationToken);
            var ours = all.EnumerateArray().Select(IncusInstances.ReadListed).OfType<InstanceObservation>().ToList();
            return ours.DistinctBy(machine => machine.Name).Count() == ours.Count ? (IReadOnlyList<InstanceObservation>)ours : throw new InvalidOperationException("A machine is listed twice.");
        });

    public Task<WorkspaceNetwork?> FindNetworkAsync(CancellationToken cancellationToken) =>
        TranslatedAsync("checking the network", async () => (WorkspaceNetwork?)await links.ReadAsync(cancellationToken));

    public Task<ConsoleOutput> ReadConsoleAsync(InstanceName name, string? position, CancellationToken cancellationToken) =>
        TranslatedAsync("reading the workspace's console", () => consoles.ReadAsync(PathOf(name), position, cancellationToken));

    public async Task HaltAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        var all = await ObserveAllAsync(cancellationToken);
        var faults = new ConcurrentBag<RuntimeException>();
        await Parallel.ForEachAsync(all.Where(i => i.State != InstanceState.Stopped), cancellationToken, async (instance, token) =>
        {
            try
            {
                await TranslatedAsync("halting the workspaces", async () =>
                {
                    await SetAsync(instance.Name, IncusInstances.HaltedKey, "true", token);
                    await StopUntranslatedAsync(instance.Name, grace, token);
                });
            }
            catch (RuntimeException fault)
            {
                // The others still get their time to shut down.
                faults.Add(fault);
            }
        });
        if (faults.TryPeek(out var first))
        {
            throw first;
        }
    }

    public async Task PurgeAsync(CancellationToken cancellationToken)
    {
        foreach (var instance in await ObserveAllAsync(cancellationToken))
        {
            await DeleteAsync(instance.Name, cancellationToken);
        }

        await TranslatedAsync("removing the project, the network and the storage pool", () => host.PurgeAsync(cancellationToken));
    }

    /// <summary>
    /// Whether there is a machine of that name to go on with. If a request is still making it, waits for that. A machine that an
    /// interrupted request left was never started, so it is removed and nothing is lost. A machine that was ever started may hold
    /// a user's work, and is never removed here.
    /// </summary>
    private async Task<bool> AdoptAsync(InstanceName name, CancellationToken cancellationToken)
    {
        if (await FindRawAsync(name, cancellationToken) is not { } found)
        {
            return false;
        }

        foreach (var operation in await OperationsOnAsync(name, cancellationToken))
        {
            LogWaiting(name);
            var succeeded = await client.WaitAsync($"1.0/operations/{operation}", Timeout, cancellationToken);
            if (await FindRawAsync(name, cancellationToken) is not { } now)
            {
                return false;
            }

            if (succeeded)
            {
                return true;
            }

            found = now;
        }

        var machine = IncusInstances.Read(found) ?? throw IncusFaults.NotOurs(name);
        if (machine.State == InstanceState.Running || IncusInstances.WasEverStarted(found))
        {
            return true;
        }

        LogRemade(name);
        await client.ChangeAsync(HttpMethod.Delete, PathOf(name), null, Timeout, cancellationToken);
        return false;
    }

    /// <summary>Until whatever was asked for before has ended, well or not: a stop whose asker is gone still takes effect. True if there was any.</summary>
    private async Task<bool> WaitForPendingAsync(InstanceName name, CancellationToken cancellationToken)
    {
        var operations = await OperationsOnAsync(name, cancellationToken);
        foreach (var operation in operations)
        {
            LogWaiting(name);
            try
            {
                await client.WaitAsync($"1.0/operations/{operation}", Timeout, cancellationToken);
            }
            catch (IncusException fault) when (fault.Status == 400)
            {
                LogOtherFailed(name, fault);
            }
        }

        return operations.Count > 0;
    }

    private async Task<IReadOnlyList<string>> OperationsOnAsync(InstanceName name, CancellationToken cancellationToken)
    {
        var byState = await client.GetAsync("1.0/operations?recursion=1", cancellationToken);
        if (!byState.TryGetProperty("running", out var running))
        {
            return [];
        }

        return [.. running.EnumerateArray()
            .Where(o => o.GetProperty("class").GetString() == "task" && o.TryGetProperty("resources", out var resources) && resources.GetRawText().Contains(name.ToString(), StringComparison.Ordinal))
            .Select(o => o.GetProperty("id").GetString()!)];
    }

    private async Task PostAsync(InstanceSpec spec, JsonObject source, bool isMachine, CancellationToken cancellationToken)
    {
        try
        {
            var link = await links.ClaimAsync(spec.Name, cancellationToken);
            var body = IncusInstanceConfig.Render(spec, source, link, isMachine, options.Value);
            if (!await client.ChangeAsync(HttpMethod.Post, "1.0/instances", body, Timeout, cancellationToken))
            {
                // Whole, in part, or not at all: the next attempt sees.
                throw IncusFaults.Forgotten("making the workspace's machine");
            }
        }
        finally
        {
            links.Release(spec.Name);
        }
    }

    /// <summary>For a machine that was made before places on the bridge were given.</summary>
    private async Task GiveLinkAsync(InstanceName name, CancellationToken cancellationToken)
    {
        try
        {
            var devices = new JsonObject { ["devices"] = new JsonObject { ["eth0"] = await links.ClaimAsync(name, cancellationToken) } };
            await client.ChangeAsync(HttpMethod.Patch, PathOf(name), devices, Timeout, cancellationToken);
        }
        finally
        {
            links.Release(name);
        }
    }

    /// <summary>Brings a container to what holds now: an older Tidepool may have made it, and its share of the host's processes changes.</summary>
    private async Task PutInForceAsync(InstanceName name, JsonElement found, CancellationToken cancellationToken)
    {
        var wanted = new JsonObject { [IncusInstanceConfig.ProcessesKey] = await processes.ClaimAsync(name, cancellationToken) };
        foreach (var (key, value) in IncusInstanceConfig.Bounds)
        {
            wanted[key] = value;
        }

        var config = found.GetProperty("config");
        if (wanted.Any(pair => !config.TryGetProperty(pair.Key, out var value) || value.GetString() != pair.Value!.GetValue<string>()))
        {
            await client.ChangeAsync(HttpMethod.Patch, PathOf(name), new JsonObject { ["config"] = wanted }, Timeout, cancellationToken);
        }
    }

    private async Task StopUntranslatedAsync(InstanceName name, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, cancellationToken) is null or { State: InstanceState.Stopped })
        {
            return;
        }

        if (grace > TimeSpan.Zero)
        {
            try
            {
                await ActAsync(name, "stop", force: false, grace, cancellationToken);
                return;
            }
            catch (IncusException fault)
            {
                LogForced(name, fault);
            }
        }

        try
        {
            await ActAsync(name, "stop", force: true, Timeout, cancellationToken);
        }
        catch (IncusException)
        {
            // It may have gone down by itself between the check and the forced stop.
            if (await FindAsync(name, cancellationToken) is not (null or { State: InstanceState.Stopped }))
            {
                throw;
            }
        }
    }

    private Task<bool> ActAsync(InstanceName name, string action, bool force, TimeSpan grace, CancellationToken cancellationToken) =>
        client.ChangeAsync(
            HttpMethod.Put,
            $"{PathOf(name)}/state",
            new JsonObject { ["action"] = action, ["force"] = force, ["timeout"] = (int)Math.Ceiling(grace.TotalSeconds) },
            grace + Timeout,
            cancellationToken);

    private Task<bool> SetAsync(InstanceName name, string key, string value, CancellationToken cancellationToken) =>
        client.ChangeAsync(HttpMethod.Patch, PathOf(name), new JsonObject { ["config"] = new JsonObject { [key] = value } }, Timeout, cancellationToken);

    /// <exception cref="RuntimeException">There is one of that name that is not ours.</exception>
    private async Task<InstanceObservation?> FindAsync(InstanceName name, CancellationToken cancellationToken)
    {
        JsonElement? found;
        try
        {
            found = await FindRawAsync(name, cancellationToken, withState: true);
        }
        catch (AnswerTooLargeException fault)
        {
            // What is not the guest's to say is known all the same; its address is not.
            LogTooLarge(name, fault);
            found = await FindRawAsync(name, cancellationToken);
        }

        return found is { } instance ? IncusInstances.Read(instance) ?? throw IncusFaults.NotOurs(name) : null;
    }

    /// <summary>Null only if the daemon says that this very machine is missing: if its pool or network is missing, its state is unknown.</summary>
    private async Task<JsonElement?> FindRawAsync(InstanceName name, CancellationToken cancellationToken, bool withState = false)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var found = await (withState ? client.GetStateAsync(PathOf(name), cancellationToken) : client.GetAsync(PathOf(name), cancellationToken));
                return found.GetProperty("name").GetString() == name.ToString() ? found : throw new InvalidOperationException($"{name} was asked for.");
            }
            catch (IncusException fault) when (fault.Status == 404)
            {
                return IncusFaults.SaysGone(fault) ? null : throw IncusFaults.CannotTell(fault);
            }
            catch (IncusException fault) when (IncusFaults.SaysChanging(fault) && attempt < MaxAttempts)
            {
                await Task.Delay(PollInterval, time, cancellationToken);
            }
        }
    }

    private async Task TranslatedAsync(string doing, Func<Task> work) =>
        await TranslatedAsync(doing, async () =>
        {
            await work();
            return true;
        });

    private async Task<T> TranslatedAsync<T>(string doing, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (IncusException fault)
        {
            throw IncusFaults.Translate(fault, doing, options.Value.Pool);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw IncusFaults.ImageUnreadable(fault);
        }
        catch (Exception fault) when (fault is KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw IncusFaults.NotUnderstood(fault);
        }
    }

    private static JsonObject Source(IncusImage image) => new() { ["type"] = "image", ["fingerprint"] = image.Fingerprint };

    private static RuntimeException Missing() =>
        new(RuntimeFaults.InstanceMissing, "The workspace has no machine any more.", isTransient: false);

    private static string PathOf(InstanceName name) => $"1.0/instances/{name}";

    [LoggerMessage(Level = LogLevel.Information, Message = "An earlier request is still at work on {Instance}; waiting for it.")]
    private partial void LogWaiting(InstanceName instance);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The guest of {Instance} reports more about itself than is read, so its address is not known.")]
    private partial void LogTooLarge(InstanceName instance, Exception fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "An earlier request for {Instance} failed.")]
    private partial void LogOtherFailed(InstanceName instance, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} was left half made by an earlier request; making it again.")]
    private partial void LogRemade(InstanceName instance);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Instance} did not shut down in time and is ended by force.")]
    private partial void LogForced(InstanceName instance, Exception fault);
}
