// One event stream for all tabs of this browser (a SharedWorker). Tabs come and go; what was last heard is told to each newcomer.
"use strict";

const silenceLimit = 6000;
const pages = new Set();
let lastView = null;
let lastHeartbeat = null;
let lastHeard = 0;
let source = null;

const clock = () => performance.timeOrigin + performance.now();

function tell(message) {
  for (const page of pages) page.postMessage(message);
}

function open() {
  source?.close();
  lastHeard = clock();
  source = new EventSource("/api/events");
  source.addEventListener("view", (event) => {
    lastHeard = clock();
    lastView = { kind: "view", view: JSON.parse(event.data), at: lastHeard };
    tell(lastView);
  });
  source.addEventListener("heartbeat", (event) => {
    lastHeard = clock();
    lastHeartbeat = { kind: "heartbeat", heartbeat: JSON.parse(event.data), at: lastHeard };
    tell(lastHeartbeat);
  });
}

// The browser reconnects after a broken connection, but not after a refused one, and does not notice a half-dead one.
setInterval(() => {
  if (source.readyState === EventSource.CLOSED || clock() - lastHeard > silenceLimit) open();
}, 1000);

self.onconnect = (event) => {
  const page = event.ports[0];
  pages.add(page);
  page.onmessage = (message) => {
    if (message.data === "bye") pages.delete(page);
    if (message.data === "hello") pages.add(page);
  };
  if (lastView) page.postMessage(lastView);
  if (lastHeartbeat) page.postMessage(lastHeartbeat);
};

open();
