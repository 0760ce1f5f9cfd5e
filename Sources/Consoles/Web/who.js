// Posts: what they are called here, and what they may do. A post of the station above is "^" and its id in the calls of the station below.
import { word } from "./words.js";

export const parentMark = "^";

// What this desk's post is called in the call's own station.
export function selfIn(card, post) {
  return card.station === undefined ? post : parentMark + post;
}

export function isOfferedTo(card, post) {
  return card.offeredTo === selfIn(card, post) || (card.station !== undefined && card.offeredTo === parentMark);
}

// What a post may do with a call now; the call's station decides the same way and has the last word. What was asked of a station below and is
// not answered yet is not asked again.
export function allowed(card, post) {
  const self = selfIn(card, post);
  const mine = card.owner === self;
  const active = card.phase === "opened" || card.phase === "acknowledged" || card.phase === "onScene";
  const escalated = card.escalatedTo.includes(self) || (card.station !== undefined && card.escalatedTo.includes(parentMark));
  const may = {
    acknowledge: (card.waits && (!card.owner || mine || escalated)) || card.ownerAway,
    onScene: mine && card.phase === "acknowledged",
    resolve: mine && card.phase === "onScene",
    close: mine && card.phase === "resolved",
    handOver: mine && active && !card.offeredTo,
    accept: isOfferedTo(card, post),
    refuse: isOfferedTo(card, post),
    falseAlarm: active && (!card.owner || mine),
    closeHere: isStray(card),
  };
  for (const { action } of pendingOf(card)) may[action] = false;
  // Its station does not know it, and may have given its number to another call: it can only be closed here.
  if (card.isLost) for (const action of Object.keys(may)) may[action] = action === "closeHere";
  return may;
}

// Its station does not know it any more: it can be closed here.
export function isStray(card) {
  return card.child !== undefined && !card.isLost && card.child.strays.includes(card.id);
}

export function pendingOf(card) {
  return card.child && !card.isLost ? card.child.pending.filter((item) => item.incident === card.id) : [];
}

// A duress call from the room that this desk stands in must not give itself away on its screen or loudspeaker.
export function isQuietHere(card, view, post) {
  return card.silent && card.station === undefined && view.posts.some((entry) => entry.id === post && entry.place === card.place);
}

// child: the station below whose call it is, if it is one's.
export function postName(view, id, child) {
  if (child && !id.startsWith(parentMark)) return `${child.name} ${child.posts.find((post) => post.id === id)?.name ?? id}`;
  if (child) return [word("thisStation"), id.length > 1 && postName(view, id.slice(1))].filter(Boolean).join(" ");
  if (id === parentMark) return word("parent");
  if (id.startsWith(parentMark)) return word("parentPost", { post: id.slice(1) });
  return view.posts.find((post) => post.id === id)?.name ?? id;
}

// Where one calls whoever owns it; stations do not tell their telephone numbers.
export function ownerPhone(card, view, post) {
  if (!card.owner || card.owner === selfIn(card, post)) return undefined;
  const id = card.child ? (card.owner.startsWith(parentMark) ? card.owner.slice(1) : undefined) : card.owner;
  return view.posts.find((entry) => entry.id === id)?.phone;
}

// The place, and whose it is.
export function placeOf(card) {
  return card.child ? `${card.child.name} · ${card.placeName}` : card.placeName;
}
