using Tidepool.VolatileDisk;

// VolatileDisk FILE PLATTER: FILE becomes the disk; what is flushed goes to PLATTER, which has the disk's size. Commands come one a
// line from standard input: `cut SEED` takes the power away now, `arm SEED WRITES` after so many more writes. Each cut prints
// `cut LOST UNFLUSHED`. The end of the input ends the disk.
if (args.Length != 2)
{
    await Console.Error.WriteLineAsync("VolatileDisk: give the file to become the disk, and the file that keeps what is flushed.");
    return 2;
}

using var cache = new WriteCache(args[1]);
using var disk = FuseFile.Mount(args[0], cache);
var serving = Task.Factory.StartNew(disk.Serve, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
Console.WriteLine("ready");
while (await Console.In.ReadLineAsync() is { } line)
{
    if (line.Split(' ') is ["cut", var seed])
    {
        cache.Cut(int.Parse(seed));
    }
    else if (line.Split(' ') is ["arm", var later, var writes])
    {
        cache.CutAfter(int.Parse(later), int.Parse(writes));
    }
    else
    {
        await Console.Error.WriteLineAsync($"VolatileDisk: there is no command '{line}'.");
        return 2;
    }
}

disk.Unmount();
await serving;
return 0;
