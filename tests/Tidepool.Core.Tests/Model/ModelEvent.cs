using CsCheck;

namespace Tidepool.Core.Tests.Model;

/// <summary>What may happen to Tidepool while it works.</summary>
internal enum Happening
{
    UserCreates,
    UserStarts,
    UserStops,
    UserDeletes,
    TimePasses,
    ClockJumps,
    WorkerCrashes,
    WorkerStarts,
    WorkerIsPaused,
    WorkerGoesOn,
    WorkerIsStopped,
    RuntimeFailsOnce,
    RuntimeAnswersLate,
    RuntimeGoesDown,
    RuntimeAnswersStale,
    StoreFailsOnce,
    EditorIsSilent,
    GuestShutsDown,
    HostGoesDown,
    MachineIsLost,
    JobIsDoubled,
    JobIsLost,
    JobsAreReordered,
}

/// <summary>One event after so many steps of the whole model. Its target and its size are numbers, so that they shrink.</summary>
internal sealed record ModelEvent(int StepsBefore, Happening What, int Whom, int Amount)
{
    private static readonly Gen<Happening> Any = Gen.Frequency(
        (8, Gen.Const(Happening.UserCreates)),
        (4, Gen.Const(Happening.UserStarts)),
        (4, Gen.Const(Happening.UserStops)),
        (4, Gen.Const(Happening.UserDeletes)),
        (8, Gen.Const(Happening.TimePasses)),
        (1, Gen.Const(Happening.ClockJumps)),
        (3, Gen.Const(Happening.WorkerCrashes)),
        (3, Gen.Const(Happening.WorkerStarts)),
        (2, Gen.Const(Happening.WorkerIsPaused)),
        (2, Gen.Const(Happening.WorkerGoesOn)),
        (1, Gen.Const(Happening.WorkerIsStopped)),
        (3, Gen.Const(Happening.RuntimeFailsOnce)),
        (3, Gen.Const(Happening.RuntimeAnswersLate)),
        (1, Gen.Const(Happening.RuntimeGoesDown)),
        (2, Gen.Const(Happening.RuntimeAnswersStale)),
        (2, Gen.Const(Happening.StoreFailsOnce)),
        (1, Gen.Const(Happening.EditorIsSilent)),
        (2, Gen.Const(Happening.GuestShutsDown)),
        (1, Gen.Const(Happening.HostGoesDown)),
        (1, Gen.Const(Happening.MachineIsLost)),
        (2, Gen.Const(Happening.JobIsDoubled)),
        (1, Gen.Const(Happening.JobIsLost)),
        (1, Gen.Const(Happening.JobsAreReordered)));

    public static readonly Gen<ModelEvent> One =
        Gen.Select(Gen.Int[0, 30], Any, Gen.Int[0, 11], Gen.Int[0, 99], (steps, what, whom, amount) => new ModelEvent(steps, what, whom, amount));

    public override string ToString() => $"{StepsBefore} steps, {What} {Whom} {Amount}";
}

/// <summary>A whole life of Tidepool: what happens to it, in which order its tasks have their turns, and what stays broken for a while at the end.</summary>
internal sealed record ModelLife(IReadOnlyList<ModelEvent> Events, int Order, Remains Remains)
{
    public static readonly Gen<ModelLife> Any = Gen.Select(
        ModelEvent.One.Array[1, 40],
        Gen.Int[0, 9999],
        Gen.Frequency((6, Gen.Const(Remains.Nothing)), (1, Gen.Const(Remains.RuntimeDown)), (1, Gen.Const(Remains.EditorSilent))),
        (events, order, remains) => new ModelLife(events, order, remains));

    public override string ToString() => $"order {Order}, {Remains} remains:\n  {string.Join("\n  ", Events)}";
}

/// <summary>What stays broken until every deadline has passed, before all is well again.</summary>
internal enum Remains
{
    Nothing,
    RuntimeDown,
    EditorSilent,
}
