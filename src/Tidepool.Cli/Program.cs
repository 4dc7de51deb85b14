using System.CommandLine;
using System.Runtime.InteropServices;
using Tidepool.Cli.Commands;
using Tidepool.Cli.Output;
using Tidepool.Host;
using Tidepool.Runtime;

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}

var line = new CommandLine(new CommandContext(Screen.ForThisProcess(), Programs.Locate(), RuntimesRegistration.Runtimes, TimeProvider.System));
return await line.RunAsync(args, new InvocationConfiguration(), stop.Token);
