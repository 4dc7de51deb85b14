using Tidepool.Worker.Hosting;

return args is [var verb, ..] && WorkerVerbs.All.TryGetValue(verb, out var run)
    ? await WorkerHost.RunOnceAsync(run, args[1..])
    : await WorkerHost.RunAsync(args);
