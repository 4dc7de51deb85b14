using System.CommandLine;
using System.Runtime.InteropServices;
using Tidepool.Cli;
using Tidepool.Cli.Commands;
using Tidepool.Cli.Output;

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

var line = new CommandLine(new CommandContext(Screen.ForThisProcess(), Programs.Locate(), TimeProvider.System));
return await line.RunAsync(args, new InvocationConfiguration(), stop.Token);
