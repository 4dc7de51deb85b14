namespace Tidepool.Host.Doctor;

public enum CheckStatus
{
    Ok,
    Warn,
    Fail,
}

/// <summary>What a check came to.</summary>
/// <param name="Code">Stable; its page is a section of docs/doctor.md.</param>
/// <param name="Title">What was checked.</param>
/// <param name="Status">How it is.</param>
/// <param name="Detail">What was seen.</param>
/// <param name="Next">What to do about it; null if there is nothing to do.</param>
public sealed record CheckResult(string Code, string Title, CheckStatus Status, string Detail, string? Next = null)
{
    public static CheckResult Ok(string code, string title, string detail) => new(code, title, CheckStatus.Ok, detail);

    public static CheckResult Warn(string code, string title, string detail, string next) => new(code, title, CheckStatus.Warn, detail, next);

    public static CheckResult Fail(string code, string title, string detail, string next) => new(code, title, CheckStatus.Fail, detail, next);
}

/// <summary>The codes of all checks. They never change their meaning.</summary>
public static class CheckCodes
{
    public const string System = "TP-HOST-001";
    public const string Root = "TP-HOST-002";
    public const string Disk = "TP-HOST-003";
    public const string Memory = "TP-HOST-004";
    public const string Bridge = "TP-HOST-005";
    public const string Firewall = "TP-HOST-006";
    public const string Btrfs = "TP-HOST-007";
    public const string SocketPath = "TP-HOST-008";
    public const string ApiPort = "TP-PORT-001";
    public const string WorkspacePort = "TP-PORT-002";
    public const string Packages = "TP-PKG-001";
    public const string Caddy = "TP-PKG-002";
    public const string Image = "TP-IMG-001";
    public const string Privacy = "TP-STATE-001";
    public const string Owners = "TP-STATE-002";
    public const string Supervisor = "TP-RUN-001";
    public const string Processes = "TP-RUN-002";
    public const string Health = "TP-RUN-003";
    public const string Machines = "TP-RUN-004";
    public const string Runtime = "TP-RUN-005";
    public const string Users = "TP-RUN-006";
    public const string Boundary = "TP-NET-001";
    public const string Reserve = "TP-DISK-001";
    public const string PoolGrowth = "TP-DISK-002";

    public static readonly IReadOnlyList<string> All =
    [
        System, Root, Disk, Memory, Bridge, Firewall, Btrfs, SocketPath, ApiPort, WorkspacePort, Packages, Caddy, Image, Privacy, Owners, Supervisor, Processes, Health, Machines, Runtime, Users, Boundary, Reserve, PoolGrowth,
    ];
}
