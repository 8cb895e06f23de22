/* SPDX-License-Identifier: MIT */
/* A board: the only code that knows port bases, IRQ numbers, PCI slots and device order. */
#ifndef LATHE_DEVICES_PC_BOARD_H
#define LATHE_DEVICES_PC_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/pc/input_queue.h"
#include "devices/pc/machine.h"

struct board;
struct error;
struct machine;

/* Guest memory that the board takes besides what machine_config says of RAM and ROMs. */
uint64_t board_memory_bytes(const struct machine_config *config);

/* Builds chips, processor and wiring around the machine's memory, maps and clock, and registers their state.
 * NULL with *err. */
struct board *board_new(struct machine *machine, struct error *err);
void board_free(struct board *board);

/* RST#: every chip; the processor is reset with it. */
void board_reset(struct board *board);

/* INIT#: the processor alone. */
void board_reset_cpu(struct board *board);

/* Keys, mouse, serial bytes, media, power button. */
void board_apply(struct board *board, const struct input *input);

size_t board_serial_room(const struct board *board, unsigned port);
bool board_keyboard_is_drained(const struct board *board);
struct media *board_medium(const struct board *board, enum machine_drive drive);
struct vga *board_video(struct board *board);

#endif
