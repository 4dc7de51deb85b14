using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Runtimes;

/// <summary>The process of a runtime that is to run while Tidepool is up. Only it can end its machines in good order.</summary>
public abstract class RuntimeDaemon
{
    /// <summary>Its name in pid files, logs and <c>status</c>.</summary>
    public abstract string Name { get; }

    public abstract bool IsInstalled { get; }

    /// <summary>How long a start may take until it answers.</summary>
    public virtual TimeSpan StartTimeout => TimeSpan.FromSeconds(30);

    /// <summary>How long it may take to end after it was asked to.</summary>
    public virtual TimeSpan StopTimeout => TimeSpan.FromSeconds(60);

    /// <exception cref="CommandException">It is not installed.</exception>
    public abstract ProcessSpec SpecOf(StateDirectory state);

    public abstract Task<bool> AnswersAsync(StateDirectory state, CancellationToken cancellationToken);

    /// <summary>Asks it to stop its machines, to take down what it put up, and to end. False if it does not listen.</summary>
    public abstract Task<bool> AskToEndAsync(StateDirectory state, CancellationToken cancellationToken);
}
