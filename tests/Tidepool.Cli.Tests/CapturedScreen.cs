using Tidepool.Cli.Output;

namespace Tidepool.Cli.Tests;

/// <summary>What a command writes when its output is no terminal.</summary>
internal sealed class CapturedScreen : IDisposable
{
    private readonly StringWriter output = new() { NewLine = "\n" };
    private readonly StringWriter error = new() { NewLine = "\n" };

    public CapturedScreen(string input = "") => Screen = new Screen(output, error, new StringReader(input), interactive: false);

    public Screen Screen { get; }

    public StringWriter Writer => output;

    public string Output => output.ToString();

    public string Error => error.ToString();

    public void Dispose()
    {
        output.Dispose();
        error.Dispose();
    }
}
