using System.Text.Json;
using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Incus;

/// <summary>
/// What guests write to their consoles. Incus answers the same question in two ways. Of a running container it gives what came
/// since it was asked last, out of a ring of 128 KiB; of everything else it gives a file from its beginning. So the position is a copy
/// of the last bytes that were read, by which their place in such a file is found.
/// </summary>
internal sealed class IncusConsoles(IncusClient client)
{
    private const int RingBytes = 128 * 1024;
    private const int MaxBytes = 256 * 1024;

    /// <summary>Incus lets the file of a running virtual machine grow with each answer, so the worker stops reading a file of that length.</summary>
    private const int MaxMachineBytes = 1024 * 1024;
    private const string Full = "full";

    public async Task<ConsoleOutput> ReadAsync(string path, string? position, CancellationToken cancellationToken)
    {
        var nothing = new ConsoleOutput(ReadOnlyMemory<byte>.Empty, position, IsCut: false);
        var before = await LookAsync(path, cancellationToken);
        if (before is null or { State: InstanceState.Changing })
        {
            return nothing;
        }

        if (before is { State: InstanceState.Running, Isolation: Isolation.Container })
        {
            var (part, length) = await client.ReadEndAsync(path + "/console", MaxBytes, cancellationToken);
            if (length == 0)
            {
                return nothing;
            }

            // It may have gone down meanwhile, and then this may be its file. What was used up is in there as well.
            switch ((await LookAsync(path, cancellationToken))?.State)
            {
                case InstanceState.Running:
                    return new ConsoleOutput(part, ConsoleMark.Of(position, part), length >= RingBytes);
                case not InstanceState.Stopped:
                    return nothing;
            }
        }

        return before.State == InstanceState.Running && position == Full ? nothing : await ReadFileAsync(path, position, before, cancellationToken);
    }

    private async Task<ConsoleOutput> ReadFileAsync(string path, string? position, InstanceObservation seen, CancellationToken cancellationToken)
    {
        var (end, length) = await client.ReadEndAsync(path + "/console", MaxBytes, cancellationToken);
        var fresh = end.AsMemory(position == Full ? end.Length : ConsoleMark.Find(position, end));
        var next = seen.Isolation != Isolation.Container && length > MaxMachineBytes ? Full
            : fresh.IsEmpty ? position
            : ConsoleMark.Of(null, end);
        return new ConsoleOutput(fresh, next, IsCut: length > end.Length && fresh.Length == end.Length);
    }

    private async Task<InstanceObservation?> LookAsync(string path, CancellationToken cancellationToken) =>
        await client.FindAsync(path, cancellationToken) is JsonElement instance ? IncusInstances.Read(instance) : null;
}
