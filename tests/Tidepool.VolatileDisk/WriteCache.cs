namespace Tidepool.VolatileDisk;

/// <summary>
/// The memory of a disk: a write is in it until the disk is told to flush, and only then on the platter. When the power goes, each
/// block that was not flushed is lost or, as a real disk may have written it already, is on the platter all the same: the seed
/// decides. From then on nothing is read or written.
/// </summary>
internal sealed class WriteCache : IDisposable
{
    public const int Block = 4096;

    /// <summary>Above it, the disk writes some blocks of its own accord, as real ones do: 256 MiB.</summary>
    private const int Most = 65536;
    private readonly Lock gate = new();
    private readonly FileStream platter;
    private readonly Dictionary<long, byte[]> unflushed = [];
    private (int Seed, int Writes)? armed;

    public WriteCache(string path)
    {
        platter = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        Length = platter.Length;
    }

    public long Length { get; }

    /// <summary>Whether the power is gone.</summary>
    public bool IsCut { get; private set; }

    public int Read(long offset, Span<byte> target)
    {
        lock (gate)
        {
            var length = (int)Math.Max(0, Math.Min(target.Length, Length - offset));
            target = target[..length];
            RandomAccess.Read(platter.SafeFileHandle, target, offset);
            for (var done = 0; done < length;)
            {
                var (block, start) = Math.DivRem(offset + done, Block);
                var part = (int)Math.Min(Block - start, length - done);
                if (unflushed.TryGetValue(block, out var data))
                {
                    data.AsSpan((int)start, part).CopyTo(target[done..]);
                }

                done += part;
            }

            return length;
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        lock (gate)
        {
            if (armed is { } due)
            {
                armed = due with { Writes = due.Writes - 1 };
                if (due.Writes <= 1)
                {
                    // This write is the last that the disk receives. Whether any of it stays is open, as of all that it holds.
                    Keep(offset, source);
                    Cut(due.Seed);
                    return;
                }
            }

            Keep(offset, source);
            if (unflushed.Count > Most)
            {
                WriteOut([.. unflushed.Keys.Take(Most / 4)]);
            }
        }
    }

    public void Flush()
    {
        lock (gate)
        {
            WriteOut([.. unflushed.Keys]);
        }
    }

    public void CutAfter(int seed, int writes)
    {
        lock (gate)
        {
            armed = (seed, writes);
        }
    }

    public void Cut(int seed)
    {
        lock (gate)
        {
            if (IsCut)
            {
                return;
            }

            var random = new Random(seed);
            var share = random.NextDouble();
            var written = unflushed.Keys.Order().Where(_ => random.NextDouble() < share).ToList();
            var all = unflushed.Count;
            WriteOut(written);
            unflushed.Clear();
            IsCut = true;
            Console.WriteLine($"cut {all - written.Count} {all}");
        }
    }

    public void Dispose() => platter.Dispose();

    private void Keep(long offset, ReadOnlySpan<byte> source)
    {
        for (var done = 0; done < source.Length;)
        {
            var (block, start) = Math.DivRem(offset + done, Block);
            var part = (int)Math.Min(Block - start, source.Length - done);
            if (!unflushed.TryGetValue(block, out var data))
            {
                data = new byte[Block];
                if (part < Block)
                {
                    RandomAccess.Read(platter.SafeFileHandle, data, block * Block);
                }

                unflushed[block] = data;
            }

            source.Slice(done, part).CopyTo(data.AsSpan((int)start));
            done += part;
        }
    }

    private void WriteOut(List<long> blocks)
    {
        blocks.Sort();
        for (var from = 0; from < blocks.Count;)
        {
            var run = from + 1;
            while (run < blocks.Count && blocks[run] == blocks[run - 1] + 1)
            {
                run++;
            }

            RandomAccess.Write(platter.SafeFileHandle, [.. blocks[from..run].Select(block => (ReadOnlyMemory<byte>)unflushed[block])], blocks[from] * Block);
            from = run;
        }

        blocks.ForEach(block => unflushed.Remove(block));
    }
}
