namespace Tidepool.Worker.Hosting;

/// <summary>
/// Holds a file that only one process at a time can hold; the kernel gives it back however that process ends. A restarted
/// worker therefore knows that no process holds its former leases, and goes on at once under the same owner's name.
/// </summary>
internal static class SingleWorker
{
    public static IDisposable? TryEnter(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
