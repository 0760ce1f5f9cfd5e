// Registers of the LM3S6965, by their names in the data sheet (Boards/lm3s6965evb/LM3S6965.swift has the sections), and what start.c offers.
#ifndef LM3S6965_H
#define LM3S6965_H
#include "panel.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR REGISTER(0xE000E010)
#define SYST_RVR REGISTER(0xE000E014)
#define SYST_CVR REGISTER(0xE000E018)
#define NVIC_ISER0 REGISTER(0xE000E100)
#define VTOR REGISTER(0xE000ED08)
#define AIRCR REGISTER(0xE000ED0C)
#define CFSR REGISTER(0xE000ED28)

#define CORE_HERTZ 50000000u
#define RIS REGISTER(0x400FE050)
#define RESC REGISTER(0x400FE05C)
#define RCC REGISTER(0x400FE060)
#define RCGC0 REGISTER(0x400FE100)
#define RCGC1 REGISTER(0x400FE104)
#define RCGC2 REGISTER(0x400FE108)
#define USER_REG0 REGISTER(0x400FE1E0)
#define USER_REG1 REGISTER(0x400FE1E4)

#define PORT_A 0x40004000u
#define PORT_B 0x40005000u
#define PORT_C 0x40006000u
#define PORT_D 0x40007000u
#define PORT_E 0x40024000u
#define PORT_F 0x40025000u
// Bits 9...2 of the address say which pins are read or written.
#define PINS(port, mask) REGISTER((port) + ((uint32_t)(mask) << 2))
#define DIR(port) REGISTER((port) + 0x400)
#define AFSEL(port) REGISTER((port) + 0x420)
#define ODR(port) REGISTER((port) + 0x50C)
#define PUR(port) REGISTER((port) + 0x510)
#define DEN(port) REGISTER((port) + 0x51C)

#define UARTDR REGISTER(0x4000C000)
#define UARTFR REGISTER(0x4000C018)
#define UARTIBRD REGISTER(0x4000C024)
#define UARTFBRD REGISTER(0x4000C028)
#define UARTLCRH REGISTER(0x4000C02C)
#define UARTCTL REGISTER(0x4000C030)
#define UARTIM REGISTER(0x4000C038)
#define UARTICR REGISTER(0x4000C044)

#define I2CMSA REGISTER(0x40020000)
#define I2CMCS REGISTER(0x40020004)
#define I2CMDR REGISTER(0x40020008)
#define I2CMTPR REGISTER(0x4002000C)
#define I2CMCR REGISTER(0x40020020)

#define TIMER_CFG REGISTER(0x40030000)
#define TIMER_TAMR REGISTER(0x40030004)
#define TIMER_CTL REGISTER(0x4003000C)
#define TIMER_TAILR REGISTER(0x40030028)

#define ADC_ACTSS REGISTER(0x40038000)
#define ADC_EMUX REGISTER(0x40038014)
#define ADC_SSMUX3 REGISTER(0x400380A0)
#define ADC_SSCTL3 REGISTER(0x400380A4)
#define ADC_SSFIFO3 REGISTER(0x400380A8)
#define ADC_SSFSTAT3 REGISTER(0x400380AC)

#define WDTLOAD REGISTER(0x40000000)
#define WDTCTL REGISTER(0x40000008)
#define WDTICR REGISTER(0x4000000C)
#define WDTLOCK REGISTER(0x40000C00)

void eeprom_open(void);
void uart_handler(void);
void tick_handler(void);
// Main loop; never returns.
void board_run(bool memory_is_good) __attribute__((noreturn));

// What failed last, in memory that no start clears.
typedef struct {
  uint32_t magic, cause, program_counter, link_register, count, restart, sum;
} FaultRecord;
enum { CAUSE_TRAP = 1, CAUSE_BUS, CAUSE_USAGE, CAUSE_PROTECTION, CAUSE_WATCHDOG, CAUSE_STACK };
// Zero when there is none.
FaultRecord fault_record(void);
void fault_note_started(void);
void fault_restart(uint32_t cause, uint32_t program_counter, uint32_t link_register) __attribute__((noreturn));
bool stack_is_whole(void);
extern uint32_t _image_start;
#endif
