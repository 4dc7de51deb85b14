using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;

namespace Tidepool.Server.SignIn;

/// <summary>What the gate says to a client that comes with a password.</summary>
internal abstract record GateAnswer
{
    private GateAnswer()
    {
    }

    /// <summary>The password is the one that Caddy let in before: nothing to check.</summary>
    public sealed record Known : GateAnswer;

    /// <summary>It may be tried. <see cref="Attempt"/> comes back to <see cref="SignInGate.Passed"/> if it was right.</summary>
    public sealed record Admitted(string Attempt) : GateAnswer;

    public sealed record TooMany(TimeSpan RetryAfter) : GateAnswer;
}

/// <summary>
/// Slows down clients that guess passwords, before a guess costs a quarter of a second of this machine. It does not know the password:
/// Caddy checks it. It remembers a keyed digest of what Caddy let in, in memory only, so that the owner pays for the check once and
/// is never slowed down by what others do, not even from the same address.
/// </summary>
internal sealed class SignInGate : IDisposable
{
    private const int RememberedPasswords = 8;
    private const int RememberedAttempts = 256;
    private readonly Func<string?> currentVersion;
    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly HashSet<string> known = [];
    private readonly Dictionary<string, string> attempts = [];
    private readonly Queue<string> order = new();
    private readonly PartitionedRateLimiter<IPAddress> guesses;
    private readonly TokenBucketRateLimiter checks = new(new TokenBucketRateLimiterOptions { TokenLimit = 1, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromMilliseconds(300), QueueLimit = 16, AutoReplenishment = true });
    private readonly Lock gate = new();
    private string? knownVersion;

    /// <param name="currentVersion">Which password is in force; when it changes, nothing that was right counts as right any more.</param>
    public SignInGate(Func<string?> currentVersion)
    {
        this.currentVersion = currentVersion;
        guesses = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<IPAddress, IPAddress>(client => RateLimitPartition.GetTokenBucketLimiter(Network(client), _ => Bucket(burst: 5, TimeSpan.FromSeconds(2)))),
            PartitionedRateLimiter.Create<IPAddress, int>(_ => RateLimitPartition.GetTokenBucketLimiter(0, _ => Bucket(burst: 10, TimeSpan.FromSeconds(1)))));
    }

    /// <summary>
    /// Says whether the password may be tried, and when: checks begin 300 ms apart, so that many at once leave a processor to the
    /// owner. A password that is found right while another request waits with the same one is not checked twice.
    /// </summary>
    /// <param name="authorization">The header as it came.</param>
    /// <param name="client">Who sent it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<GateAnswer> AskAsync(string authorization, IPAddress client, CancellationToken cancellationToken)
    {
        var answer = Ask(authorization, client);
        if (answer is not GateAnswer.Admitted)
        {
            return answer;
        }

        using var lease = await checks.AcquireAsync(1, cancellationToken);
        return !lease.IsAcquired ? new GateAnswer.TooMany(TimeSpan.FromSeconds(2)) : IsKnown(DigestOf(authorization)) ? new GateAnswer.Known() : answer;
    }

    /// <param name="authorization">The header as it came.</param>
    /// <param name="client">Who sent it.</param>
    internal GateAnswer Ask(string authorization, IPAddress client)
    {
        var digest = DigestOf(authorization);
        if (IsKnown(digest))
        {
            return new GateAnswer.Known();
        }

        using var lease = guesses.AttemptAcquire(client);

        // A request without a password was accepted for another reason, so the gate must not remember it as a right password.
        return lease.IsAcquired
            ? new GateAnswer.Admitted(Remember(authorization.Length > 0 ? digest : null))
            : new GateAnswer.TooMany(lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(2));
    }

    /// <summary>Caddy let the attempt in, by the password of that version: a password that is being replaced no longer counts.</summary>
    public void Passed(string attempt, string version)
    {
        lock (gate)
        {
            ForgetOlder();
            if (attempts.Remove(attempt, out var digest) && version == knownVersion)
            {
                if (known.Count >= RememberedPasswords)
                {
                    known.Clear();
                }

                known.Add(digest);
            }
        }
    }

    /// <summary>A password that cannot be right, the same each time for the same name and password.</summary>
    public string StandInFor(byte[] credentials) => Convert.ToHexStringLower(HMACSHA256.HashData(key, (byte[])[0, .. credentials]));

    public void Dispose()
    {
        guesses.Dispose();
        checks.Dispose();
    }

    private string DigestOf(string authorization) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(authorization)));

    private bool IsKnown(string digest)
    {
        lock (gate)
        {
            ForgetOlder();
            return known.Contains(digest);
        }
    }

    /// <summary>Called within the lock, like everything that reads what is known.</summary>
    private void ForgetOlder()
    {
        var current = currentVersion();
        if (current != knownVersion)
        {
            known.Clear();
            knownVersion = current;
        }
    }

    /// <summary>The attempt's name. One without a password to remember has a name all the same, which then says nothing.</summary>
    private string Remember(string? digest)
    {
        var attempt = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        if (digest is null)
        {
            return attempt;
        }

        lock (gate)
        {
            attempts.Add(attempt, digest);
            order.Enqueue(attempt);
            if (order.Count > RememberedAttempts)
            {
                attempts.Remove(order.Dequeue());
            }
        }

        return attempt;
    }

    /// <summary>A client with one IPv6 address has 2^64 of them, so the /64 counts as the client.</summary>
    private static IPAddress Network(IPAddress client)
    {
        if (client.AddressFamily != AddressFamily.InterNetworkV6 || client.IsIPv4MappedToIPv6)
        {
            return client;
        }

        var bytes = client.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private static TokenBucketRateLimiterOptions Bucket(int burst, TimeSpan each) =>
        new() { TokenLimit = burst, TokensPerPeriod = 1, ReplenishmentPeriod = each, QueueLimit = 0, AutoReplenishment = true };
}
