// The whole panel above its board: settings in stable memory, queue in kept memory, self-test, trial and update.
#include "panel.h"

#define TRIAL_MS 120000
#define CHECKED_PER_SLICE 32
#define SETTINGS_FORMAT 0x5002
#define BOOT_FORMAT 0xB001

enum { NOBODY, SETTINGS, BOOT, UPDATE };
static Store settings_store, boot_store;
static uint8_t owner;
static bool is_checking, on_trial, is_confirming, is_activating, restart_wanted;
static uint32_t trial_ends;
static uint16_t running;
static struct {
  uint8_t header[128];
  bool is_found;
  uint32_t next, left;
  SHA256 hash;
} check;

static void note(uint16_t bit, bool failed) {
  if (failed) panel.about[ABOUT_SELF_TEST] |= bit;
  else panel.about[ABOUT_SELF_TEST] &= (uint16_t)~bit;
}

void firmware_save_settings(void) {
  uint8_t payload[24] = {0};
  put16(payload, SETTINGS_FORMAT);
  payload[2] = panel.settings.address, payload[3] = panel.settings.silent;
  put16(payload + 4, panel.settings.baud_code);
  put16(payload + 6, panel.settings.epoch);
  put16(payload + 8, panel.settings.boot_count);
  store_save(&settings_store, payload);
}

static void save_boot_record(uint8_t confirmed, uint8_t trial, uint8_t tries) {
  uint8_t payload[24] = {0};
  put16(payload, BOOT_FORMAT);
  payload[2] = confirmed, payload[3] = trial, payload[4] = tries;
  store_save(&boot_store, payload);
}

static bool load_settings(Settings *settings) {
  unsigned damaged;
  if (!store_load(&settings_store, board.layout.settings, &damaged)) return false;
  if (damaged) note(TEST_SETTINGS, true);
  const uint8_t *payload = settings_store.payload;
  *settings = (Settings){payload[2], payload[3], be16(payload + 4), be16(payload + 6), be16(payload + 8)};
  if (be16(payload) != SETTINGS_FORMAT || settings->address < 1 || settings->address > 247 || !panel_baud(settings->baud_code)) return false;
  // Each save that did not survive may have raised the epoch, and presses may have been shown under it.
  for (; damaged; damaged--) settings->epoch = settings->epoch == 0xFFFF ? 1 : settings->epoch + 1;
  return true;
}

static void start_check(void) {
  uint32_t slot = slot_address(running);
  for (unsigned index = 0; index < sizeof check.header; index++) check.header[index] = memory_read(slot + index);
  check.is_found = header_mismatch(check.header, running) == 0;
  check.left = be32(check.header + 12);
  check.next = slot + 0x200;
  sha256_start(&check.hash);
  is_checking = true;
}

static void step_check(void) {
  bool is_good = check.is_found;
  if (is_good) {
    for (unsigned count = 0; count < CHECKED_PER_SLICE && check.left; count++, check.left--) sha256_update(&check.hash, memory_read(check.next++));
    if (check.left) return;
    uint8_t sum[32];
    sha256_finish(&check.hash, sum);
    for (unsigned index = 0; index < 32; index++)
      if (sum[index] != check.header[32 + index]) is_good = false;
  }
  note(TEST_IMAGE, !is_good);
  is_checking = false;
}

static void set_line(void) { modbus_set(panel.settings.address, panel_baud(panel.settings.baud_code)); }

