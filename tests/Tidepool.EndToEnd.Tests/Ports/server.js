// What the tests play a dev server with: node server.js PORT
"use strict";

const { createHash, randomUUID } = require("node:crypto");
const { createServer } = require("node:http");
const { WebSocketServer } = require("/usr/lib/code-server/node_modules/ws");

const port = Number(process.argv[2]);
const connections = new WeakMap();

const page = `<!doctype html>
<title>Port ${port}</title>
<h1>Port ${port} listens</h1>
<p>Events: <b id="events">0</b></p>
<p>Messages: <b id="messages">0</b></p>
<script>
  window.breaks = [];
  const count = (id) => { const place = document.getElementById(id); place.textContent = Number(place.textContent) + 1; };
  const events = new EventSource("events");
  events.onmessage = () => count("events");
  events.onerror = () => breaks.push("events");
  const socket = new WebSocket(new URL("socket", location.href.replace(/^http/, "ws")));
  socket.onmessage = () => { count("messages"); setTimeout(() => socket.readyState === WebSocket.OPEN && socket.send("ping"), 100); };
  socket.onopen = () => socket.send("ping");
  socket.onclose = () => breaks.push("socket");
</script>`;

const routes = {
  "/": (request, response) => response.writeHead(200, { "Content-Type": "text/html" }).end(page),

  "/told": (request, response) => json(response, { url: request.url, headers: request.headers }),

  // Which TCP connection the request came by.
  "/connection": (request, response) => {
    if (!connections.has(request.socket)) connections.set(request.socket, randomUUID());
    json(response, { connection: connections.get(request.socket), version: request.httpVersion });
  },

  "/events": (request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    let number = 0;
    const timer = setInterval(() => response.write(`data: ${++number}\n\n`), 100);
    response.on("close", () => clearInterval(timer));
  },

  "/upload": async (request, response) => {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of request) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    json(response, { bytes, sha256: hash.digest("hex") });
  },

  "/download": async (request, response) => {
    const left = Number(new URL(request.url, "http://here").searchParams.get("mib"));
    const chunk = Buffer.alloc(1024 * 1024);
    response.writeHead(200, { "Content-Type": "application/octet-stream" });
    for (let number = 0; number < left; number++) {
      chunk.fill(number);
      if (!response.write(Buffer.from(chunk))) await new Promise((resolve) => response.once("drain", resolve));
    }
    response.end();
  },
};

function json(response, value) {
  response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

// Asked with the whole path or without it, it answers the same.
const pathOf = (request) => new URL(request.url, "http://here").pathname.replace(/^\/workspace\/[^/]+\/port\/\d+/, "");

const server = createServer((request, response) => {
  const route = routes[pathOf(request)];
  if (route) route(request, response);
  else response.writeHead(404).end();
});
new WebSocketServer({ server }).on("connection", (socket) => socket.on("message", (message) => socket.send(String(message))));
server.listen(port, "0.0.0.0");
