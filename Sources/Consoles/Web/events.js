// The one connection to the station's event stream, kept up for as long as this page or worker lives.

const silenceLimit = 6000;

// tell({kind: "view", view}), ({kind: "heartbeat", heartbeat}) or ({kind: "broken"}): the connection is gone and is being made again.
export function openStream(tell) {
  let heard = performance.now();
  let source = connect();
  function connect() {
    const made = new EventSource("/api/events");
    for (const kind of ["view", "heartbeat"]) {
      made.addEventListener(kind, (event) => {
        heard = performance.now();
        tell({ kind, [kind]: JSON.parse(event.data), age: 0 });
      });
    }
    made.addEventListener("error", () => tell({ kind: "broken" }));
    return made;
  }
  // The browser reconnects after a broken connection, but not after a refused one, and does not notice a half-dead one.
  setInterval(() => {
    if (source.readyState !== EventSource.CLOSED && performance.now() - heard < silenceLimit) return;
    source.close();
    heard = performance.now();
    source = connect();
  }, 1000);
}

// What was heard last of each kind, for whoever joins later. It is told with its age: the clocks of two tabs need not agree.
export class Newest {
  #kept = new Map();

  keep(message) {
    if (message.kind !== "broken") this.#kept.set(message.kind, { message, at: performance.now() });
  }

  all() {
    return [...this.#kept.values()].map(({ message, at }) => ({ ...message, age: performance.now() - at }));
  }
}
