using System.Diagnostics;
using Tidepool.Cli.Host;
using Tidepool.Cli.Output;
using Tidepool.Cli.Packages;
using Tidepool.Cli.Passwords;
using Tidepool.Cli.Processes;
using Tidepool.Cli.Runtimes;
using Tidepool.Cli.Service;
using Tidepool.Cli.Shutdown;
using Tidepool.Cli.State;
using Tidepool.Cli.Supervision;

namespace Tidepool.Cli.Startup;

/// <summary>Brings a Tidepool up from whatever there is, and says how far it is.</summary>
internal sealed class Bringup(StateDirectory state, Programs programs, Screen screen, TimeProvider time)
{
    private const int Steps = 6;

    /// <summary>What a socket's path may have, 107, without <c>/qemu/machines/ws-…/vm/qmp</c>.</summary>
    private const int LongestForSockets = 50;

    public async Task<int> RunAsync(UpRequest request, CancellationToken cancellationToken)
    {
        var settings = Settings.Read(state);
        var changed = request.ApplyTo(settings);
        if (SupervisorLock.Holder(state) is { } supervisor)
        {
            return await AlreadyUpAsync(supervisor, settings, changed, cancellationToken);
        }

        await new RuntimeChange(state, programs, screen, time).RunAsync(request.Runtime, settings, cancellationToken);
        var preparation = new Preparation(state, settings, programs, screen, CacheDirectory.Of(state));
        await preparation.RunAsync(request.Yes, withPorts: true, Steps, cancellationToken);
        if (settings.RuntimeInUse == RuntimeKind.Qemu && state.Root.Length > LongestForSockets)
        {
            throw new CommandException($"{state.Root} has {state.Root.Length} characters. Each of QEMU's machines has a socket below it, and a socket's path is short: the state directory can have {LongestForSockets} at most. Name another with --state.");
        }

        using var only = SupervisorLock.TryTake(state.At("run", "up.lock"))
            ?? throw new CommandException("Another `tidepool up` is at work on this state directory; wait for it.");
        if (settings.RuntimeInUse == RuntimeKind.Incus)
        {
            settings.Incus.PoolSizeGiB ??= PoolSize.For(state.Root);
        }

        settings.Write(state);

        File.Delete(state.SupervisorReport);

        screen.Step(4, Steps, settings.RuntimeInUse == RuntimeKind.Incus ? "Starting Incus, worker, server and Caddy" : "Starting worker, server and Caddy");
        var password = FirstPassword(settings);
        try
        {
            return request.Detach
                ? await DetachedAsync(settings, () => TellPassword(settings, ref password), cancellationToken)
                : await HereAsync(settings, () => TellPassword(settings, ref password), cancellationToken);
        }
        finally
        {
            TellPassword(settings, ref password);
        }
    }

    /// <summary>What the detached process does: supervises until it is told to end, then takes everything down.</summary>
    public async Task<int> SuperviseAsync(Action<string>? alsoTo, CancellationToken stop)
    {
        using var only = await SupervisorLock.TakeAsync(state, time, stop) ?? throw new CommandException("Another supervisor serves this state directory.");
        var caddy = await CaddyProgram.FindAsync(state, stop) ?? throw new CommandException($"No Caddy of version {CaddyProgram.Needed} or newer was found; run `tidepool up`.");
        ConnectionMigration.TurnOn(state);
        var journal = new Journal(state, time, alsoTo);
        await new Supervisor(state, TidepoolProcesses.All(state, programs, caddy, Settings.Read(state).RuntimeInUse), journal, time).RunAsync(stop);
        var left = await new Teardown(state, programs, journal.Write, time).RunAsync(purge: false, CancellationToken.None);
        foreach (var item in left)
        {
            journal.Write($"Could not be removed: {item}.");
        }

        return left.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private async Task<int> AlreadyUpAsync(ProcessIdentity supervisor, Settings settings, bool changed, CancellationToken cancellationToken)
    {
        if (changed)
        {
            throw new CommandException("Tidepool is running with other settings. Run `tidepool down` first, then `tidepool up` with the new ones.");
        }

        await new HealthWait(state, settings, screen, time).RunAsync(() => supervisor.IsAlive, cancellationToken);
        screen.Line("Tidepool is already up; nothing was changed.");
        if (File.Exists(programs.Server) && new DateTimeOffset(File.GetLastWriteTimeUtc(programs.Server)) > time.GetUtcNow() - ProcessTable.Uptime(supervisor))
        {
            screen.Line("It was built anew since it was started: `tidepool down`, then `tidepool up`, to run the new one.");
        }

        TellAddress(settings);
        return ExitCodes.Ok;
    }

    private async Task<int> DetachedAsync(Settings settings, Action tellPassword, CancellationToken cancellationToken)
    {
        if (new SystemdUnit(state) is { IsInstalled: true } unit && SystemdUnit.IsPossible)
        {
            await SystemdUnit.ControlAsync(["restart", unit.Name], cancellationToken);
            return await UpAsync(settings, () => true, tellPassword, $"systemd runs it as {unit.Name}; `tidepool down` stops it.", cancellationToken);
        }

        // The supervisor outlives this process and this terminal: a session of its own, and its log for output.
        using var supervisor = Process.Start(new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", "(umask 077; : >>\"$0\"); exec setsid \"$@\" >>\"$0\" 2>&1 </dev/null", state.Log("supervisor"), Programs.Dotnet, programs.Cli, "supervise", "--state", state.Root },
        }) ?? throw new CommandException("The supervisor could not be started.");

        return await UpAsync(settings, () => !supervisor.HasExited, tellPassword, "It runs in the background; `tidepool down` stops it.", cancellationToken);
    }

    private async Task<int> UpAsync(Settings settings, Func<bool> supervisorRuns, Action tellPassword, string how, CancellationToken cancellationToken)
    {
        screen.Step(5, Steps, "Waiting for every part to be up");
        await new HealthWait(state, settings, screen, time).RunAsync(supervisorRuns, cancellationToken);
        screen.Step(6, Steps, "Tidepool is up");
        TellAddress(settings);
        tellPassword();
        screen.Line(how);
        return ExitCodes.Ok;
    }

    private async Task<int> HereAsync(Settings settings, Action tellPassword, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var supervising = SuperviseAsync(screen.Detail, ended.Token);
        try
        {
            screen.Step(5, Steps, "Waiting for every part to be up");
            await new HealthWait(state, settings, screen, time).RunAsync(() => !supervising.IsCompleted, cancellationToken);
            screen.Step(6, Steps, "Tidepool is up");
            TellAddress(settings);
            tellPassword();
            screen.Line("Ctrl-C stops it.");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to end before all was up: the supervisor takes down what there is.
        }
        catch (CommandException fault) when (!supervising.IsCompleted)
        {
            screen.Error(fault.Message);
        }

        return await supervising;
    }

    private string? FirstPassword(Settings settings)
    {
        if (File.Exists(state.Auth))
        {
            return null;
        }

        var password = PasswordGenerator.Create();
        PasswordFile.Write(state, settings.UserName, password);
        return password;
    }

    private void TellAddress(Settings settings)
    {
        screen.Line();
        screen.Line($"  Open      {settings.AppUrl}");
        screen.Line($"  User      {settings.UserName}");
    }

    private void TellPassword(Settings settings, ref string? password)
    {
        if (password is null)
        {
            return;
        }

        screen.Line($"  Password  {password}");
        screen.Line($"This password of {settings.UserName} is not shown again; `tidepool password` makes a new one.");
        password = null;
    }
}
