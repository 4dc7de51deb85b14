namespace Tidepool.Testing;

/// <summary>The checkout that these tests were built from.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string At(string path) => Path.Combine(Root, path);

    private static string FindRoot()
    {
        foreach (var start in new[] { Environment.GetEnvironmentVariable("TIDEPOOL_REPOSITORY"), AppContext.BaseDirectory, Environment.CurrentDirectory })
        {
            for (var directory = start; directory is not null; directory = Path.GetDirectoryName(directory))
            {
                if (File.Exists(Path.Combine(directory, "Tidepool.slnx")))
                {
                    return directory;
                }
            }
        }

        throw new InvalidOperationException("Run from a checkout, or set TIDEPOOL_REPOSITORY.");
    }
}
