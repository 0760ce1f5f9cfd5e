// Contacts, supervised lines, settings and the new address that waits for a finger.
#include "panel.h"

#define PRESS_MS 20
#define RELEASE_MS 50
#define UNREST_MS 500
#define LONG_MS 3000
#define STUCK_MS 60000
#define CHATTER_MS 10000
#define TRANSITIONS 11
#define HOST_SILENCE_MS 10000
#define HOLD_MS 5000
#define ARMED_MS 60000
#define SAVE_RETRY_MS 1000
#define SAVES_BEFORE_GIVING_UP 3

Panel panel;

typedef struct {
  uint32_t closed_since, raw_since, restless_since;
  // The newest transitions: more than ten within the window are chatter.
  uint64_t transitions[TRANSITIONS];
  uint8_t transition_count, oldest;
  uint64_t last_queued_press;
  bool has_queued_press;
  // Line.
  uint8_t candidate, seen;
} Contact;
static Contact contacts[BUTTONS];
// A bit for each button.
static uint8_t raw, restless, long_reported;
static uint32_t host_heard_at;
static uint16_t entropy;

uint32_t panel_baud(uint16_t code) {
  static const uint32_t rates[] = {9600, 19200, 38400, 57600, 115200, 4800};
  return code < 6 ? rates[code] : 0;
}

// The moment that was `now` at that tick, as it goes on over a reset.
static uint64_t moment(uint32_t tick) { return clock_ms - (now - tick); }

void panel_start(const Settings *stored, bool queue_kept, bool epoch_shown, uint16_t chance) {
  panel.started_at = clock_ms;
  host_heard_at = now;
  panel_name_version();
  entropy = chance;
  if (stored) {
    panel.settings = *stored;
  } else {
    // Which epochs were used is lost: go on in a range of its own, at a place drawn by chance.
    panel.settings = (Settings){.address = 247, .baud_code = 1, .epoch = (uint16_t)(0x4000 | (chance & 0x3FFF))};
  }
  panel.settings.boot_count++;
  lamps_start();
  panel.order[6] = panel.order[7] = 0xFFFF;
  panel.restart_unseen = panel.changed = true;
  panel.restart_shown = panel.restart_told = false;
  if (queue_kept && stored) {
    panel.epoch_stored = epoch_shown;
    for (unsigned button = 1; button <= BUTTONS; button++)
      if (queue_holds_press(button)) lamps_show(FAST_BLINK, button);
  } else {
    queue_start_over();
    panel.settings.epoch = panel.settings.epoch == 0xFFFF ? 1 : panel.settings.epoch + 1;
  }
  panel.shown_epoch = panel.settings.epoch;
  panel_save();
}

static void pressed(unsigned button, uint64_t at) {
  unsigned bit = 1u << (button - 1);
  Contact *contact = &contacts[button - 1];
  if ((panel.chatters & bit) && contact->has_queued_press &&
      (queue_holds_press(button) || clock_ms - contact->last_queued_press < CHATTER_MS))
    return;
  contact->has_queued_press = true;
  contact->last_queued_press = clock_ms;
  queue_press(button, at);
  lamps_confirm(button);
  unsigned shown = lamps_shown(button);
  if ((shown == OFF || shown == FAULT) && !(panel.settings.silent & bit)) {
    lamps_show(FAST_BLINK, button);
    panel.changed = true;
  }
}

static void note_transition(Contact *contact, uint8_t bit, uint64_t at) {
  if (contact->transition_count < TRANSITIONS) {
    contact->transitions[(contact->oldest + contact->transition_count++) % TRANSITIONS] = at;
  } else {
    contact->transitions[contact->oldest] = at;
    contact->oldest = (contact->oldest + 1) % TRANSITIONS;
  }
  if (contact->transition_count == TRANSITIONS && at - contact->transitions[contact->oldest] <= CHATTER_MS && !(panel.chatters & bit)) {
    panel.chatters |= bit;
    panel.changed = true;
  }
}

