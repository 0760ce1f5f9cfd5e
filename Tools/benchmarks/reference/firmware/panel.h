// The call panel's firmware in plain C: the reference that Tools/bench measures the Swift firmware against, with the same pins, the same
// EEPROM and, byte for byte, the same answers. Not a product. What it does is described where the product is: Protocols/CallPanel/README.md
// and Protocols/FirmwareUpdate/README.md.
#ifndef PANEL_H
#define PANEL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUTTONS 8
#define BUTTON_MASK 0xFF

// Time: milliseconds. `clock_ms` goes on over a reset; `now` is its lower half, compared by differences.
extern uint64_t clock_ms;
#define now ((uint32_t)clock_ms)
static inline bool reached(uint32_t instant) { return (int32_t)(now - instant) >= 0; }

// --- board.c, eeprom.c, start.c: what a board gives ------------------------------------------------------------------------------------
typedef struct {
  uint32_t page_bytes, settings, boot, slot0, slot1, slot_bytes;
} Layout;
typedef struct {
  uint16_t number;  // as image headers have it
  Layout layout;
  uint8_t key[32];  // Ed25519, of who signs images
} Board;
extern const Board board;
void board_lamp(unsigned button, bool on);
void board_buzzer(bool on);
void board_open_line(uint32_t baud);
void board_send(const uint8_t *bytes, unsigned count);
void board_restart(void) __attribute__((noreturn));

// Memory that survives a loss of power; one operation at a time.
uint8_t memory_read(uint32_t address);
void memory_erase(uint32_t page);
void memory_write(const uint8_t *bytes, unsigned count, uint32_t address);
enum { MEMORY_BUSY, MEMORY_FAILED, MEMORY_DONE };
int memory_finished(void);

// Memory that survives a reset.
#define KEPT_WORDS (2 * 3 + 2 * (5 + 4 * 32))
extern volatile uint32_t kept_words[KEPT_WORDS];

// --- modbus.c --------------------------------------------------------------------------------------------------------------------------
enum { ILLEGAL_FUNCTION = 1, ILLEGAL_ADDRESS = 2, ILLEGAL_VALUE = 3, DEVICE_BUSY = 6 };
typedef struct {
  uint8_t function;
  uint16_t start, count;              // what is read, or written by 05, 06, 0F, 10 and 16
  uint16_t write_start, write_count;  // 17 only
} Request;
void modbus_set(uint8_t address, uint32_t baud);
void modbus_hear(uint8_t byte);
void modbus_line_error(void);
void modbus_transmitted(void);
bool modbus_is_listening(void);
bool modbus_is_sending(void);
// Answers when the silence after a request is over.
void modbus_tick(void);

uint16_t crc16(const uint8_t *bytes, unsigned count);
static inline uint16_t crc16_byte(uint16_t crc, uint8_t byte) {
  // Eight bits at once: what they shift in is their parity (in C001), and themselves in two places.
  uint32_t bits = (crc ^ byte) & 0xFF;
  uint32_t parity = 0x6996u >> ((bits ^ bits >> 4) & 15) & 1;
  return (uint16_t)(crc >> 8 ^ bits << 6 ^ bits << 7 ^ (0xC001 & (0u - parity)));
}
uint32_t crc32_byte(uint32_t crc, uint8_t byte);

// --- registers.c: the panel as registers; an int is 0 or the exception -------------------------------------------------------------------
int panel_begin(const Request *request, bool is_for_all);
int panel_input(uint16_t address, uint16_t *value);
int panel_discrete(uint16_t address, bool *value);
int panel_holding(uint16_t address, uint16_t *value);
int panel_check(uint16_t address, uint16_t value);
void panel_set(uint16_t address, uint16_t value);
void panel_wrote(const Request *request);
unsigned panel_identification(uint8_t object, uint8_t *to);
void panel_name_version(void);

// --- panel.c ---------------------------------------------------------------------------------------------------------------------------
typedef struct {
  uint8_t address, silent;
  uint16_t baud_code, epoch, boot_count;
} Settings;
typedef struct {
  uint8_t kind, button;
  uint32_t sequence;
  uint64_t at;
} Event;
enum { PRESS = 1, RELEASE, LONG_PRESS, AGAIN };
enum { OFF, FAST_BLINK, SLOW_BLINK, STEADY, COMING, FAULT };

typedef struct {
  uint32_t unit;
  Settings settings;
  // A bit for each button.
  uint8_t closed, stuck, chatters;
  uint16_t lines;  // two bits for each button: 1 open, 2 short
  bool tamper, restart_unseen, restart_shown, restart_told, is_for_all, changed, silence_noted, host_heard;
  bool wants_line_change;
  uint16_t supply_mv;
  uint8_t reset_cause;
  uint16_t about[16];
  uint16_t order[8];
  // A new address that waits for a finger.
  bool armed;
  uint32_t armed_at;
  uint16_t pending_address, pending_baud;
  // Saving.
  bool saving, save_again, retrying;
  uint8_t failed_saves;
  uint32_t retry_at;
  bool epoch_stored;
  uint16_t shown_epoch;
  uint64_t started_at;
} Panel;
extern Panel panel;
#define ABOUT_SELF_TEST 8
#define ABOUT_TRIAL 9
enum { TEST_IMAGE = 1, TEST_SETTINGS = 2, TEST_RAM = 4, TEST_CONVERTER = 8, TEST_UNFINISHED = 0x8000 };

