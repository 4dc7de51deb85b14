using Tidepool.Contracts;
using Tidepool.Host;
using Tidepool.Host.Accounts;
using Tidepool.Host.Sockets;
using Tidepool.Host.State;

namespace Tidepool.Cli.Api;

/// <summary>
/// The server's API over the owner's socket. Only root may connect to it, so no password is asked. The server can put a link to another
/// socket in its place, so the listener must be the server's user.
/// </summary>
internal sealed class LocalApi : IDisposable
{
    private readonly HttpClient http;

    public LocalApi(StateDirectory state)
        : this(UnixHttp.Client(state.OwnerSocket, $"http://localhost:{Settings.Read(state).ApiPort}/", TimeSpan.FromSeconds(30), OperatingSystem.IsLinux() ? ServiceAccounts.Find(state)?.Server.User : null))
    {
    }

    internal LocalApi(HttpClient http)
    {
        this.http = http;
        Client = new TidepoolClient(http);
    }

    private TidepoolClient Client { get; }

    /// <summary>The answer, or a failure with the server's own message.</summary>
    public async Task<T> CallAsync<T>(Func<TidepoolClient, Task<ApiResult<T>>> call)
        where T : class
    {
        var result = await TryAsync(call);
        return result.Value ?? throw new CommandException(Sentence(result.Problem));
    }

    /// <summary>The answer or the problem; only a server that is not there is a failure.</summary>
    public async Task<ApiResult<T>> TryAsync<T>(Func<TidepoolClient, Task<ApiResult<T>>> call)
        where T : class
    {
        try
        {
            return await call(Client);
        }
        catch (HttpRequestException)
        {
            throw CommandException.NotRunning();
        }
        catch (TaskCanceledException fault) when (fault.InnerException is TimeoutException)
        {
            throw new CommandException("The server does not answer. `tidepool status` shows its state, `tidepool logs --component server` its log.");
        }
    }

    /// <summary>How each part does; null while the server cannot be asked.</summary>
    public async Task<HealthResponse?> HealthAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Client.HealthAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is HttpRequestException or System.Text.Json.JsonException || (fault is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>How <see cref="Host"/> asks the server of this state directory about its parts.</summary>
    public static HealthQuery HealthOf(StateDirectory state) => async cancellationToken =>
    {
        using var api = new LocalApi(state);
        var health = await api.HealthAsync(cancellationToken);
        return health?.Components.Select(part => new PartHealth(part.Component, part.Healthy, part.Detail)).ToList();
    };

    /// <summary>What a problem says to a person: its detail, and below it the faults by field, each once.</summary>
    public static string Sentence(ProblemResponse? problem)
    {
        if (problem is null)
        {
            return "The server gave no answer.";
        }

        var detail = problem.Detail ?? problem.Title ?? $"The server answered {problem.Status}.";
        var faults = problem.Errors?.SelectMany(error => error.Value.Where(text => text.Length > 0).Select(text => (Field: error.Key, Text: text))).ToList() ?? [];

        // The server's detail is usually the same faults again, without their fields.
        var more = faults.Aggregate(detail, (rest, fault) => rest.Replace(fault.Text, "", StringComparison.Ordinal));
        return faults.Count > 0 && string.IsNullOrWhiteSpace(more)
            ? string.Join('\n', faults.Select(fault => $"{fault.Field}: {fault.Text}"))
            : string.Join('\n', faults.Where(fault => !detail.Contains(fault.Text, StringComparison.Ordinal)).Select(fault => $"{fault.Field}: {fault.Text}").Prepend(detail));
    }

    public void Dispose() => http.Dispose();
}
