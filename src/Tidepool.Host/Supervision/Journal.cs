using Tidepool.Host.State;

namespace Tidepool.Host.Supervision;

/// <summary>What the supervisor did and when, in its log; <c>down</c> shows each line as it is written.</summary>
internal sealed class Journal(StateDirectory state, TimeProvider time)
{
    private readonly Lock gate = new();

    public string Path { get; } = state.Log("supervisor");

    public void Write(string sentence)
    {
        lock (gate)
        {
            try
            {
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
                LogRotation.Rotate(Path);
                using var file = new StreamWriter(Path, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = StateDirectory.PrivateFile });
                file.WriteLine($"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ} {sentence}");
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // Supervising goes on without its log.
            }
        }
    }
}