void panel_start(const Settings *stored, bool queue_kept, bool epoch_shown, uint16_t entropy);
void panel_advance(void);
void panel_contacts(uint8_t closed);
void panel_line(unsigned button, uint16_t code);
void panel_tamper(bool open);
void panel_host_spoke(void);
void panel_save(void);
void panel_saved(bool succeeded);
uint32_t panel_baud(uint16_t code);  // 0: no such code

// --- lamps.c ---------------------------------------------------------------------------------------------------------------------------
extern bool lamps_host_silent;
void lamps_start(void);
void lamps_advance(void);
// Does at the pins what has changed.
void lamps_apply(void);
unsigned lamps_shown(unsigned button);
uint32_t lamps_all_shown(void);
void lamps_show(unsigned stage, unsigned button);
void lamps_confirm(unsigned button);
void lamps_set_host_silent(bool silent);
void lamps_set_muted(bool muted);
void lamps_silence_changed(void);
void lamps_identify(unsigned seconds);
unsigned lamps_identify_seconds(void);

// --- queue.c ---------------------------------------------------------------------------------------------------------------------------
#define QUEUE_PLACES 32
typedef struct {
  Event events[QUEUE_PLACES];
  uint32_t last_sequence;
  uint16_t dropped;
  uint8_t count;
  bool is_dirty;  // the kept copy is old
} Queue;
extern Queue queue;
void queue_start_over(void);
void queue_press(unsigned button, uint64_t at);
void queue_append(unsigned kind, unsigned button, uint64_t at);
bool queue_holds_press(unsigned button);
void queue_acknowledge(uint32_t sequence);
void queue_renumber(uint32_t offset);
// Copies in kept memory.
void queue_keep(void);
bool queue_restore(uint16_t *epoch, bool *was_shown);
void clock_keep(void);
bool clock_restore(uint64_t *instant);

// --- store.c: a record of 24 bytes in two pages --------------------------------------------------------------------------------------
typedef struct {
  uint32_t page, place, sequence;
  uint8_t step, tries;
  bool is_erased, is_outdated;
  int8_t result;  // -1 unknown, 0 failed, 1 done
  uint8_t payload[24], record[32];
} Store;
bool store_load(Store *store, uint32_t page, unsigned *damaged);
void store_save(Store *store, const uint8_t payload[24]);
bool store_has_work(const Store *store);
bool store_is_busy(const Store *store);
void store_begin(Store *store);
void store_finished(Store *store, bool succeeded);
int store_outcome(Store *store);

// --- update.c --------------------------------------------------------------------------------------------------------------------------
#define NO_SLOT 0xFFFF
enum { UPDATE_IDLE, UPDATE_RECEIVING, UPDATE_VERIFYING, UPDATE_READY, UPDATE_FAILED };
typedef struct {
  uint16_t state, refusal, next_block, blocks, percent, slot;
  bool on_trial, wants_activation;
} Update;
extern Update update;
void update_start(uint16_t running);
void update_begin(const uint8_t header[128]);
void update_take(uint16_t number, const uint8_t block[64]);
void update_order(uint16_t command);
bool update_is_ready(void);
bool update_has_work(void);
bool update_is_verifying(void);
void update_advance(void);
void update_begin_operation(void);
void update_finished(bool succeeded);
void update_slice(void);
void update_activation_failed(void);
int header_mismatch(const uint8_t header[128], uint16_t slot);
uint32_t slot_address(uint16_t slot);

// --- sha2.c, ed25519.c -----------------------------------------------------------------------------------------------------------------
typedef struct {
  uint32_t state[8], block[16], length;
} SHA256;
void sha256_start(SHA256 *hash);
void sha256_update(SHA256 *hash, uint8_t byte);
void sha256_finish(SHA256 *hash, uint8_t digest[32]);
typedef struct {
  uint64_t state[8], block[16];
  uint32_t length;
} SHA512;
void sha512_start(SHA512 *hash);
void sha512_update(SHA512 *hash, uint8_t byte);
void sha512_finish(SHA512 *hash, uint8_t digest[64]);
void ed25519_begin(const uint8_t key[32], const uint8_t signature[64]);
void ed25519_update(uint8_t byte);
// -1 while more is to do, else whether the signature is good.
int ed25519_step(void);

// --- firmware.c ------------------------------------------------------------------------------------------------------------------------
void firmware_start(uint16_t entropy);
void firmware_tick(void);
// Keeps what has changed, then shows it: to be called before anything else can be seen from outside.
void firmware_settle(void);
void firmware_save_settings(void);

static inline uint16_t be16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t be32(const uint8_t *at) { return (uint32_t)be16(at) << 16 | be16(at + 2); }
static inline void put16(uint8_t *at, uint32_t value) { at[0] = (uint8_t)(value >> 8), at[1] = (uint8_t)value; }
static inline void put32(uint8_t *at, uint32_t value) { put16(at, value >> 16), put16(at + 2, value); }
#endif
