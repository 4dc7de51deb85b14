using System.Collections.Concurrent;
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
/// Slows down those who guess passwords before a guess costs a quarter of a second of this machine. It does not know the password:
/// Caddy checks it. It remembers a keyed digest of what Caddy let in, in memory only, so that the owner pays for the check once and
/// is never slowed down by what others do, not even from the same address.
/// </summary>
internal sealed class SignInGate : IDisposable
{
    private const int RememberedPasswords = 8;
    private const int RememberedAttempts = 256;
    private readonly Func<string?> currentVersion;
    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<string, byte> known = new();
    private readonly ConcurrentDictionary<string, string> attempts = new();
    private readonly ConcurrentQueue<string> order = new();
    private readonly PartitionedRateLimiter<IPAddress> guesses;
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

    /// <param name="authorization">The header as it came.</param>
    /// <param name="client">Who sent it.</param>
    public GateAnswer Knock(string authorization, IPAddress client)
    {
        ForgetOlder(currentVersion());
        var digest = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(authorization)));
        if (known.ContainsKey(digest))
        {
            return new GateAnswer.Known();
        }

        using var lease = guesses.AttemptAcquire(client);

        // A knock without a password is let in by something else, and that is not to be remembered as a password that was right.
        return lease.IsAcquired
            ? new GateAnswer.Admitted(Remember(authorization.Length > 0 ? digest : null))
            : new GateAnswer.TooMany(lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(2));
    }

    /// <summary>Caddy let the attempt in, by the password of that version: one that is being replaced counts for nothing any more.</summary>
    public void Passed(string attempt, string version)
    {
        var current = currentVersion();
        ForgetOlder(current);
        if (attempts.TryRemove(attempt, out var digest) && version == current)
        {
            if (known.Count >= RememberedPasswords)
            {
                known.Clear();
            }

            known[digest] = 0;
        }
    }

    public void Dispose() => guesses.Dispose();

    private void ForgetOlder(string? current)
    {
        lock (gate)
        {
            if (current != knownVersion)
            {
                known.Clear();
                knownVersion = current;
            }
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

        attempts[attempt] = digest;
        order.Enqueue(attempt);
        while (order.Count > RememberedAttempts && order.TryDequeue(out var oldest))
        {
            attempts.TryRemove(oldest, out _);
        }

        return attempt;
    }

    /// <summary>Whoever has one address of version 6 has 2^64 of them.</summary>
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
