// Runs before the editor, in its page. The editor tries for hours to reach a server that was stopped; this says what happened instead.
const root = new URL(import.meta.url).pathname.match(/^\/workspace\/[a-z0-9-]+\//)[0];
let dialog = null;
let checking = false;

const show = ({ title, text, link, url }) => {
  if (dialog) return;
  dialog = document.createElement("dialog");
  dialog.setAttribute("role", "alertdialog");
  dialog.setAttribute("aria-label", title);
  dialog.style.cssText = "max-width: 30rem; padding: 1.5rem; border: 1px solid #52646d; border-radius: 14px; background: #ffffff; color: #16242b; font: 16px/1.5 system-ui, sans-serif";
  const add = (tag, content, style) => {
    const element = dialog.appendChild(document.createElement(tag));
    element.textContent = content;
    element.style.cssText = style;
    return element;
  };
  add("h1", title, "font-size: 1.25rem; margin: 0 0 .5rem");
  add("p", text, "margin: 0 0 1rem");
  add("a", link, "color: #0b6b7d; font-weight: 600; margin-right: 1.5rem").href = url;
  add("button", "Stay in this tab", "font: inherit; color: #16242b; background: none; border: 1px solid #52646d; border-radius: 8px; padding: .25rem .75rem").onclick = () => dialog.close();
  document.body.append(dialog);
  dialog.showModal();
};

const hide = () => {
  dialog?.remove();
  dialog = null;
};

// What Tidepool answers in the place of a workspace has this header; no workspace can send it.
const check = async () => {
  if (checking) return;
  checking = true;
  for (let again = true; again;) {
    try {
      const answer = await fetch(root + "healthz", { cache: "no-store", headers: { Accept: "application/json" } });
      const page = answer.headers.get("X-Tidepool-Page");
      if (page === "final") show(await answer.json());
      else hide();
      again = page !== null;
    } catch {
      // Tidepool itself does not answer just now.
    }
    if (again) await new Promise((done) => setTimeout(done, 1000));
  }
  checking = false;
};

globalThis.WebSocket = class extends globalThis.WebSocket {
  constructor(...address) {
    super(...address);
    this.addEventListener("close", check);
  }
};

await import(import.meta.url + "?editor");