void firmware_start(uint16_t entropy) {
  unsigned damaged;
  running = board.layout.slot_bytes == 0 ? NO_SLOT : panel.about[7];
  panel.about[7] = running;
  note(TEST_UNFINISHED, true);
  boot_store = (Store){.page = board.layout.boot, .result = -1};
  if (running <= 1) {
    bool has_record = store_load(&boot_store, board.layout.boot, &damaged);
    const uint8_t *record = boot_store.payload;
    on_trial = has_record && be16(record) == BOOT_FORMAT && record[2] <= 1 && record[3] == running && record[3] != record[2];
    panel.about[ABOUT_TRIAL] = on_trial;
    trial_ends = now + TRIAL_MS;
    start_check();
  }
  update_start(running);
  update.on_trial = on_trial;
  Settings settings;
  bool has_settings = load_settings(&settings), was_shown = false;
  uint16_t epoch;
  bool was_kept = queue_restore(&epoch, &was_shown);
  if (was_kept) {
    // What was shown under that epoch still waits, whatever the settings say.
    if (!has_settings) settings = (Settings){.address = 247, .baud_code = 1};
    settings.epoch = epoch;
    has_settings = true;
  }
  panel_start(has_settings ? &settings : NULL, was_kept, was_shown, entropy);
  set_line();
  queue_keep();
  clock_keep();
  firmware_settle();
}

void firmware_settle(void) {
  if (queue.is_dirty) queue_keep();
  lamps_apply();
  if (panel.wants_line_change) {
    panel.wants_line_change = false;
    set_line();
    board_open_line(panel_baud(panel.settings.baud_code));
  }
}

// Memory operations, one at a time.
static void use_memory(void) {
  if (owner != NOBODY) {
    int result = memory_finished();
    if (result != MEMORY_BUSY) {
      bool succeeded = result == MEMORY_DONE;
      if (owner == SETTINGS) store_finished(&settings_store, succeeded);
      else if (owner == BOOT) store_finished(&boot_store, succeeded);
      else update_finished(succeeded);
      owner = NOBODY;
    }
  }
  // Not while an answer is due or under way: some flash memories stop the processor, and the answer with it.
  if (owner != NOBODY || modbus_is_sending()) return;
  if (store_has_work(&settings_store)) {
    owner = SETTINGS;
    store_begin(&settings_store);
  } else if (store_has_work(&boot_store)) {
    owner = BOOT;
    store_begin(&boot_store);
  } else if (update_has_work() && !modbus_is_listening()) {
    owner = UPDATE;
    update_begin_operation();
  }
}

static void boot_record_written(bool succeeded) {
  if (is_activating) {
    // Once only: from here on the processor starts again, or the update has failed.
    restart_wanted = succeeded;
    is_activating = succeeded;
    if (!succeeded) update_activation_failed();
  } else if (succeeded) {
    on_trial = update.on_trial = false;
    panel.about[ABOUT_TRIAL] = 0;
  } else {
    // Tried again until the trial ends.
    is_confirming = false;
  }
}

static void work(void) {
  use_memory();
  int result = store_outcome(&settings_store);
  if (result >= 0) {
    note(TEST_SETTINGS, !result);
    panel_saved(result);
  }
  result = store_outcome(&boot_store);
  if (result >= 0) boot_record_written(result);
  if (is_checking) step_check();
  else if (update_is_verifying()) update_slice();
  if ((panel.about[ABOUT_SELF_TEST] & TEST_UNFINISHED) && !is_checking && !store_is_busy(&settings_store)) note(TEST_UNFINISHED, false);
  if (on_trial && !is_confirming) {
    if (panel.about[ABOUT_SELF_TEST] == 0 && panel.host_heard) {
      is_confirming = true;
      save_boot_record((uint8_t)running, 0xFF, 0);
    } else if (reached(trial_ends)) {
      on_trial = false;
      restart_wanted = true;
    }
  }
  if (update.wants_activation && !is_activating) {
    is_activating = true;
    save_boot_record((uint8_t)running, (uint8_t)(1 - running), 1);
  }
  if (restart_wanted && owner == NOBODY && !modbus_is_sending() && !store_is_busy(&settings_store) && !store_is_busy(&boot_store)) board_restart();
}

void firmware_tick(void) {
  panel_advance();
  modbus_tick();
  clock_keep();
  work();
  firmware_settle();
}
