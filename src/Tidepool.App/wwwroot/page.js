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
    if (!dialog || dialog.open) return;
    dialog.showModal();
    // A name that was suggested gives way to the first letter that is typed.
    dialog.querySelector("input[autofocus]")?.select();
  },
  closeDialog(id) {
    const dialog = document.getElementById(id);
    if (dialog && dialog.open) dialog.close();
  },
  go(url) {
    // A page that the browser kept as it was would still be on its way out.
    window.addEventListener("pageshow", (event) => event.persisted && window.location.reload(), { once: true });
    window.location.assign(url);
  },
  openWhenReady(name) {
    try {
      if (name) sessionStorage.setItem("open-when-ready", name);
      else sessionStorage.removeItem("open-when-ready");
    } catch {
      // The user's browser keeps nothing for pages: a reload forgets it.
    }
  },
  toOpenWhenReady() {
    try {
      return sessionStorage.getItem("open-when-ready");
    } catch {
      return null;
    }
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

// When the element that has the focus goes away, the focus moves to the nearest element that is left, not to the beginning of the page.
{
  let held = [];
  const lost = () => document.activeElement === document.body && held.length > 0;
  const isThere = (element) => element.isConnected && element.checkVisibility();
  const recover = () => {
    if (!lost() || isThere(held[0])) return;
    for (const near of held.filter(isThere)) {
      const targets = [...near.querySelectorAll(":is(h1, h2)[tabindex]"), ...near.querySelectorAll("a[href], button:not(:disabled), input, select, summary")];
      const target = targets.find(isThere);
      if (target) {
        target.focus({ preventScroll: true });
        return;
      }
    }
  };
  document.addEventListener("focusin", (event) => {
    held = [];
    for (let element = event.target; element instanceof Element; element = element.parentElement) held.push(element);
  });
  document.addEventListener("focusout", () => setTimeout(() => {
    // The user left it; it may go away later without taking the focus along.
    if (lost() && isThere(held[0])) held = [];
  }));
  document.addEventListener("close", () => setTimeout(recover), true);
  new MutationObserver(recover).observe(document.documentElement, { childList: true, subtree: true });
}

if (typeof WebAssembly !== "object") {
  document.getElementById("loading").textContent =
    "This browser cannot run WebAssembly, which this page is made with. A current Firefox, Chrome, Edge or Safari can.";
}
