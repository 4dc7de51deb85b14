using System.Globalization;
using Tidepool.Bench;
using Tidepool.Testing.Guests;

if (args is ["add-agent", var image, var copy])
{
    await GuestAgent.PutIntoAsync(image, copy);
    return 0;
}

if (args is ["attack", var attacked, var seconds])
{
    await LoginStorm.AttackAsync(Number(attacked), TimeSpan.FromSeconds(Number(seconds)));
    return 0;
}

if (args is ["compare", var results, var stored])
{
    return Comparison.Run(results, stored) ? 0 : 1;
}

if (args is ["nothing"])
{
    return 0;
}

if (args is not [var state, var apiPort, var workspacePort, var passwordFile, var name, var amount])
{
    await Console.Error.WriteLineAsync("usage: Tidepool.Bench STATE API-PORT WORKSPACE-PORT PASSWORD-FILE NAME AMOUNT; bench/with-tidepool calls it.");
    return 2;
}

var password = (await File.ReadAllTextAsync(passwordFile)).Trim();
var (api, workspaces, count) = (Number(apiPort), Number(workspacePort), Number(amount));
var figures = new Figures();
using var tidepool = new WholeTidepool(api, workspaces, password);
switch (name)
{
    case "create-to-ide":
        using (var bare = new BareIncus(state))
        {
            await bare.LearnAsync();
            await CreateToIde.RunAsync(bare, tidepool, state, count, figures);
        }

        break;
    case "clone":
        await Clone.RunAsync(tidepool, count, figures);
        break;
    case "qemu-boot":
        await QemuBoot.RunAsync(tidepool, state, count, figures);
        break;
    case "login-storm":
        await LoginStorm.RunAsync(tidepool, api, TimeSpan.FromSeconds(count), figures);
        break;
    case "idle":
        await Idle.RunAsync(tidepool, state, count, figures);
        break;
    case "ls":
        await CommandLine.RunAsync(state, count, figures);
        break;
    default:
        await Console.Error.WriteLineAsync($"There is no benchmark called {name}.");
        return 2;
}

figures.Write();
return 0;

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
