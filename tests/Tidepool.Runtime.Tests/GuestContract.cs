using System.Net;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Tests;

/// <summary>What a runtime with real guests promises besides, seen from inside them.</summary>
public abstract class GuestContract : WorkspaceRuntimeContract
{
    /// <summary>Runs a shell script as the guest's root and gives what it printed; the test fails if it does.</summary>
    protected abstract Task<string> InsideAsync(InstanceName name, string script);

    /// <summary>Makes the guest deaf to every request to end.</summary>
    protected abstract Task HangAsync(InstanceName name);

    [Fact]
    public async Task The_editor_answers_and_files_outlive_a_stop_and_a_start()
    {
        var spec = await EditingAsync();
        await InsideAsync(spec.Name, "echo kept >/home/dev/kept.txt");
        await Runtime.StopAsync(spec.Name, TimeSpan.FromSeconds(20), Token);

        // A late create does not make it again.
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        await UntilEditorAnswersAsync(spec.Name);
        Assert.Equal("kept", (await InsideAsync(spec.Name, "cat /home/dev/kept.txt")).Trim());
    }

    [Fact]
    public async Task A_guest_sees_its_name_and_its_limits_and_nothing_else_of_ours()
    {
        var spec = await EditingAsync(spec => spec with { Cpus = 1, MemoryMiB = 768 });
        Assert.Equal("contract", (await InsideAsync(spec.Name, "hostname")).Trim());
        Assert.Equal(
            ["TIDEPOOL_WORKSPACE_NAME=contract", "VSCODE_PROXY_URI=./port/{{port}}/"],
            (await InsideAsync(spec.Name, "cat /run/tidepool/env")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Equal("1", (await InsideAsync(spec.Name, "nproc")).Trim());
        Assert.Equal("fits", (await InsideAsync(spec.Name, Taking(200))).Trim());
        Assert.Equal("too much", (await InsideAsync(spec.Name, Taking(900))).Trim());

        static string Taking(int mebibytes) => $"python3 -c \"b'x' * ({mebibytes} << 20)\" 2>/dev/null && echo fits || echo too much";
    }

    [Fact]
    public async Task A_copy_has_the_files_and_an_identity_of_its_own()
    {
        var original = await EditingAsync();
        await InsideAsync(original.Name, "echo work >/home/dev/work.txt; sync");
        var copy = Spec() with { Image = null, Workspace = WorkspaceName.Parse("copied"), Environment = new Dictionary<string, string> { ["TIDEPOOL_WORKSPACE_NAME"] = "copied" } };
        await Runtime.CloneAsync(original.Name, copy, Token);
        await Runtime.StartAsync(copy.Name, Token);
        await UntilEditorAnswersAsync(copy.Name);

        Assert.Equal("work", (await InsideAsync(copy.Name, "cat /home/dev/work.txt")).Trim());
        Assert.Equal("copied", (await InsideAsync(copy.Name, "hostname")).Trim());
        Assert.NotEqual(await InsideAsync(original.Name, "cat /etc/machine-id"), await InsideAsync(copy.Name, "cat /etc/machine-id"));
        Assert.Equal("work", (await InsideAsync(original.Name, "cat /home/dev/work.txt")).Trim());
    }

    [Fact]
    public async Task A_guest_that_shuts_itself_down_ends_as_stopped()
    {
        var spec = await EditingAsync();
        await InsideAsync(spec.Name, "(sleep 0.5; poweroff) >/dev/null 2>&1 &");

        // A runtime may answer with old news for a moment.
        await UntilAsync("it is stopped", async () => await Runtime.ObserveAsync(spec.Name, Token) is { State: InstanceState.Stopped, StoppedBy: StopCause.Guest } stopped ? stopped : null);
    }

    [Fact]
    public async Task A_guest_that_heeds_no_request_is_ended_by_force()
    {
        var spec = await EditingAsync();
        await HangAsync(spec.Name);
        await Runtime.StopAsync(spec.Name, TimeSpan.FromSeconds(2), Token);
        Assert.Equal(InstanceState.Stopped, (await Runtime.ObserveAsync(spec.Name, Token))?.State);
    }

    [Fact]
    public async Task What_a_guest_says_on_its_console_can_be_read()
    {
        var spec = await EditingAsync();
        await InsideAsync(spec.Name, "echo words on the console >/dev/console");
        string? position = null;
        var read = "";
        await UntilAsync("the console says it", async () =>
        {
            var output = await Runtime.ReadConsoleAsync(spec.Name, position, Token);
            position = output.Position;
            read += System.Text.Encoding.UTF8.GetString(output.Bytes.Span);
            return read.Contains("words on the console", StringComparison.Ordinal) ? read : null;
        });
        Assert.Equal(0, (await Runtime.ReadConsoleAsync(spec.Name, position, Token)).Bytes.Length);
    }

    protected async Task<InstanceSpec> EditingAsync(Func<InstanceSpec, InstanceSpec>? change = null)
    {
        var spec = change is null ? Spec() : change(Spec());
        await Runtime.CreateAsync(spec, Token);
        await Runtime.StartAsync(spec.Name, Token);
        await UntilEditorAnswersAsync(spec.Name);
        return spec;
    }

    protected async Task<InstanceObservation> UntilEditorAnswersAsync(InstanceName name)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        var last = "it has no address";
        try
        {
            return await UntilAsync($"the editor of {name} answers", async () =>
            {
                if (await Runtime.ObserveAsync(name, Token) is not { Address: { } address } seen)
                {
                    return null;
                }

                try
                {
                    using var answer = await http.GetAsync(new Uri($"http://{address}:8080/healthz"), Token);
                    last = $"{address} answered {answer.StatusCode}";
                    return answer.StatusCode == HttpStatusCode.OK ? seen : null;
                }
                catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
                {
                    last = $"{address}: {fault.Message}";
                    return null;
                }
            });
        }
        catch (TimeoutException timeout)
        {
            // A guest that never came up is rare and gone with the test: what it said last is all that can tell why.
            // Without terminal orders, which a report in XML has no place for.
            var console = string.Concat(System.Text.Encoding.UTF8.GetString((await Runtime.ReadConsoleAsync(name, null, Token)).Bytes.Span).Where(c => c == '\n' || !char.IsControl(c)));
            throw new TimeoutException($"{timeout.Message} Seen last: {last}; {await Runtime.ObserveAsync(name, Token)}. Its console ends:\n{console[Math.Max(0, console.Length - 6000)..]}", timeout);
        }
    }
}
