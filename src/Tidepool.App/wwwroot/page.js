"use strict";

// A page whose own address has a password cannot fetch anything, and shows the password to everyone near the screen. The browser has
// signed in with it by now, so the same address without it works.
{
  const address = new URL(document.baseURI);
  if (address.username || address.password) {
    window.stop();
    window.location.replace(window.location.protocol + "//" + window.location.host + window.location.pathname + window.location.search + window.location.hash);
  }
}

window.tidepool = {
  showDialog(id) {
    const dialog = document.getElementById(id);
    if (dialog && !dialog.open) dialog.showModal();
  },
  closeDialog(id) {
    const dialog = document.getElementById(id);
    if (dialog && dialog.open) dialog.close();
  },
  go(url) {
    window.location.assign(url);
  },
  async copy(text) {
    // The clipboard is there only in secure contexts, which plain http on a network is not.
    if (navigator.clipboard) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        // Not allowed; the old way may be.
      }
    }

    const before = document.activeElement;
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    before?.focus();
    return copied;
  },
  formatTime(milliseconds) {
    return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(milliseconds));
  },
};

if (typeof WebAssembly !== "object") {
  document.getElementById("loading").textContent =
    "This browser cannot run WebAssembly, which this page is made with. A current Firefox, Chrome, Edge or Safari can.";
}
