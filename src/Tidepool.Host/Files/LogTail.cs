namespace Tidepool.Host.Files;

/// <summary>The end of a log. It may hold orders to a terminal; <see cref="IScreen"/> shows text without them.</summary>
public static class LogTail
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

            return string.Join('\n', last);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
