using Tidepool.Host.State;

namespace Tidepool.Testing;

/// <summary>A state directory of the test's own, gone at its end.</summary>
public sealed class TemporaryState : IDisposable
{
    public TemporaryState()
    {
        Directory = new StateDirectory(System.IO.Directory.CreateTempSubdirectory("tp-cli-").FullName);
        Directory.Create();
    }

    public StateDirectory Directory { get; }

    public void Dispose() => System.IO.Directory.Delete(Directory.Root, recursive: true);
}
