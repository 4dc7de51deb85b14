using System.Text.Json;
using System.Text.Json.Serialization;
using Tidepool.Host.Files;
using Tidepool.Host.State;

namespace Tidepool.Host.Supervision;

/// <summary>What the supervisor leaves for <c>status</c> and <c>doctor</c> about one process.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">waiting, running, restarting or failing.</param>
/// <param name="Restarts">How often it was started again since the supervisor began.</param>
/// <param name="Message">What a person should know; null while all is well.</param>
public sealed record ProcessReport(string Name, string State, int Restarts, string? Message)
{
    public const string Waiting = "waiting";
    public const string Running = "running";
    public const string Restarting = "restarting";
    public const string Failing = "failing";
}

public sealed record SupervisorReport(IReadOnlyList<ProcessReport> Processes)
{
    public static SupervisorReport Read(StateDirectory state)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(state.SupervisorReport), SupervisorJson.Default.SupervisorReport) ?? new([]);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return new([]);
        }
    }

    public void Write(StateDirectory state)
    {
        try
        {
            DurableFiles.Write(state.SupervisorReport, JsonSerializer.Serialize(this, SupervisorJson.Default.SupervisorReport));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A full disk must not end the supervising that is being reported on.
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(SupervisorReport))]
internal sealed partial class SupervisorJson : JsonSerializerContext;
