// The alarm of the desk. A browser lets a page sound only after somebody pressed something on it, so "start duty" unlocks it; a lock shared by
// the tabs lets one of them sound. The patterns are looped buffers: no timer that a browser could slow down in the background.

const state = { context: null, wanted: "none", playing: "none", node: null, holdsLock: !navigator.locks, release: null, elsewhere: false };
let changed = () => {};

export function onSoundChange(listener) {
  changed = listener;
}

// "on": this tab sounds. "elsewhere": another tab does. "blocked": nobody would hear a call. "broken": there is no sound at all.
export function soundStatus() {
  if (state.context?.state === "running") return state.holdsLock ? "on" : "elsewhere";
  if (state.elsewhere) return "elsewhere";
  return window.AudioContext ? "blocked" : "broken";
}

export async function unlockSound() {
  if (!window.AudioContext) return;
  if (!state.context) {
    state.context = new AudioContext();
    state.context.addEventListener("statechange", settle);
  }
  try {
    await state.context.resume();
  } catch {
    // Stays blocked, and the banner stays.
  }
  settle();
}

// pattern: "none", "fault" or "call".
export function sound(pattern) {
  state.wanted = pattern;
  settle();
}

function settle() {
  const running = state.context?.state === "running";
  if (running && !state.holdsLock && !state.release) takeLock();
  if (!running && state.release) {
    state.release();
    state.release = null;
    state.holdsLock = false;
  }
  const next = running && state.holdsLock ? state.wanted : "none";
  if (next !== state.playing) play(next);
  changed();
}

function takeLock() {
  navigator.locks.request("linli-sound", { ifAvailable: true }, (lock) => {
    if (!lock) return undefined;
    state.holdsLock = true;
    const held = new Promise((resolve) => (state.release = resolve));
    settle();
    return held;
  });
}

// Another tab may have begun or gone: looked at every two seconds, which also takes the sound over from a tab that was closed.
async function lookAround() {
  if (navigator.locks) {
    const held = (await navigator.locks.query()).held ?? [];
    state.elsewhere = !state.holdsLock && held.some((lock) => lock.name === "linli-sound");
  }
  settle();
}
lookAround();
setInterval(lookAround, 2000);

function play(pattern) {
  state.node?.stop();
  state.node = null;
  state.playing = pattern;
  if (pattern === "none") return;
  const node = state.context.createBufferSource();
  node.buffer = pattern === "call" ? tones(2, [[0, 0.3, 950], [0.3, 0.6, 720], [0.6, 0.9, 950], [0.9, 1.2, 720]]) : tones(10, [[0, 0.18, 520], [0.26, 0.44, 520]]);
  node.loop = true;
  node.connect(state.context.destination);
  node.start();
  state.node = node;
}

// One period of a pattern: [from second, to second, hertz].
function tones(seconds, parts) {
  const rate = state.context.sampleRate;
  const buffer = state.context.createBuffer(1, Math.round(seconds * rate), rate);
  const samples = buffer.getChannelData(0);
  for (const [from, to, hertz] of parts) {
    for (let index = Math.round(from * rate); index < Math.round(to * rate); index += 1) {
      const at = index / rate;
      const edge = Math.min(1, (at - from) / 0.01, (to - at) / 0.01);
      samples[index] = 0.7 * edge * Math.tanh(3 * Math.sin(2 * Math.PI * hertz * at));
    }
  }
  return buffer;
}
