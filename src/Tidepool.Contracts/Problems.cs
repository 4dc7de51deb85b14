namespace Tidepool.Contracts;

/// <summary>The stable codes of problem details.</summary>
public static class ProblemCodes
{
    public const string Validation = "validation";
    public const string SignInNeeded = "sign-in-needed";
    public const string NotFound = "not-found";
    public const string NameTaken = "name-taken";
    public const string TransitionRefused = "transition-refused";
    public const string PortLimit = "port-limit";
    public const string WorkspaceLimit = "workspace-limit";
    public const string NotRunning = "not-running";
    public const string CapacityExhausted = "capacity-exhausted";
    public const string CrossOrigin = "cross-origin";
    public const string UnsupportedMediaType = "unsupported-media-type";
    public const string TooLarge = "too-large";
    public const string MethodNotAllowed = "method-not-allowed";
    public const string TooManyRequests = "too-many-requests";
    public const string StorageFull = "storage-full";
    public const string DependencyDown = "dependency-down";
    public const string Internal = "internal";
}
