using Microsoft.Extensions.Options;

namespace Tidepool.Queue;

/// <summary>The options of every job queue.</summary>
public sealed class QueueOptions
{
    /// <summary>How often a job is handed out before it goes to the dead letters.</summary>
    public int MaxAttempts { get; set; } = 10;
}

internal sealed class QueueOptionsValidator : IValidateOptions<QueueOptions>
{
    public ValidateOptionsResult Validate(string? name, QueueOptions options) =>
        options.MaxAttempts >= 1
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{nameof(options.MaxAttempts)}: {options.MaxAttempts} is less than 1.");
}
