using System.Net;
using Tidepool.Host.Accounts;
using Tidepool.Host.Doctor;
using Tidepool.Host.Kernel;
using Tidepool.Host.Packages;
using Tidepool.Host.Passwords;
using Tidepool.Host.Processes;
using Tidepool.Host.Runtimes;
using Tidepool.Host.Service;
using Tidepool.Host.Shutdown;
using Tidepool.Host.Sockets;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Startup;

/// <summary>Brings a Tidepool up from whatever there is, and says how far it is.</summary>
public sealed class UpOperation(RuntimeCatalog runtimes, StateDirectory state, Programs programs, IScreen screen, HealthQuery health, TimeProvider time)
{
    private const int Steps = 6;
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(200);

    public async Task<int> RunAsync(UpRequest request, CancellationToken cancellationToken)
    {
        await StateUpgrade.RunAloneAsync(state, time, cancellationToken);
        var settings = Settings.Read(state, runtimes);
        var changed = request.ApplyTo(settings, runtimes);
        if (SupervisorLock.Holder(state) is { } supervisor)
        {
            return await AlreadyUpAsync(supervisor, settings, changed, cancellationToken);
        }

        await new RuntimeChange(runtimes, state, programs, screen, time).RunAsync(request.Runtime, settings, cancellationToken);
        var preparation = new Preparation(runtimes, state, settings, programs, screen, CacheDirectory.Of(state));
        await preparation.RunAsync(request.Yes, withPorts: true, Steps, cancellationToken);
        var runtime = runtimes.Of(settings);
        if (state.WhySocketsDoNotFit(runtime.LongestSocket(state)) is { } why)
        {
            throw new CommandException(why);
        }

        using var only = SupervisorLock.TryTake(state.At("run", "up.lock"))
            ?? throw new CommandException("Another `tidepool up` is at work on this state directory; wait for it.");
        runtime.BeforeStart(settings, state);
        settings.Write(state);

        File.Delete(state.SupervisorReport);

        screen.Step(4, Steps, $"Starting {(runtime.Daemon is null ? "" : runtime.DisplayName + ", ")}worker, server and Caddy");
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

    /// <summary>What the detached process does: supervises until it is asked to end, then takes everything down.</summary>
    public async Task<int> SuperviseAsync(CancellationToken stop)
    {
        using var only = await SupervisorLock.TakeAsync(state, time, stop) ?? throw new CommandException("Another supervisor serves this state directory.");
        await StateUpgrade.RunAsync(state, time, stop);
        var caddy = await CaddyProgram.FindAsync(state, stop) ?? throw new CommandException($"No Caddy of version {CaddyProgram.Needed} or newer was found; run `tidepool up`.");
        ConnectionMigration.TurnOn(state);
        var settings = Settings.Read(state, runtimes);
        var runtime = runtimes.Of(settings);
        var held = runtime.HeldWhileUp(settings);
        if (held.HasFlag(KernelNeeds.Forwarding))
        {
            await KernelSetting.Forwarding(time).KeepAsync(state, stop);
        }

        var journal = new Journal(state, time);
        foreach (var (setting, least) in held.HasFlag(KernelNeeds.SharedTables) ? KernelSetting.Shared(time) : [])
        {
            if (await setting.RaiseAsync(state, least, stop) is { } why)
            {
                journal.Write($"A limit that all containers share stays low, so one container can reach it alone. {why}");
            }
        }

        var accounts = await ServiceAccounts.EnsureAsync(state, time, stop);
        await LeftProcess.EndOthersAsync(state, accounts, journal.Write, time, stop);
        StateOwners.Apply(state, accounts);
        await new Supervisor(state, TidepoolProcesses.All(runtime, state, programs, caddy, settings, accounts), journal, time).RunAsync(stop);
        var left = await new Teardown(runtimes, state, programs, journal.Write, time).RunAsync(purge: false, CancellationToken.None);
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

        // A Tidepool that an older version started does not listen on every address, so waiting for it would be in vain.
        if (await ListeningPort.AnswersAsync(IPAddress.Loopback, settings.ApiPort, cancellationToken))
        {
            RefuseForeignPorts(settings);
        }

        await new HealthWait(runtimes, state, settings, screen, health, time).RunAsync(() => supervisor.IsAlive, cancellationToken);
        RefuseForeignPorts(settings);
        screen.Line("Tidepool is already up; nothing was changed.");
        if (File.Exists(programs.Server) && new DateTimeOffset(File.GetLastWriteTimeUtc(programs.Server)) > time.GetUtcNow() - ProcessTable.Uptime(supervisor))
        {
            screen.Line("Tidepool was rebuilt after it started: `tidepool down`, then `tidepool up`, to run the new one.");
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

        using var supervisor = SupervisorProcess.Start(runtimes, state, programs);
        return await UpAsync(settings, () => !supervisor.HasExited, tellPassword, "It runs in the background; `tidepool down` stops it.", cancellationToken);
    }

    private async Task<int> UpAsync(Settings settings, Func<bool> supervisorRuns, Action tellPassword, string how, CancellationToken cancellationToken)
    {
        screen.Step(5, Steps, "Waiting for every part to be up");
        await new HealthWait(runtimes, state, settings, screen, health, time).RunAsync(supervisorRuns, cancellationToken);
        RefuseForeignPorts(settings);
        screen.Step(6, Steps, "Tidepool is up");
        TellAddress(settings);
        tellPassword();
        screen.Line(how);
        return ExitCodes.Ok;
    }

    private async Task<int> HereAsync(Settings settings, Action tellPassword, CancellationToken cancellationToken)
    {
        // A process of its own here as well: this one has its caller's environment, which nothing can take from it.
        using var supervisor = SupervisorProcess.Start(runtimes, state, programs);
        var supervising = FollowAsync(supervisor, cancellationToken);
        try
        {
            screen.Step(5, Steps, "Waiting for every part to be up");
            await new HealthWait(runtimes, state, settings, screen, health, time).RunAsync(() => !supervising.IsCompleted, cancellationToken);
            RefuseForeignPorts(settings);
            screen.Step(6, Steps, "Tidepool is up");
            TellAddress(settings);
            tellPassword();
            screen.Line("Ctrl-C stops it.");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to end before everything was up: the supervisor takes down what there is.
        }
        catch (CommandException fault) when (!supervising.IsCompleted)
        {
            screen.Error(fault.Message);
        }

        return await supervising;
    }

    /// <summary>A port that answers may be another program's.</summary>
    private void RefuseForeignPorts(Settings settings)
    {
        var failed = PortChecks.Of(state, settings).Where(check => check.Status == CheckStatus.Fail).ToList();
        if (failed.Count > 0)
        {
            throw new CommandException(string.Join('\n', failed.Select(check => $"{check.Code} {check.Title}: {check.Detail} {check.Next}")));
        }
    }

    /// <summary>Shows what the supervisor does until it has ended, and ends it when this command is to end.</summary>
    private async Task<int> FollowAsync(System.Diagnostics.Process supervisor, CancellationToken cancellationToken)
    {
        var shown = SupervisorStop.JournalLength(state);
        while (!supervisor.HasExited && !cancellationToken.IsCancellationRequested)
        {
            shown = SupervisorStop.Show(state.Log("supervisor"), shown, screen.Detail);
            await Task.Delay(FollowInterval, time, CancellationToken.None);
        }

        if (!supervisor.HasExited)
        {
            Signals.Send(ProcessIdentity.Of(supervisor.Id) ?? default, Signals.Terminate);
            while (!supervisor.HasExited)
            {
                shown = SupervisorStop.Show(state.Log("supervisor"), shown, screen.Detail);
                await Task.Delay(FollowInterval, time, CancellationToken.None);
            }
        }

        SupervisorStop.Show(state.Log("supervisor"), shown, screen.Detail);
        await supervisor.WaitForExitAsync(CancellationToken.None);
        return supervisor.ExitCode;
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
