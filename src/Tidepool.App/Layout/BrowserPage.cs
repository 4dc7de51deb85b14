using Microsoft.JSInterop;

namespace Tidepool.App.Layout;

/// <summary>The few things that only the browser's own script can do.</summary>
internal sealed class BrowserPage(IJSRuntime script)
{
    /// <summary>
    /// Opens a native dialog: the browser keeps the focus inside, and Escape closes it. The text of a field that is to have the focus
    /// is selected.
    /// </summary>
    public async ValueTask ShowDialogAsync(string id)
    {
        // What an event's handler has changed is rendered once the handler first waits.
        await Task.Yield();
        await script.InvokeVoidAsync("tidepool.showDialog", id);
    }

    public ValueTask CloseDialogAsync(string id) => script.InvokeVoidAsync("tidepool.closeDialog", id);

    /// <summary>
    /// Notes for this tab whose editor to open as soon as it is ready; null for none. A reload keeps the note. It is in no address, so
    /// the browser's Back does not bring it again.
    /// </summary>
    public ValueTask OpenWhenReadyAsync(string? workspace) => script.InvokeVoidAsync("tidepool.openWhenReady", workspace);

    /// <summary>The name of the workspace whose editor to open; null for none.</summary>
    public ValueTask<string?> ToOpenWhenReadyAsync() => script.InvokeAsync<string?>("tidepool.toOpenWhenReady");

    /// <summary>Leaves for another origin in this tab.</summary>
    public ValueTask GoAsync(string url) => script.InvokeVoidAsync("tidepool.go", url);

    /// <summary>Puts a text where the user can paste it from. Whether the browser let it.</summary>
    public ValueTask<bool> CopyAsync(string text) => script.InvokeAsync<bool>("tidepool.copy", text);

    /// <summary>A time as this browser's owner writes it, in their own zone.</summary>
    public ValueTask<string> FormatTimeAsync(DateTimeOffset at) => script.InvokeAsync<string>("tidepool.formatTime", at.ToUnixTimeMilliseconds());
}
