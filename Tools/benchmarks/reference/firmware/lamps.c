// What each button shows and what the buzzer sounds, in beats of 125 ms.
#include "panel.h"

#define BEAT 125
bool lamps_host_silent;
static uint8_t stages[BUTTONS];
static int16_t positions[BUTTONS];
static int16_t loss_position;
static uint8_t confirmation_beats;
static uint16_t identify_beats;
static uint8_t identify_turn;
static bool is_muted, is_beating, is_dirty;
static uint32_t next_beat;
// What the pins show.
static uint8_t lit_pins;
static bool buzzes;

static bool is_silent(unsigned button) { return panel.settings.silent >> (button - 1) & 1; }

unsigned lamps_shown(unsigned button) { return is_silent(button) ? OFF : stages[button - 1]; }

uint32_t lamps_all_shown(void) {
  uint32_t all = 0;
  for (unsigned button = BUTTONS; button > 0; button--) all = all << 4 | lamps_shown(button);
  return all;
}

static bool is_moving(void) {
  if (confirmation_beats || lamps_host_silent || identify_beats) return true;
  for (unsigned index = 0; index < BUTTONS; index++)
    if (stages[index] != OFF && stages[index] != STEADY) return true;
  return false;
}

static void keep_time(void) {
  is_dirty = true;
  bool moving = is_moving();
  if (moving && !is_beating) next_beat = now + BEAT;
  is_beating = moving;
}

void lamps_start(void) {
  for (unsigned index = 0; index < BUTTONS; index++) stages[index] = OFF;
  identify_beats = 0;
  lamps_host_silent = false;
  confirmation_beats = 0;
  is_muted = is_beating = false;
  is_dirty = true;
}

void lamps_show(unsigned stage, unsigned button) {
  if (stages[button - 1] == stage) return;
  stages[button - 1] = (uint8_t)stage;
  // In the middle of a beat, the pattern waits lit for the next one to begin.
  positions[button - 1] = is_beating ? -1 : 0;
  keep_time();
}

void lamps_confirm(unsigned button) {
  if (is_silent(button)) return;
  confirmation_beats = 2;
  keep_time();
}

void lamps_set_host_silent(bool silent) {
  if (silent == lamps_host_silent) return;
  lamps_host_silent = silent;
  loss_position = is_beating ? -1 : 0;
  keep_time();
}

void lamps_set_muted(bool muted) {
  is_muted = muted;
  is_dirty = true;
}

void lamps_silence_changed(void) { is_dirty = true; }

void lamps_identify(unsigned seconds) {
  identify_beats = (uint16_t)(seconds * 8);
  identify_turn = 0;
  keep_time();
}

unsigned lamps_identify_seconds(void) { return (identify_beats + 7u) >> 3; }

static void step(void) {
  // Length of each pattern in beats, and where it goes on after that.
  static const struct {
    uint8_t end, start;
  } loops[] = {{1, 0}, {2, 0}, {8, 0}, {1, 0}, {104, 24}, {16, 0}};
  if (confirmation_beats) confirmation_beats--;
  if (identify_beats) {
    identify_beats--;
    identify_turn = identify_turn + 1 < BUTTONS ? identify_turn + 1 : 0;
  }
  loss_position = loss_position >= 39 ? 0 : loss_position + 1;
  for (unsigned index = 0; index < BUTTONS; index++)
    if (++positions[index] >= loops[stages[index]].end) positions[index] = loops[stages[index]].start;
}

void lamps_advance(void) {
  while (is_beating && reached(next_beat)) {
    step();
    next_beat += BEAT;
    is_beating = is_moving();
    is_dirty = true;
  }
}

static bool is_lit(unsigned stage, int position) {
  switch (stage) {
    case OFF: return lamps_host_silent && loss_position <= 0;
    case FAST_BLINK: return position < 0 || !(position & 1);
    case SLOW_BLINK: return position < 4;
    case FAULT: return position <= 0 || position == 2;
    default: return true;
  }
}

// Three double beeps in the first three seconds, then one every ten seconds.
static bool beeps(int position) {
  switch (position) {
    case 0:
    case 2:
    case 8:
    case 10:
    case 16:
    case 18:
    case 96:
    case 98: return true;
    default: return false;
  }
}

void lamps_apply(void) {
  if (!is_dirty) return;
  is_dirty = false;
  uint8_t lit = 0;
  bool sound = confirmation_beats;
  for (unsigned index = 0; index < BUTTONS; index++) {
    bool on = identify_beats && stages[index] == OFF ? index == identify_turn : is_lit(stages[index], positions[index]);
    if (is_silent(index + 1)) continue;
    if (on) lit |= (uint8_t)(1 << index);
    if (stages[index] == COMING && !is_muted && beeps(positions[index])) sound = true;
  }
  uint8_t changes = lit ^ lit_pins;
  lit_pins = lit;
  for (unsigned index = 0; changes >> index; index++)
    if (changes >> index & 1) board_lamp(index + 1, lit >> index & 1);
  if (sound != buzzes) {
    buzzes = sound;
    board_buzzer(sound);
  }
}
