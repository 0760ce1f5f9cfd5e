lm3s6965evb_CPU := m3
lm3s6965evb_NUMBER := 1
# No boot loader: QEMU models no writing of this flash. The only image lies behind a few instructions.
lm3s6965evb_SLOTS := 0
lm3s6965evb_SLOT0 := 0x400
lm3s6965evb_SLOT0_OFFSET := 0x400
lm3s6965evb_SLOT_SIZE := 0x3FC00
lm3s6965evb_STACK := 0x2000
lm3s6965evb_STATE := 0x1600
