using System.CommandLine;
using Tidepool.Host.Runtimes;

namespace Tidepool.Cli.Commands;

/// <summary><c>--runtime</c>, the same in every command that takes it.</summary>
internal static class RuntimeOption
{
    public static Option<string?> Create(RuntimeCatalog runtimes)
    {
        var runtime = new Option<string?>("--runtime")
        {
            Description = $"Where workspaces run: {string.Join(", ", runtimes.All.Select(one => one.Name))}, or auto, which chooses by this machine and says why. It stays what it is while there are workspaces.",
            HelpName = "RUNTIME",
        };
        Values.AcceptOnly(runtime, [.. runtimes.Words]);
        return runtime;
    }
}
