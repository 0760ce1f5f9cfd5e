// Brings the station's events to this tab: through the SharedWorker where there is one; else one tab of the browser (whoever holds the lock)
// opens the stream and passes it on to the others.
import { clock } from "./dom.js";
import { Newest, openStream } from "./events.js";

// receive(message): as `openStream` tells it, with `at`, when it was heard.
export function listen(receive) {
  const hear = (message) => receive({ ...message, at: clock() - (message.age ?? 0) });
  if (window.SharedWorker) return listenToWorker(hear);
  if (navigator.locks && window.BroadcastChannel) return listenToLeader(hear);
  openStream(hear);
}

function listenToWorker(hear) {
  const worker = new SharedWorker("/stream-worker.js", { name: "linli-stream", type: "module" });
  worker.port.onmessage = (event) => hear(event.data);
  worker.port.postMessage("hello");
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", () => worker.port.postMessage("hello"));
}

function listenToLeader(hear) {
  const channel = new BroadcastChannel("linli-stream");
  const newest = new Newest();
  let leads = false;
  channel.onmessage = (event) => {
    if (event.data !== "hello") hear(event.data);
    else if (leads) for (const message of newest.all()) channel.postMessage(message);
  };
  channel.postMessage("hello");
  navigator.locks.request("linli-stream", () => {
    leads = true;
    openStream((message) => {
      newest.keep(message);
      channel.postMessage(message);
      hear(message);
    });
    // Held until the tab goes: then the next one leads.
    return new Promise(() => {});
  });
}
