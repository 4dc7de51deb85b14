namespace Tidepool.Host.Tests;

/// <summary>What an operation tells its user, where no user can answer.</summary>
internal sealed class RecordedScreen : IScreen
{
    private readonly List<string> lines = [];

    public bool Interactive => false;

    public string Output => string.Join('\n', lines);

    public void Line(string text = "") => lines.Add(text);

    public void Detail(string text) => lines.Add("    " + text);

    public void Step(int number, int of, string text) => lines.Add($"{number}/{of} {text}");

    public void Error(string text) => lines.Add(text);

    public bool Confirm(string question) => false;

    public Task<T> WaitAsync<T>(string text, Func<Action<string>, Task<T>> work) => work(_ => { });
}
