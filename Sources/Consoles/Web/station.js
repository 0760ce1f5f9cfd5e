// Follows the station: the newest view of the visits, and whether it can still be believed.
import { clock } from "./dom.js";
import { listen } from "./stream.js";

// Heartbeats come every 2 s: after two missed ones, and within 5 s, the station counts as lost; after one when the connection broke, too.
const lostAfter = 4300;
const lostAfterBreak = 2500;

// changed(): a view or a heartbeat came, or the station was lost. broke(): the connection is gone, and is being made again.
// Answers {view, viewAt, heardTime, liveness()}: "connecting", "starting", "live", "lost".
export function follow(changed, broke = () => {}) {
  let station = "connecting";
  let heardAt = clock();
  let broken = false;
  let shown = "";
  const link = { view: null, viewAt: 0, heardTime: null, liveness };

  function liveness() {
    if (clock() - heardAt > (broken ? lostAfterBreak : lostAfter)) return link.view ? "lost" : "connecting";
    return station === "live" && !link.view ? "starting" : station;
  }

  function tell() {
    shown = liveness();
    changed(link);
  }

  listen((message) => {
    broken = message.kind === "broken";
    if (broken) return broke();
    heardAt = message.at;
    link.heardTime = new Date(Date.now() - (clock() - message.at));
    if (message.kind === "view") [link.view, link.viewAt] = [message.view, message.at];
    else station = message.heartbeat.station;
    tell();
  });
  setInterval(() => {
    if (liveness() !== shown) tell();
  }, 300);
  return link;
}

export function timeText(time) {
  return time ? time.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false }) : "";
}
