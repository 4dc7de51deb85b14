using CliWrap;
using CliWrap.Buffered;
using Microsoft.Extensions.Options;
using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Tart;

/// <summary>One call of Tart's command line: arguments as a list, a timeout, and its own output when it fails.</summary>
internal sealed class TartCommand(IOptions<TartOptions> options)
{
    private readonly TartOptions options = options.Value;

    /// <summary>What it printed.</summary>
    /// <exception cref="TartException">It failed.</exception>
    /// <exception cref="RuntimeException">It cannot be run, or does not come to an end.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            var result = await Cli.Wrap(options.Program)
                .WithArguments(arguments)
                .WithEnvironmentVariables(Environment)
                .WithValidation(CommandResultValidation.None)
                .ExecuteBufferedAsync(limit.Token);
            return result.IsSuccess ? result.StandardOutput : throw new TartException(arguments[0], result.StandardError.Length > 0 ? result.StandardError : result.StandardOutput);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw TartFaults.TooSlow(arguments[0], timeout, fault);
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw TartFaults.Missing(options.Program, fault);
        }
    }

    /// <summary>
    /// Runs a machine until it ends, in a process that outlives this one: a shell starts it in the background and writes its exit
    /// code to a file afterwards. Its output goes to a new log.
    /// </summary>
    public async Task LaunchAsync(IReadOnlyList<string> arguments, string log, string exit, CancellationToken cancellationToken)
    {
        const string script = """log=$1 exit=$2; shift 2; (trap '' HUP; "$@" >"$log" 2>&1 </dev/null; echo $? >"$exit.new"; mv "$exit.new" "$exit") >/dev/null 2>&1 &""";
        try
        {
            await Cli.Wrap("/bin/sh")
                .WithArguments(["-c", script, "sh", log, exit, options.Program, .. arguments])
                .WithEnvironmentVariables(Environment)
                .ExecuteAsync(cancellationToken);
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw TartFaults.Missing("/bin/sh", fault);
        }
    }

    private void Environment(CliWrap.Builders.EnvironmentVariablesBuilder environment)
    {
        environment.Set("TART_NO_AUTO_PRUNE", "1");
        if (options.Home is { } home)
        {
            environment.Set("TART_HOME", home);
        }
    }
}
