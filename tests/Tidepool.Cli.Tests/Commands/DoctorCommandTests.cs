using Tidepool.Cli.Commands;
using Tidepool.Host;
using Tidepool.Host.Doctor;

namespace Tidepool.Cli.Tests.Commands;

public sealed class DoctorCommandTests
{
    [Fact]
    public void Its_output_is_a_table_and_what_to_do_next()
    {
        using var screen = new CapturedScreen();
        var exit = DoctorCommand.Show(screen.Screen, [
            CheckResult.Ok(CheckCodes.System, "System", "Linux, x64"),
            CheckResult.Warn(CheckCodes.Memory, "Memory", "4.0 GiB in all; 6.0 GiB or more are better.", "Give workspaces less."),
            CheckResult.Fail(CheckCodes.Health, "Health", "caddy: It does not answer.", "It is tried again by itself. If it stays so, `tidepool logs --component worker` shows why."),
        ]);

        Assert.Equal(ExitCodes.Failed, exit);
        Assert.Equal(
            """
                  CODE         CHECK   SEEN
            ok    TP-HOST-001  System  Linux, x64
            warn  TP-HOST-004  Memory  4.0 GiB in all; 6.0 GiB or more are better.
            fail  TP-RUN-003   Health  caddy: It does not answer.

            TP-HOST-004 warn: Memory. 4.0 GiB in all; 6.0 GiB or more are better.
                Give workspaces less.

            TP-RUN-003 fail: Health. caddy: It does not answer.
                It is tried again by itself. If it stays so, `tidepool logs --component worker` shows why.

            1 of 3 checks failed. docs/doctor.md explains each code.

            """,
            screen.Output);
    }
}
