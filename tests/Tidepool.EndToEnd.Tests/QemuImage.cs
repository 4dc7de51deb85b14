namespace Tidepool.EndToEnd.Tests;

/// <summary>The image that ./test built, where it has a disk for virtual machines.</summary>
internal static class QemuImage
{
    public static string? Built { get; } = Environment.GetEnvironmentVariable("TIDEPOOL_TEST_IMAGE");

    /// <summary>Why no machine can be run here; null where one can.</summary>
    public static string? WhyNot() =>
        Built is null || !File.Exists(Path.Combine(Built, "disk.qcow2")) ? "The workspace image was not built, or without a disk for virtual machines: run ./test, which builds it." : null;
}
