namespace Tidepool.Host;

/// <summary>Where an operation says how far it is, and asks its user. Nothing that it is given reaches the terminal as an order.</summary>
public interface IScreen
{
    /// <summary>Whether a user can answer.</summary>
    bool Interactive { get; }

    void Line(string text = "");

    /// <summary>A line below the step that is at work.</summary>
    void Detail(string text);

    void Step(int number, int of, string text);

    void Error(string text);

    /// <summary>Whether the user agrees.</summary>
    bool Confirm(string question);

    /// <summary>Shows that something is being waited for; <paramref name="work"/> may write lines meanwhile.</summary>
    Task<T> WaitAsync<T>(string text, Func<Action<string>, Task<T>> work);
}
