using Microsoft.JSInterop;

namespace Tidepool.App.Layout;

/// <summary>The few things that only the browser's own script can do.</summary>
internal sealed class BrowserPage(IJSRuntime script)
{
    /// <summary>Opens a native dialog: the browser keeps the focus inside, and Escape closes it.</summary>
    public ValueTask ShowDialogAsync(string id) => script.InvokeVoidAsync("tidepool.showDialog", id);

    public ValueTask CloseDialogAsync(string id) => script.InvokeVoidAsync("tidepool.closeDialog", id);

    /// <summary>Leaves for another origin in this tab.</summary>
    public ValueTask GoAsync(string url) => script.InvokeVoidAsync("tidepool.go", url);

    /// <summary>Puts a text where the user can paste it from. Whether the browser let it.</summary>
    public ValueTask<bool> CopyAsync(string text) => script.InvokeAsync<bool>("tidepool.copy", text);

    /// <summary>A time as this browser's owner writes it, in their own zone.</summary>
    public ValueTask<string> FormatTimeAsync(DateTimeOffset at) => script.InvokeAsync<string>("tidepool.formatTime", at.ToUnixTimeMilliseconds());
}
