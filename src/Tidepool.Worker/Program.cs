using Tidepool.Worker.Hosting;

return args is ["halt" or "purge", ..]
    ? await WorkerHost.RunOnceAsync(args[0], args[1..])
    : await WorkerHost.RunAsync(args);
