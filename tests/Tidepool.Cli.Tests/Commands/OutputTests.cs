using Microsoft.Extensions.Time.Testing;
using Tidepool.Cli.Commands;
using Tidepool.Cli.Workspaces;
using Tidepool.Contracts;
using Tidepool.Host.Processes;
using Tidepool.Host.State;
using Tidepool.Runtime;

namespace Tidepool.Cli.Tests.Commands;

public sealed class OutputTests : IDisposable
{
    private static readonly WorkspaceResponse Demo = new(
        "ws_1", "demo", null, "default", WorkspaceStatus.Running, DesiredState.Running, 2, 4096, Isolation.Container, "10.0.0.2", "http://localhost:8081/workspace/demo/", [], null, null,
        DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, null, null);

    private readonly CapturedScreen screen = new();

    [Fact]
    public void The_list_is_the_agreed_one()
    {
        ListCommand.Show(screen.Screen, [
            Demo,
            Demo with { Name = "fresh", Status = WorkspaceStatus.Creating, Isolation = null, Url = null, MemoryMiB = 1536, Progress = new ProgressResponse(2, 4, "Booting") },
            Demo with { Name = "broken", Status = WorkspaceStatus.Error, Error = new ErrorResponse("boot", "It did not boot [in time].") },
        ], json: false);

        Assert.Equal(
            """
            NAME    STATUS        CPUS  MEMORY    ISOLATION  URL
            demo    running       2     4 GiB     container  http://localhost:8081/workspace/demo/
            fresh   creating 2/4  2     1536 MiB  -          -
            broken  error         2     4 GiB     container  It did not boot [in time].

            """,
            screen.Output);
    }

    [Fact]
    public void An_empty_list_says_how_to_begin()
    {
        ListCommand.Show(screen.Screen, [], json: false);
        Assert.Equal("No workspaces yet; `tidepool new NAME` makes one.\n", screen.Output);
    }

    [Fact]
    public void The_activity_is_the_agreed_one()
    {
        ActivityCommand.Show(screen.Screen, [
            new ActivityResponse(2, "ws_1", "demo", "create", "system", "succeeded", null, 1234, DateTimeOffset.UnixEpoch.AddSeconds(2)),
            new ActivityResponse(1, "ws_1", "demo", "create", "user", "requested", "From here.", null, DateTimeOffset.UnixEpoch),
        ], new FakeTimeProvider());
        ActivityCommand.Show(screen.Screen, [], new FakeTimeProvider());

        Assert.Equal(
            """
            WHEN                 WORKSPACE  WHAT    BY      OUTCOME    TOOK   DETAIL
            1970-01-01 00:00:02  demo       create  system  succeeded  1.2 s
            1970-01-01 00:00:00  demo       create  user    requested  -      From here.
            Nothing yet.

            """,
            screen.Output);
    }

    [Fact]
    public void A_log_gives_a_terminal_no_orders()
    {
        LogsCommand.Show(screen.Screen, [
            new LogLineResponse(DateTimeOffset.UnixEpoch, "lifecycle", "Making the disk: done", 153.4),
            new LogLineResponse(DateTimeOffset.UnixEpoch, "console", "\u001b]0;owned\u0007\u001b[2J\u001b[31mred\u001b[0m\tand \u009b1mbold\u001bc \u0008\u202edne", null),
        ], new FakeTimeProvider());

        Assert.Equal(
            """
            1970-01-01 00:00:00 lifecycle Making the disk: done (153 ms)
            1970-01-01 00:00:00 console   red and bold \u0008\u202edne

            """,
            screen.Output);
    }

    [Fact]
    public void The_list_of_ports_is_the_agreed_one()
    {
        PortCommand.Show(screen.Screen, "demo", [
            new PortResponse(3000, "web", "http://localhost:8081/workspace/demo/port/3000/", StripPrefix: true, Answers: true),
            new PortResponse(5173, null, "http://localhost:8081/workspace/demo/port/5173/", StripPrefix: false, Answers: false),
        ], json: false);
        PortCommand.Show(screen.Screen, "demo", [], json: false);

        Assert.Equal(
            """
            PORT  LABEL  ANSWERS  PATH      URL
            3000  web    yes      stripped  http://localhost:8081/workspace/demo/port/3000/
            5173  -      not yet  whole     http://localhost:8081/workspace/demo/port/5173/
            No ports yet; `tidepool port add demo PORT` registers one.

            """,
            screen.Output);
    }

