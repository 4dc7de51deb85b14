using System.CommandLine;
using Tidepool.Cli.Output;
using Tidepool.Host;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Cli.Commands;

/// <summary>What every command works with.</summary>
internal sealed record CommandContext(Screen Screen, Programs Programs, RuntimeCatalog Runtimes, TimeProvider Time);

/// <summary>The whole command line.</summary>
internal sealed class CommandLine
{
    private readonly Option<string> state = new("--state")
    {
        Description = "The state directory; several Tidepools run side by side in several of them.",
        HelpName = "DIR",
        Recursive = true,
        DefaultValueFactory = _ => StateDirectory.Default,
    };

    private readonly CommandContext context;

    public CommandLine(CommandContext context)
    {
        this.context = context;
        Root = new RootCommand("Isolated development environments on a machine you own.")
        {
            state,
            UpCommand.Create(this),
            DownCommand.Create(this),
            UninstallCommand.Create(this),
            StatusCommand.Create(this),
            DoctorCommand.Create(this),
            ListCommand.Create(this),
            NewCommand.Create(this),
            CloneCommand.Create(this),
            StartStopCommands.CreateStart(this),
            StartStopCommands.CreateStop(this),
            RemoveCommand.Create(this),
            OpenCommand.Create(this),
            PortCommand.Create(this),
            CapacityCommand.Create(this),
            ActivityCommand.Create(this),
            LogsCommand.Create(this),
            ImageCommand.Create(this),
            PasswordCommand.Create(this),
            ServiceCommand.Create(this),
            SetupCommand.Create(this),
            CompletionCommand.Create(this),
            SuperviseCommand.Create(this),
        };
        TakeNoValues(Root);
    }

    public RootCommand Root { get; }

    public Screen Screen => context.Screen;

    public Programs Programs => context.Programs;

    public RuntimeCatalog Runtimes => context.Runtimes;

    public TimeProvider Time => context.Time;

    public StateDirectory State(ParseResult parsed) => new(parsed.GetValue(state)!);

    public async Task<int> RunAsync(IReadOnlyList<string> arguments, InvocationConfiguration configuration, CancellationToken cancellationToken)
    {
        var parsed = Root.Parse(arguments.Count == 0 ? ["--help"] : arguments);
        configuration.EnableDefaultExceptionHandler = false;
        configuration.ProcessTerminationTimeout = null;
        if (UsageErrors.Of(parsed) is { Count: > 0 } errors)
        {
            foreach (var error in errors)
            {
                Screen.Error(error);
            }

            Screen.Error("`tidepool --help` lists the commands, `tidepool COMMAND --help` what a command takes.");
            return ExitCodes.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (CommandException failure)
        {
            Screen.Error(failure.Message);
            return failure.ExitCode;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Screen.Error("Interrupted.");
            return ExitCodes.Failed;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Screen.Error(fault.Message);
            return ExitCodes.Failed;
        }
    }

    /// <summary>A switch is given or not: the library would take `--yes false` too, and tell of <c>System.Boolean</c> where it is something else.</summary>
    private static void TakeNoValues(Command command)
    {
        foreach (var flag in command.Options.OfType<Option<bool>>())
        {
            flag.Arity = ArgumentArity.Zero;
        }

        foreach (var below in command.Subcommands)
        {
            TakeNoValues(below);
        }
    }
}
