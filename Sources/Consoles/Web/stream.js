// Brings the station's events to this tab: through the SharedWorker where there is one; else one tab of the browser (whoever holds the lock)
// opens the stream and passes it on to the others.
import { clock } from "./dom.js";

export function listen(receive) {
  if (window.SharedWorker) return listenToWorker(receive);
  if (navigator.locks && window.BroadcastChannel) return listenToLeader(receive);
  openStream(receive);
}

function listenToWorker(receive) {
  const worker = new SharedWorker("/stream-worker.js", { name: "linli-stream" });
  worker.port.onmessage = (event) => receive(event.data);
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", () => worker.port.postMessage("hello"));
}

function listenToLeader(receive) {
  const channel = new BroadcastChannel("linli-stream");
  const last = {};
  let leads = false;
  channel.onmessage = (event) => {
    if (event.data !== "hello") receive(event.data);
    else if (leads) for (const message of Object.values(last)) channel.postMessage(message);
  };
  channel.postMessage("hello");
  navigator.locks.request("linli-stream", () => {
    leads = true;
    openStream((message) => {
      last[message.kind] = message;
      channel.postMessage(message);
      receive(message);
    });
    // Held until the tab goes: then the next one leads.
    return new Promise(() => {});
  });
}

function openStream(receive) {
  let heard = clock();
  let source = connect();
  function connect() {
    const made = new EventSource("/api/events");
    for (const kind of ["view", "heartbeat"]) {
      made.addEventListener(kind, (event) => {
        heard = clock();
        receive({ kind, [kind]: JSON.parse(event.data), at: heard });
      });
    }
    return made;
  }
  setInterval(() => {
    if (source.readyState !== EventSource.CLOSED && clock() - heard < 6000) return;
    source.close();
    heard = clock();
    source = connect();
  }, 1000);
}
