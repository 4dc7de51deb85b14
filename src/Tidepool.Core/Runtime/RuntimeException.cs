namespace Tidepool.Core.Runtime;

/// <summary>The one exception a runtime throws.</summary>
/// <param name="code">Stable, for example <c>image-missing</c>.</param>
/// <param name="message">A sentence for a person: what happened, why, what to do next.</param>
/// <param name="isTransient">Whether trying again can help.</param>
/// <param name="inner">What caused it, for the log.</param>
public sealed class RuntimeException(string code, string message, bool isTransient, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;

    public bool IsTransient { get; } = isTransient;
}

/// <summary>The codes that every runtime uses alike.</summary>
public static class RuntimeFaults
{
    public const string Unreachable = "runtime-unreachable";
    public const string ImageMissing = "image-missing";
    public const string InstanceMissing = "instance-missing";
    public const string NameTaken = "instance-name-taken";
    public const string StorageFull = "storage-full";
    public const string BoundaryDown = "network-boundary-down";
    public const string Failed = "runtime-failed";
    public const string NotSupported = "not-supported";
}