    [Fact]
    public void The_list_of_ports_as_JSON_is_as_the_API_gives_it()
    {
        PortCommand.Show(screen.Screen, "demo", [new PortResponse(3000, "web", null, StripPrefix: true, Answers: true)], json: true);
        PortCommand.Show(screen.Screen, "demo", [], json: true);
        Assert.Equal("""[{"port":3000,"label":"web","stripPrefix":true,"answers":true}]""" + "\n[]\n", screen.Output);
    }

    [Fact]
    public void The_names_alone_are_one_a_line()
    {
        ListCommand.ShowNames(screen.Screen, [Demo, Demo with { Name = "two" }]);
        Assert.Equal("demo\ntwo\n", screen.Output);
    }

    [Fact]
    public void The_capacity_is_shown_as_agreed()
    {
        CapacityCommand.Show(
            screen.Screen,
            new CapacityResponse(
                new(20_480, 8, 81_920),
                new(5632, 4, 3072),
                new(14_848, 4, 78_848),
                [
                    new("ws_1", "demo", WorkspaceStatus.Running, 4096, 2, 1024, DateTimeOffset.UnixEpoch.AddMinutes(-5)),
                    new("ws_2", "fresh", WorkspaceStatus.Creating, 1536, 2, 1024, null),
                    new("ws_3", "old", WorkspaceStatus.Stopped, 0, 0, 1024, DateTimeOffset.UnixEpoch.AddDays(-3)),
                ],
                new LeastRecentlyAccessedResponse("ws_1", "demo", DateTimeOffset.UnixEpoch.AddMinutes(-5))),
            new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch));

        Assert.Equal(
            """
            RESOURCE  IN USE   OF        LEFT
            memory    5.5 GiB  20.0 GiB  14.5 GiB
            cores     4        8         4
            disk      3.0 GiB  80.0 GiB  77.0 GiB

            NAME   STATUS    CPUS  MEMORY   DISK     LAST USED
            demo   running   2     4.0 GiB  1.0 GiB  5 min ago
            fresh  creating  2     1.5 GiB  1.0 GiB  never
            old    stopped   -     -        1.0 GiB  3 d ago

            Of those that run, demo was used least recently: it is the one to stop where room is needed.

            """,
            screen.Output);
    }

    [Fact]
    public void The_list_as_JSON_is_JSON_however_long_it_is()
    {
        ListCommand.Show(screen.Screen, [Demo, Demo with { Name = "two" }], json: true);
        using var document = System.Text.Json.JsonDocument.Parse(screen.Output);
        Assert.Equal(["demo", "two"], document.RootElement.EnumerateArray().Select(w => w.GetProperty("name").GetString()));
    }

    [Fact]
    public void The_status_is_the_agreed_one()
    {
        StatusCommand.Show(
            screen.Screen,
            new Settings(),
            RuntimesRegistration.Runtimes.Parse("qemu"),
            [
                new ProcessRow("supervisor", new ProcessIdentity(10, 1), "running", TimeSpan.FromHours(3), 40L << 20, 0, null),
                new ProcessRow("worker", null, "failing", TimeSpan.Zero, 0, 9, "worker ended 8 times."),
            ],
            new HealthResponse("unhealthy", [new("database", true, null), new("worker", false, "It has not reported yet.")]));

        Assert.Equal(
            """
            PROCESS     STATE    PID  UPTIME     MEMORY  RESTARTS
            supervisor  running  10   3 h 0 min  40 MiB  0
            worker      failing  -    -          -       9

            Address   http://localhost:8080/app/
            Runtime   QEMU (auto)
            Health    unhealthy
                      worker: It has not reported yet.
                      worker ended 8 times.

            """,
            screen.Output);
    }

    [Fact]
    public void A_step_is_shown_with_its_progress() =>
        Assert.Equal("demo: step 2 of 4, Booting", WorkspaceWait.Describe(Demo with { Status = WorkspaceStatus.Starting, Progress = new ProgressResponse(2, 4, "Booting") }));

    [Fact]
    public void Log_lines_carry_the_time_where_the_reader_is()
    {
        LogsCommand.Show(screen.Screen, [new LogLineResponse(DateTimeOffset.UnixEpoch, "lifecycle", "Booting", 12.4)], new Microsoft.Extensions.Time.Testing.FakeTimeProvider());
        Assert.Equal("1970-01-01 00:00:00 lifecycle Booting (12 ms)\n", screen.Output);
    }

    public void Dispose() => screen.Dispose();
}
