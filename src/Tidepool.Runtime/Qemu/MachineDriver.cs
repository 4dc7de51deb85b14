using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Host.Files;
using Tidepool.Host.Processes;

namespace Tidepool.Runtime.Qemu;

/// <summary>Starts, watches and ends one machine. The caller holds its lock.</summary>
internal sealed partial class MachineDriver(
    MachineFiles files, QemuImages images, QemuNetwork network, MachineLaunch launch, KvmProbe probe, IOptions<QemuOptions> options, TimeProvider time, ILogger<MachineDriver> logger)
{
    /// <summary>QEMU's names of what a machine is in.</summary>
    private const string Running = "running";
    private const string ShutDown = "shutdown";
    private const string Paused = "paused";
    private const string DiskFailed = "io-error";

    private static readonly TimeSpan BootTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PressInterval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    public async Task<InstanceObservation?> ObserveAsync(InstanceName name, CancellationToken cancellationToken)
    {
        if (files.FindMade(name) is not { } machine)
        {
            return null;
        }

        var isolation = Accelerators.Isolates(files.Accelerator(name) ?? await probe.ChooseAsync(machine.Image, cancellationToken));
        if (await IsUpAsync(name, machine, cancellationToken))
        {
            return new InstanceObservation(name, InstanceState.Running, IPAddress.Parse(machine.Address), isolation, StopCause.Guest);
        }

        return new InstanceObservation(name, InstanceState.Stopped, null, isolation, files.Cause(name));
    }

    public async Task StartAsync(InstanceName name, TimeSpan grace, CancellationToken cancellationToken)
    {
        var machine = files.FindMade(name) ?? throw QemuFaults.InstanceMissing();
        if (await IsUpAsync(name, machine, cancellationToken))
        {
            if (!files.IsEnding(name))
            {
                // By a start that was cut off, perhaps a moment ago.
                await UntilUpAsync(name, machine, cancellationToken);
                return;
            }

            // An earlier caller asked it to end and is gone; the guest may still be shutting down.
            LogWaitingForPending(name);
            await EndAsync(name, grace, cancellationToken);
        }

        await network.EnsureAsync(cancellationToken);
        var accelerator = await probe.ChooseAsync(machine.Image, cancellationToken);
        var (gateway, subnet) = network.Subnet();
        var place = new QemuPlace(
            name.ToString(), images.Kernel(machine.Image), images.Initial(machine.Image), images.Disk(machine.Image), files.Disk(name), files.Socket(name), gateway.ToString(), subnet.PrefixLength);
        if (!DurableFiles.Exists(place.BaseDisk))
        {
            throw QemuFaults.ImageGone(machine.Image);
        }

        File.Delete(place.Socket);
        files.Starting(name, accelerator, QemuArguments.GuestEnvironment(machine, place));
        await launch.BeginAsync(name, machine, QemuArguments.Render(machine, place, accelerator));
        await UntilUpAsync(name, machine, cancellationToken);
    }

    /// <summary>Asks the guest to end, and after <paramref name="grace"/> ends it by force.</summary>
    public async Task EndAsync(InstanceName name, TimeSpan grace, CancellationToken cancellationToken)
    {
        QemuMachine? machine = null;
        try
        {
            machine = files.Find(name);
        }
        catch (RecordException fault)
        {
            // Without the record QEMU cannot be asked to end. The kernel removes the link when QEMU has ended.
            LogUnreadable(name, fault.File);
            grace = TimeSpan.Zero;
        }

        if (await ProcessAsync(name, cancellationToken) is { } process)
        {
            var leaves = machine is not null && grace > TimeSpan.Zero && await AskedToEndAsync(name, machine, process, grace, cancellationToken);
            if (!leaves && grace > TimeSpan.Zero)
            {
                LogForced(name, grace.TotalSeconds);
            }

            await KillAsync(process, leaves ? LeaveTimeout : TimeSpan.Zero, cancellationToken);
        }

        if (machine is not null)
        {
            await LeaveNothingAsync(machine, cancellationToken);
        }
    }

    /// <summary>Leaves no process of its user and no link, whatever was recorded of its process.</summary>
    private async Task LeaveNothingAsync(QemuMachine machine, CancellationToken cancellationToken)
    {
        // A record is root's own, and damaged all the same it does not end other users' processes.
        if (machine.User >= options.Value.FirstUser)
        {
            await UserProcesses.EndAsync(machine.User, time, cancellationToken);
        }

        await QemuNetwork.UnplugAsync(machine.Link, cancellationToken);
    }

    /// <summary>Holds a machine still while something is done with its disk, with all that it wrote being there.</summary>
    public async Task HoldAsync(InstanceName name, Func<Task> work, CancellationToken cancellationToken)
    {
        if (files.Find(name) is not { } machine || !await IsUpAsync(name, machine, cancellationToken))
        {
            await work();
            return;
        }

        await TellAsync(name, machine, "stop", cancellationToken);
        try
        {
            await work();
        }
        finally
        {
            await TellAsync(name, machine, "cont", CancellationToken.None);
        }
    }

    /// <summary>
    /// Whether it runs. QEMU stays paused after its guest shut down, which distinguishes that from a killed QEMU; the shutdown is
    /// recorded here, and QEMU is ended.
    /// </summary>
    private async Task<bool> IsUpAsync(InstanceName name, QemuMachine machine, CancellationToken cancellationToken)
    {
        if (await ProcessAsync(name, cancellationToken) is not { } process)
        {
            NoteLoss(name);
            return false;
        }

        switch (await AskAsync(name, machine, cancellationToken))
        {
            case ShutDown:
                if (!files.IsEnding(name))
                {
                    files.Stopping(name);
                }

                await KillAsync(process, TimeSpan.Zero, cancellationToken);
                await LeaveNothingAsync(machine, cancellationToken);
                return false;
            case Paused or DiskFailed:
                // Paused by an earlier caller that is gone, or because the host's disk was full: it resumes where it was.
                await TellAsync(name, machine, "cont", cancellationToken);
                return true;
            default:
                return true;
        }
    }

    /// <summary>Its process. Waits for a process that is only starting, or is nearly gone.</summary>
    private async Task<ProcessIdentity?> ProcessAsync(InstanceName name, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            if (MachineProcess.ReadAlive(files.Process(name)) is { } process)
            {
                return process;
            }

            if (!launch.IsBegun(name))
            {
                return null;
            }

            if (time.GetElapsedTime(began) > BootTimeout)
            {
                throw QemuFaults.WontEnd();
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>The state that its QEMU reports; null if QEMU does not answer, for example while it is starting.</summary>
    private async Task<string?> AskAsync(InstanceName name, QemuMachine machine, CancellationToken cancellationToken)
    {
        try
        {
            using var qmp = await Qmp.ConnectAsync(files.Socket(name), machine.User, time, cancellationToken);
            return await qmp.StatusAsync(cancellationToken);
        }
        catch (QmpException fault)
        {
            LogSilent(name, fault.Message);
            return null;
        }
    }

    private async Task TellAsync(InstanceName name, QemuMachine machine, string command, CancellationToken cancellationToken)
    {
        using var qmp = await Qmp.ConnectAsync(files.Socket(name), machine.User, time, cancellationToken);
        await qmp.ExecuteAsync(command, cancellationToken);
    }

    private async Task UntilUpAsync(InstanceName name, QemuMachine machine, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (await ProcessAsync(name, cancellationToken) is { } process)
        {
            if (File.Exists(files.Socket(name)) && await AskAsync(name, machine, cancellationToken) == Running)
            {
                return;
            }

            if (time.GetElapsedTime(began) > BootTimeout)
            {
                await KillAsync(process, TimeSpan.Zero, cancellationToken);
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }

        throw QemuFaults.EndedAtOnce(files.LastOutput(name));
    }

    /// <summary>Presses the power button, and again now and then: a guest that is still booting does not heed it.</summary>
    private async Task<bool> AskedToEndAsync(InstanceName name, QemuMachine machine, ProcessIdentity process, TimeSpan grace, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        TimeSpan? pressed = null;
        while (time.GetElapsedTime(began) is var elapsed && elapsed < grace)
        {
            if (!process.IsAlive)
            {
                return true;
            }

            try
            {
                using var qmp = await Qmp.ConnectAsync(files.Socket(name), machine.User, time, cancellationToken);
                var status = await qmp.StatusAsync(cancellationToken);
                if (status == ShutDown)
                {
                    await qmp.ExecuteAsync("quit", cancellationToken);
                    return true;
                }

                if (pressed is null || elapsed - pressed > PressInterval)
                {
                    if (status is Paused or DiskFailed)
                    {
                        await qmp.ExecuteAsync("cont", cancellationToken);
                    }

                    await qmp.ExecuteAsync("system_powerdown", cancellationToken);
                    pressed = elapsed;
                }
            }
            catch (QmpException fault)
            {
                LogSilent(name, fault.Message);
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }

        return false;
    }

    /// <summary>A process that was asked to end gets a moment to do so.</summary>
    private async Task KillAsync(ProcessIdentity process, TimeSpan moment, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (process.IsAlive)
        {
            var elapsed = time.GetElapsedTime(began);
            if (elapsed >= moment)
            {
                Signals.Send(process, Signals.Kill);
            }

            if (elapsed > moment + KillTimeout)
            {
                throw QemuFaults.WontEnd();
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    private void NoteLoss(InstanceName name)
    {
        if (files.WasStarted(name) && !files.IsEnding(name) && files.Losing(name))
        {
            var lastOutput = files.LastOutput(name);
            LogLost(name, lastOutput);
            files.SayOnConsole(name, $"The machine ended unexpectedly. {lastOutput}");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "An earlier request to end {Instance} is still pending; waiting for that first.")]
    private partial void LogWaitingForPending(InstanceName instance);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Instance} did not shut down within {Seconds:0} s and is ended by force.")]
    private partial void LogForced(InstanceName instance, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} is ended by force, because {File} is damaged.")]
    private partial void LogUnreadable(InstanceName instance, string file);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The QEMU of {Instance} said nothing: {Reason}")]
    private partial void LogSilent(InstanceName instance, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} ended unexpectedly. {LastOutput}")]
    private partial void LogLost(InstanceName instance, string lastOutput);
}
