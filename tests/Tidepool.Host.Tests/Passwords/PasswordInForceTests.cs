using Microsoft.Extensions.Time.Testing;
using Tidepool.Host.Passwords;

namespace Tidepool.Host.Tests.Passwords;

public sealed class PasswordInForceTests
{
    private const string Hash = "$2a$12$abc";
    private readonly FakeTimeProvider time = new() { AutoAdvanceAmount = TimeSpan.FromSeconds(1) };

    [Fact]
    public async Task It_is_when_Caddy_has_the_hash()
    {
        var answers = new Queue<string>(["", """{"password":"old"}""", $$"""{"password":"{{Hash}}"}"""]);
        Assert.True(await WaitAsync(() => answers.Dequeue()));
        Assert.Empty(answers);
    }

    [Fact]
    public async Task It_is_not_while_Caddy_has_another() => Assert.False(await WaitAsync(() => """{"password":"old"}"""));

    [Fact]
    public async Task Nothing_is_waited_for_where_no_Caddy_runs() => Assert.True(await WaitAsync(() => null));

    private async Task<bool> WaitAsync(Func<string?> caddy)
    {
        var waiting = new PasswordInForce(_ => Task.FromResult(caddy()), time).WaitAsync(Hash, TestContext.Current.CancellationToken);
        while (!waiting.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        return await waiting;
    }
}
