// What this board is, in a file of its own: no function is compiled for it alone.
#include "panel.h"

const Board board = {
    .number = 1,
    .layout = {.page_bytes = 1024, .settings = 0x80000000, .boot = 0x80000800, .slot0 = 0x400, .slot1 = 0, .slot_bytes = 0},
    .key = {MAKERS_KEY},
};
