"use strict";

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
  formatTime(milliseconds) {
    return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(milliseconds));
  },
};

if (typeof WebAssembly !== "object") {
  document.getElementById("loading").textContent =
    "This browser cannot run WebAssembly, which this page is made with. A current Firefox, Chrome, Edge or Safari can.";
}
