using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Reliability.Power;

/// <summary>
/// What was acknowledged of one workspace, and the one request that got no answer yet: after a power cut that one may or may not be
/// done, and everything else is.
/// </summary>
/// <param name="name">No other workspace has or had it.</param>
internal sealed class Promise(string name)
{
    private PromisedState? inDoubt;
    private string? savedInDoubt;

    public string Name { get; } = name;

    /// <summary>Known once its creation was acknowledged.</summary>
    public string? Id { get; private set; }

    public PromisedState State { get; private set; } = PromisedState.Absent;

    /// <summary>What the file inside says; null before it was first saved.</summary>
    public string? Saved { get; private set; }

    /// <summary>Asks the API for something. False if it neither did nor refused it: then nothing more can be asked.</summary>
    public async Task<bool> AskAsync<T>(PromisedState after, Func<Task<ApiResult<T>>> request)
        where T : class
    {
        inDoubt = after;
        var result = await request();
        if (result.Succeeded)
        {
            State = after;
            Id ??= (result.Value as WorkspaceResponse)?.Id;
        }

        inDoubt = result.Succeeded || result.Problem!.Status < 500 ? null : inDoubt;
        return inDoubt is null;
    }

    /// <summary>Saves the file inside. False if that did not end well.</summary>
    public async Task<bool> SaveAsync(string text, Func<Task<bool>> save)
    {
        savedInDoubt = text;
        if (!await save())
        {
            return false;
        }

        (Saved, savedInDoubt) = (text, null);
        return true;
    }

    /// <summary>Whether the workspace that the API shows, or null for none, is as promised. What was in doubt is as shown from now on.</summary>
    public bool IsKeptBy(WorkspaceResponse? shown)
    {
        if (inDoubt?.IsShownBy(shown) == true)
        {
            State = inDoubt;
        }

        inDoubt = null;
        var isItself = shown is null || Id is null || shown.Id == Id;
        Id ??= shown?.Id;
        return isItself && State.IsShownBy(shown);
    }

    /// <summary>Whether the file inside says what was saved, or what was just being saved.</summary>
    public bool IsKeptBy(string? file)
    {
        var isKept = file == Saved || (savedInDoubt is not null && file == savedInDoubt);
        (Saved, savedInDoubt) = (file, null);
        return isKept;
    }

    public override string ToString() => $"{Name} ({Id}): {State}, in doubt: {inDoubt}; saved: {Saved}, in doubt: {savedInDoubt}";
}

/// <summary>A workspace as the API is to show it.</summary>
/// <param name="Desired">Deleted if there is to be none.</param>
/// <param name="PortLabel">The label of its one port; null without a port.</param>
internal sealed record PromisedState(DesiredState Desired, string? PortLabel)
{
    public static PromisedState Absent { get; } = new(DesiredState.Deleted, null);

    /// <summary>A workspace may be shown for as long as its deletion takes.</summary>
    public bool IsShownBy(WorkspaceResponse? shown) =>
        Desired == DesiredState.Deleted
            ? shown is null or { DesiredState: DesiredState.Deleted }
            : shown is not null && shown.DesiredState == Desired && shown.Ports.SingleOrDefault()?.Label == PortLabel;
}
