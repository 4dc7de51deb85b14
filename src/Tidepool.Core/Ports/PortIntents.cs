using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Ports;

/// <summary>What registering and unregistering a port makes of a workspace, in whatever state it is. Pure; writing is the store's.</summary>
public static class PortIntents
{
    /// <summary>How many ports a workspace can have.</summary>
    public const int Limit = 5;

    /// <summary>Registers the port, or changes its label or its switch. Nothing has to listen there yet.</summary>
    public static Decision Register(Workspace workspace, PortNumber port, string? label, bool stripPrefix, DateTimeOffset now)
    {
        if (workspace.Desired == DesiredState.Deleted)
        {
            return new Decision.Refused(new Refusal.NotFound(workspace.Name.Value));
        }

        var known = workspace.Ports.FirstOrDefault(p => p.Port == port);
        if (known is not null && known.Label == label && known.StripPrefix == stripPrefix)
        {
            return new Decision.Unchanged(workspace);
        }

        if (known is null && workspace.Ports.Count >= Limit)
        {
            return new Decision.Refused(new Refusal.PortLimit(Limit));
        }

        var registered = new WorkspacePort(port, label, stripPrefix, known?.Answers ?? false);
        return new Decision.Accepted(workspace with
        {
            Ports = [.. workspace.Ports.Where(p => p.Port != port).Append(registered).OrderBy(p => p.Port.Value)],
            UpdatedAt = now,
        });
    }

    public static Decision Unregister(Workspace workspace, PortNumber port, DateTimeOffset now) =>
        workspace.Desired == DesiredState.Deleted ? new Decision.Refused(new Refusal.NotFound(workspace.Name.Value))
        : workspace.Ports.All(p => p.Port != port) ? new Decision.Refused(new Refusal.PortNotFound(workspace.Name, port))
        : new Decision.Accepted(workspace with { Ports = [.. workspace.Ports.Where(p => p.Port != port)], UpdatedAt = now });
}
