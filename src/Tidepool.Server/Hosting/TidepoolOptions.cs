using System.ComponentModel.DataAnnotations;
using Tidepool.Host.State;

namespace Tidepool.Server.Hosting;

/// <summary>What the server has to know of its context: the section <c>Tidepool</c> of <c>settings.json</c>.</summary>
internal sealed class TidepoolOptions
{
    public const string Section = "Tidepool";

    /// <summary>Where the browser reaches workspaces: the proxy's second port.</summary>
    [Range(1, 65535)]
    public int WorkspacePort { get; set; } = Settings.DefaultWorkspacePort;

    [Range(1, 65535)]
    public int ApiPort { get; set; } = Settings.DefaultApiPort;

    /// <summary>How many workspaces may exist at once.</summary>
    [Range(1, 2000)]
    public int WorkspaceLimit { get; set; } = 200;
}