static void advance_contact(unsigned index) {
  Contact *contact = &contacts[index];
  uint8_t bit = (uint8_t)(1 << index);
  bool is_pressed = false, is_released = false, is_long = false;
  uint64_t moved_at = 0;
  if (!(panel.closed & bit)) {
    if ((raw & bit) && reached(contact->raw_since + PRESS_MS)) {
      is_pressed = true;
      contact->closed_since = contact->raw_since;
    } else if ((restless & bit) && reached(contact->restless_since + UNREST_MS)) {
      // It never rests: it counts as pressed, and as chattering.
      is_pressed = true;
      contact->closed_since = contact->restless_since;
      if (!(panel.chatters & bit)) panel.changed = true;
      panel.chatters |= bit;
    } else if ((restless & bit) && !(raw & bit) && reached(contact->raw_since + RELEASE_MS)) {
      restless &= ~bit;
    }
    if (is_pressed) {
      panel.closed |= bit;
      restless &= ~bit;
      long_reported &= ~bit;
      moved_at = moment(contact->closed_since);
      note_transition(contact, bit, moved_at);
    }
  } else if (!(raw & bit) && reached(contact->raw_since + RELEASE_MS)) {
    is_released = true;
    panel.closed &= ~bit;
    restless &= ~bit;
    moved_at = moment(contact->raw_since);
    if (panel.stuck & bit) panel.changed = true;
    panel.stuck &= ~bit;
    note_transition(contact, bit, moved_at);
  }
  if ((panel.closed & ~long_reported & bit) && reached(contact->closed_since + LONG_MS)) {
    long_reported |= bit;
    is_long = true;
  }
  if ((panel.closed & ~panel.stuck & bit) && reached(contact->closed_since + STUCK_MS)) {
    panel.stuck |= bit;
    panel.changed = true;
  }
  if ((panel.chatters & bit) && reached(contact->raw_since + CHATTER_MS)) {
    panel.chatters &= ~bit;
    contact->transition_count = 0;
    panel.changed = true;
  }
  if (is_pressed) pressed(index + 1, moved_at);
  // A chattering contact is told of by its flag; its further edges would only push others out of the queue.
  if (panel.chatters & bit) return;
  if (is_long) queue_append(LONG_PRESS, index + 1, moment(contact->closed_since) + LONG_MS);
  if (is_released) queue_append(RELEASE, index + 1, moved_at);
}

static void advance_configuration(void) {
  for (unsigned index = 0; index < BUTTONS; index++) {
    uint32_t since = contacts[index].closed_since;
    if ((panel.closed >> index & 1) && (int32_t)(since - panel.armed_at) >= 0 && reached(since + HOLD_MS)) {
      panel.armed = false;
      panel.settings.address = (uint8_t)panel.pending_address;
      panel.settings.baud_code = panel.pending_baud;
      panel.wants_line_change = true;
      panel.changed = true;
      panel_save();
      return;
    }
  }
  if (reached(panel.armed_at + ARMED_MS)) panel.armed = false;
}

void panel_advance(void) {
  lamps_advance();
  update_advance();
  if (panel.retrying && reached(panel.retry_at)) {
    panel.retrying = false;
    panel_save();
  }
  if (!lamps_host_silent && reached(host_heard_at + HOST_SILENCE_MS)) {
    panel.silence_noted = true;
    lamps_set_host_silent(true);
  }
  unsigned active = raw | panel.closed | restless | panel.chatters;
  for (unsigned index = 0; active >> index; index++)
    if (active >> index & 1) advance_contact(index);
  if (panel.armed) advance_configuration();
}

void panel_contacts(uint8_t closed) {
  unsigned changes = closed ^ raw;
  raw = closed;
  for (unsigned index = 0; changes >> index; index++) {
    if (!(changes >> index & 1)) continue;
    contacts[index].raw_since = now;
    if ((panel.closed | restless) >> index & 1) continue;
    restless |= (uint8_t)(1 << index);
    contacts[index].restless_since = now;
  }
}

void panel_line(unsigned button, uint16_t code) {
  Contact *contact = &contacts[button - 1];
  unsigned shift = 2 * (button - 1);
  // An end-of-line resistor holds the input in the middle: 12 bits; a cut lets it rise, a short pulls it down.
  unsigned line = code < 410 ? 2 : code > 3685 ? 1 : 0;
  if (line == (panel.lines >> shift & 3u)) {
    contact->seen = 0;
    return;
  }
  contact->seen = line == contact->candidate && contact->seen ? contact->seen + 1 : 1;
  contact->candidate = (uint8_t)line;
  if (contact->seen < 3) return;
  panel.lines = (uint16_t)((panel.lines & ~(3u << shift)) | line << shift);
  contact->seen = 0;
  panel.changed = true;
}

void panel_tamper(bool open) {
  if (panel.tamper != open) panel.changed = true;
  panel.tamper = open;
}

void panel_host_spoke(void) {
  panel.host_heard = true;
  host_heard_at = now;
  lamps_set_host_silent(false);
}

void panel_save(void) {
  if (panel.saving) {
    panel.save_again = true;
    return;
  }
  panel.saving = true;
  panel.save_again = false;
  firmware_save_settings();
}

void panel_saved(bool succeeded) {
  if (!panel.saving) return;
  panel.saving = false;
  if (succeeded) {
    panel.failed_saves = 0;
    if (!panel.epoch_stored) queue.is_dirty = true;
    panel.epoch_stored = true;
    if (panel.save_again) panel_save();
    return;
  }
  if (panel.failed_saves < 0xFF) panel.failed_saves++;
  panel.retrying = true;
  panel.retry_at = now + SAVE_RETRY_MS;
  if (panel.failed_saves < SAVES_BEFORE_GIVING_UP || panel.epoch_stored) return;
  // Calls go before bookkeeping: an epoch and numbers drawn by chance, which are not stored, keep presses apart.
  panel.shown_epoch = 0x8000 | (entropy & 0x7FFF);
  queue_renumber((now * 1000) & 0x0FFFFFFF);
  panel.epoch_stored = true;
}
