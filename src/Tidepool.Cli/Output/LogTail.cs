using Tidepool.Contracts;

namespace Tidepool.Cli.Output;

/// <summary>The end of a log.</summary>
internal static class LogTail
{
    public static string Of(string path, int lines)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            var last = new Queue<string>();
            while (reader.ReadLine() is { } line)
            {
                last.Enqueue(line);
                if (last.Count > lines)
                {
                    last.Dequeue();
                }
            }

            return string.Join('\n', last.Select(PlainText.Of));
        }
        catch (IOException)
        {
            return "";
        }
    }
}
