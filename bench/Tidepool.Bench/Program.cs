using System.Globalization;
using Tidepool.Bench;

if (args is not [var state, var apiPort, var workspacePort, var password, var runs])
{
    await Console.Error.WriteLineAsync("usage: Tidepool.Bench STATE API-PORT WORKSPACE-PORT PASSWORD-FILE RUNS; bench/create-to-ide calls it.");
    return 2;
}

var secret = (await File.ReadAllTextAsync(password)).Trim();
using var bare = new BareIncus(state);
using var tidepool = new WholeTidepool(int.Parse(apiPort, CultureInfo.InvariantCulture), int.Parse(workspacePort, CultureInfo.InvariantCulture), secret);
await bare.LearnAsync();
await CreateToIde.RunAsync(bare, tidepool, state, int.Parse(runs, CultureInfo.InvariantCulture));
return 0;
