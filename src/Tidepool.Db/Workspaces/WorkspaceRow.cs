using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Workspaces;

/// <summary>A workspace as it is stored. Its ports are one column, for they are only ever read and replaced together with it.</summary>
internal sealed class WorkspaceRow
{
    public Guid Id { get; set; }
    public string Name { get; set; } = "";
    public string? Description { get; set; }
    public string Image { get; set; } = "";
    public int Cpus { get; set; }
    public int MemoryMiB { get; set; }
    public DesiredState Desired { get; set; }
    public WorkspaceStatus Status { get; set; }
    public bool Provisioned { get; set; }
    public Guid? CloneOf { get; set; }
    public Isolation? Isolation { get; set; }
    public string? Address { get; set; }
    public string? FaultCode { get; set; }
    public string? FaultMessage { get; set; }

    /// <summary>The name of a step. An older database also has the columns ProgressStep, ProgressOf and ProgressLabel; nothing reads them.</summary>
    public string? Progress { get; set; }

    public string? Ports { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? LastAccessedAt { get; set; }
    public DateTimeOffset? DeadlineAt { get; set; }
    public long Version { get; set; }
    public long Revision { get; set; }

    public static WorkspaceRow Of(Workspace workspace, long revision)
    {
        var row = new WorkspaceRow { Id = workspace.Id.Value, Name = workspace.Name.Value, CreatedAt = workspace.CreatedAt };
        row.Replace(workspace, revision);
        return row;
    }

    /// <summary>Takes all of the workspace but the id, the name and the time of creation, which never change; raises the version.</summary>
    public void Replace(Workspace workspace, long revision)
    {
        Description = workspace.Description;
        Image = workspace.Image;
        Cpus = workspace.Cpus;
        MemoryMiB = workspace.MemoryMiB;
        Desired = workspace.Desired;
        Status = workspace.Status;
        Provisioned = workspace.Provisioned;
        CloneOf = workspace.CloneOf?.Value;
        Isolation = workspace.Isolation;
        Address = workspace.Address?.ToString();
        FaultCode = workspace.Fault?.Code;
        FaultMessage = workspace.Fault?.Message;
        Progress = workspace.Progress?.ToString();
        Ports = PortColumn.Write(workspace.Ports);
        UpdatedAt = workspace.UpdatedAt;
        StartedAt = workspace.StartedAt;
        LastAccessedAt = workspace.LastAccessedAt;
        DeadlineAt = workspace.DeadlineAt;
        Version = workspace.Version + 1;
        Revision = revision;
    }

    public Workspace ToWorkspace() => new()
    {
        Id = new WorkspaceId(Id),
        Name = StoredText.Name(Name),
        Description = Description,
        Image = Image,
        Cpus = Cpus,
        MemoryMiB = MemoryMiB,
        Desired = Desired,
        Status = Status,
        Provisioned = Provisioned,
        CloneOf = CloneOf is { } source ? new WorkspaceId(source) : null,
        Isolation = Isolation,
        Address = Address is null ? null : StoredText.Address(Address),
        Fault = FaultCode is null ? null : new WorkspaceFault(FaultCode, FaultMessage ?? ""),
        Progress = StoredText.Step(Progress),
        Ports = PortColumn.Read(Ports),
        CreatedAt = CreatedAt,
        UpdatedAt = UpdatedAt,
        StartedAt = StartedAt,
        LastAccessedAt = LastAccessedAt,
        DeadlineAt = DeadlineAt,
        Version = Version,
        Revision = Revision,
    };
}
