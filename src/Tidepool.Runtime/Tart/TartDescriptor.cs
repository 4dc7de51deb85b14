using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Host.Doctor;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Tart;

/// <summary>What Tart says of itself: virtual machines on macOS, with a network boundary of its own.</summary>
internal sealed class TartDescriptor : RuntimeDescriptor
{
    public override string Name => "tart";

    public override string DisplayName => "Tart";

    public override OSPlatform System => OSPlatform.OSX;

    public override IReadOnlyList<RuntimeOffer> Offers(HostFacts host, bool kvmWorks) =>
        [new RuntimeOffer(Isolation.VirtualMachine, ["Workspaces run in Tart: that is how macOS runs virtual machines."])];

    public override CheckResult Describe(StateDirectory state, Settings settings) =>
        CheckResult.Ok(CheckCodes.Runtime, "Runtime", "Tart: each workspace is a virtual machine with a kernel of its own");

    public override void AddServices(IServiceCollection services, StateDirectory state, Action<string, object> bind) =>
        services.AddTartRuntime(options =>
        {
            options.Notes = DirectoryOf(state);
            bind("Tart", options);
        });
}
