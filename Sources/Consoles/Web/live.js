// The newest picture of the station, how old it is, and whether the station is still there.
import { clock } from "./dom.js";
import { listen } from "./stream.js";

// Heartbeats come every 2 s: after two missed ones, and within 5 s, the station counts as lost; after one when the connection broke, too.
const lostAfter = 4300;
const lostAfterBreak = 2500;

// change(): called when there is something new to show, and when the station is lost or back. broken(): the connection is gone.
export function follow(change, broken = () => {}) {
  const live = { view: null, viewAt: 0, station: "connecting", heardAt: clock(), isBroken: false };
  live.state = () => {
    if (clock() - live.heardAt > (live.isBroken ? lostAfterBreak : lostAfter)) return live.view ? "lost" : "connecting";
    return live.station;
  };
  listen((message) => {
    live.isBroken = message.kind === "broken";
    if (live.isBroken) return broken();
    live.heardAt = message.at;
    if (message.kind === "view") {
      live.view = message.view;
      live.viewAt = message.at;
    } else {
      live.station = message.heartbeat.station;
    }
    change();
  });
  let shown = "";
  setInterval(() => {
    if (live.state() === shown) return;
    shown = live.state();
    change();
  }, 300);
  return live;
}
