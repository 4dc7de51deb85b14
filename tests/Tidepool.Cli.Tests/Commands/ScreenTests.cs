namespace Tidepool.Cli.Tests.Commands;

public sealed class ScreenTests
{
    private const string Orders = "\u001b]52;c;cHduZWQ=\u0007\u001b[31mred";

    [Fact]
    public void No_order_reaches_the_terminal()
    {
        var screen = new CapturedScreen("");
        screen.Screen.Line(Orders + "\nnext");
        screen.Screen.Detail(Orders);
        screen.Screen.Step(1, 2, Orders);
        screen.Screen.Error(Orders);
        screen.Screen.Table(["name"], [[Orders]]);
        Assert.DoesNotContain('\u001b', screen.Output);
        Assert.DoesNotContain('\u0007', screen.Output);
        Assert.Contains("red\nnext\n", screen.Output, StringComparison.Ordinal);
    }
}
