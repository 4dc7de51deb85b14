using Spectre.Console;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Output;

/// <summary>
/// Where a command writes and asks. On a terminal tables have borders and waits have a spinner; elsewhere everything is plain
/// lines, so that scripts and logs can read them. Whatever it is given, nothing reaches the terminal as an order: some of it comes
/// from a server or a workspace that may be compromised.
/// </summary>
internal sealed class Screen(TextWriter output, TextWriter error, TextReader input, bool interactive, IAnsiConsole? console = null) : IScreen
{
    public bool Interactive { get; } = interactive;

    private IAnsiConsole Console { get; } = console ?? AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(output),
        Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
        Interactive = interactive ? InteractionSupport.Yes : InteractionSupport.No,
    });

    public static Screen ForThisProcess()
    {
        var interactive = !System.Console.IsOutputRedirected && !System.Console.IsInputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        return new Screen(System.Console.Out, System.Console.Error, System.Console.In, interactive);
    }

    public void Line(string text = "") => output.WriteLine(Plain(text));

    public void Detail(string text) => output.WriteLine("    " + Plain(text));

    public void Step(int number, int of, string text)
    {
        text = Plain(text);
        if (Interactive)
        {
            Console.MarkupLineInterpolated($"[bold]{number}/{of}[/] {text}");
        }
        else
        {
            output.WriteLine($"{number}/{of} {text}");
        }
    }

    public void Error(string text)
    {
        output.Flush();
        error.WriteLine(Plain(text));
    }

    public string? Ask(string question)
    {
        output.Write(question + " ");
        output.Flush();
        return input.ReadLine()?.Trim();
    }

    public bool Confirm(string question) => Ask(question + " [Y/n]") is "" or "y" or "Y" or "yes";

    public Task<string?> ReadLineAsync(CancellationToken cancellationToken) => input.ReadLineAsync(cancellationToken).AsTask();

    /// <summary>Shows that something is being waited for; <paramref name="work"/> may write lines meanwhile.</summary>
    public Task<T> WaitAsync<T>(string text, Func<Action<string>, Task<T>> work) =>
        Interactive
            ? Console.Status().StartAsync(Markup.Escape(Plain(text)), status => work(now => status.Status = Markup.Escape(Plain(now))))
            : work(_ => { });

    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        rows = rows.Select(row => (IReadOnlyList<string>)[.. row.Select(PlainText.Of)]);
        if (!Interactive)
        {
            PlainTable(columns, [.. rows]);
            return;
        }

        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)).NoWrap());
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        Console.Write(table);
    }

    private static string Plain(string text) => string.Join('\n', text.Split('\n').Select(PlainText.Of));

    private void PlainTable(IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var lines = rows.Prepend([.. columns.Select(c => c.ToUpperInvariant())]).ToList();
        var widths = columns.Select((_, at) => lines.Max(line => line[at].Length)).ToList();
        foreach (var line in lines)
        {
            output.WriteLine(string.Join("  ", line.Select((cell, at) => cell.PadRight(widths[at]))).TrimEnd());
        }
    }
}
