using Microsoft.Extensions.Options;

namespace Tidepool.Db;

/// <summary>Where the database is, and how long a write waits for its turn.</summary>
public sealed class DbOptions
{
    /// <summary>The database's file, as an absolute path. Its folder has to exist; the file is made when missing, readable by its owner only.</summary>
    public string Path { get; set; } = "";

    /// <summary>How long a write waits for another process's write before it fails.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);
}

internal sealed class DbOptionsValidator : IValidateOptions<DbOptions>
{
    public ValidateOptionsResult Validate(string? name, DbOptions options)
    {
        var faults = new List<string>();
        if (!System.IO.Path.IsPathFullyQualified(options.Path))
        {
            faults.Add($"{nameof(options.Path)}: '{options.Path}' is not an absolute path of a file.");
        }
        else if (!Directory.Exists(System.IO.Path.GetDirectoryName(options.Path)))
        {
            faults.Add($"{nameof(options.Path)}: the folder of '{options.Path}' does not exist. Make it, readable by its owner only.");
        }

        if (options.BusyTimeout <= TimeSpan.Zero || options.BusyTimeout > TimeSpan.FromMinutes(1))
        {
            faults.Add($"{nameof(options.BusyTimeout)}: {options.BusyTimeout} is not between zero and one minute.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
