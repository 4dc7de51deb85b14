using System.Net;
using Tidepool.Server.SignIn;

namespace Tidepool.Server.Tests;

public sealed class SignInGateTests : IDisposable
{
    private static readonly IPAddress Attacker = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Owner = IPAddress.Parse("192.0.2.2");
    private readonly SignInGate gate;
    private string? version = "1";

    public SignInGateTests() => gate = new SignInGate(() => version);

    public void Dispose() => gate.Dispose();

    [Fact]
    public void A_guessing_client_is_turned_away_after_a_few_tries_and_gets_a_retry_time()
    {
        var answers = Enumerable.Range(0, 200).Select(i => gate.Ask($"Basic guess-{i}", Attacker)).ToList();
        Assert.InRange(answers.OfType<GateAnswer.Admitted>().Count(), 1, 10);
        Assert.All(answers.OfType<GateAnswer.TooMany>(), a => Assert.True(a.RetryAfter > TimeSpan.Zero));
        Assert.IsType<GateAnswer.Admitted>(gate.Ask("Basic guess", Owner));
    }

    [Fact]
    public void Many_clients_together_are_slowed_down_too()
    {
        var admitted = Enumerable.Range(0, 200).Count(i => gate.Ask("Basic guess", IPAddress.Parse($"198.51.100.{i}")) is GateAnswer.Admitted);
        Assert.InRange(admitted, 1, 20);
    }

    [Fact]
    public void A_whole_network_of_version_6_is_one_client()
    {
        var admitted = Enumerable.Range(0, 100).Count(i => gate.Ask("Basic guess", IPAddress.Parse($"2001:db8:1:2::{i:x}")) is GateAnswer.Admitted);
        Assert.InRange(admitted, 1, 7);
    }

    [Fact]
    public void What_was_right_is_known_from_then_on_whatever_others_do_from_the_same_address()
    {
        var admitted = Assert.IsType<GateAnswer.Admitted>(gate.Ask("Basic right", Owner));
        gate.Passed(admitted.Attempt, "1");
        for (var i = 0; i < 200; i++)
        {
            gate.Ask($"Basic guess-{i}", Owner);
            Assert.IsType<GateAnswer.Known>(gate.Ask("Basic right", Owner));
        }
    }

    [Fact]
    public async Task A_password_that_was_found_right_meanwhile_is_not_checked_again()
    {
        var first = Assert.IsType<GateAnswer.Admitted>(await gate.AskAsync("Basic right", Owner, TestContext.Current.CancellationToken));
        var second = gate.AskAsync("Basic right", Owner, TestContext.Current.CancellationToken);
        Assert.False(second.IsCompleted);
        gate.Passed(first.Attempt, "1");
        Assert.IsType<GateAnswer.Known>(await second);
    }

    [Fact]
    public void Nobody_can_say_that_an_attempt_passed_which_there_never_was()
    {
        gate.Passed("invented", "1");
        Assert.IsNotType<GateAnswer.Known>(gate.Ask("Basic right", Owner));
    }

    [Fact]
    public void A_new_password_makes_the_old_one_unknown()
    {
        var admitted = Assert.IsType<GateAnswer.Admitted>(gate.Ask("Basic right", Owner));
        gate.Passed(admitted.Attempt, "1");
        version = "2";
        Assert.IsNotType<GateAnswer.Known>(gate.Ask("Basic right", Owner));
    }

    [Fact]
    public void What_the_old_password_let_in_after_a_new_one_was_set_is_not_remembered()
    {
        var admitted = Assert.IsType<GateAnswer.Admitted>(gate.Ask("Basic old", Owner));
        version = "2";
        gate.Passed(admitted.Attempt, "1");
        Assert.IsNotType<GateAnswer.Known>(gate.Ask("Basic old", Owner));
    }

    [Fact]
    public void The_version_in_force_is_read_from_the_file_and_again_when_that_changes()
    {
        var file = Path.GetTempFileName();
        var current = new PasswordFileVersion(file);
        Assert.Null(current.Current());
        File.WriteAllText(file, "first\n");
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
        var first = current.Current();
        Assert.NotNull(first);
        File.WriteAllText(file, "second\n");
        Assert.NotEqual(first, current.Current());
        File.Delete(file);
        Assert.Null(current.Current());
    }
}
