using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Host.Doctor;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Testing;

/// <summary>A runtime that nothing in Tidepool knows: it is added by one line, as a real one would be.</summary>
public sealed class ToyDescriptor : RuntimeDescriptor
{
    public override string Name => "toy";

    public override string DisplayName => "Toy";

    public override IReadOnlyList<string> Packages => ["toybox", "util-linux"];

    public override IReadOnlyList<string> EnvironmentVariables => ["TIDEPOOL_TOYD"];

    public override RuntimeDaemon Daemon { get; } = new ToyDaemon();

    public override RuntimeLeftovers Leftovers { get; } = new ToyLeftovers();

    public override IReadOnlyList<CheckResult> CheckHost(HostFacts host) => [CheckResult.Fail(CheckCodes.Btrfs, "toys", "There are no toys.", "Buy some.")];

    public override IReadOnlyList<RuntimeOffer> Offers(HostFacts host, bool kvmWorks) => [new RuntimeOffer(Isolation.VirtualMachine, ["Workspaces are toys."])];

    public override IReadOnlyList<string> MachineDirectories(StateDirectory state) => [state.At(Name, "boxes")];

    public override string LongestSocket(StateDirectory state) => state.At(Name, "boxes", new string('t', 90));

    public override CheckResult Describe(StateDirectory state, Settings settings) => CheckResult.Warn(CheckCodes.Runtime, "Runtime", "Toys separate nothing.", "Grow up.");

    public override void AddServices(IServiceCollection services, StateDirectory state, Action<string, object> bind) =>
        services.AddSingleton<IWorkspaceRuntime, InMemoryRuntime>();

    private sealed class ToyDaemon : RuntimeDaemon
    {
        public override string Name => "toyd";

        public override bool IsInstalled => true;

        public override ProcessSpec SpecOf(StateDirectory state) =>
            new(Name, "/bin/sleep", ["600"], ProcessSpec.PlainEnvironment(), state.PidFile(Name), state.Log(Name));

        public override Task<bool> AnswersAsync(StateDirectory state, CancellationToken cancellationToken) => Task.FromResult(false);

        public override Task<bool> AskToEndAsync(StateDirectory state, CancellationToken cancellationToken) => Task.FromResult(false);
    }

    private sealed class ToyLeftovers : RuntimeLeftovers
    {
        private static string RuleOf(StateDirectory state) => state.At("toy", "rule");

        public override bool IsMachine(string commandLine) => commandLine.StartsWith("tail --", StringComparison.Ordinal);

        public override Task<IReadOnlyList<string>> FindRulesAsync(StateDirectory state, string bridge, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<string>>(File.Exists(RuleOf(state)) ? ["toy rule"] : []);

        public override Task RemoveRulesAsync(StateDirectory state, string bridge, Action<string> say, CancellationToken cancellationToken)
        {
            say("Removing the toy rule, which was left over.");
            File.Delete(RuleOf(state));
            return Task.CompletedTask;
        }
    }
}
