/* SPDX-License-Identifier: MIT */
/* 8259A programmable interrupt controller, a master and a slave on its IR2. Intel 8259A data sheet
 * (231468), sections "Initialization" and "Operation"; ELCR1 and ELCR2 as in the PIIX3.
 *
 * Deviations: MCS-80/85 mode (ICW4.uPM = 0) answers with the 8086 vector; buffered mode has no effect.
 * With ELCR registers ICW1.LTIM is ignored, as in the PIIX.
 */
#include "devices/chipset/pic_8259.h"

#include "core/base/alloc.h"

enum { ICW1_IC4 = 1 << 0, ICW1_SNGL = 1 << 1, ICW1_LTIM = 1 << 3, ICW1_SELECT = 1 << 4 };
enum { ICW2_VECTOR = 0xF8 };
enum { ICW4_UPM = 1 << 0, ICW4_AEOI = 1 << 1, ICW4_SFNM = 1 << 4 };
enum { OCW2_LEVEL = 0x07, OCW3_SELECT = 1 << 3 };
enum { OCW3_RIS = 1 << 0, OCW3_RR = 1 << 1, OCW3_P = 1 << 2, OCW3_SMM = 1 << 5, OCW3_ESMM = 1 << 6 };
enum { POLL_INT = 1 << 7, NO_LEVEL = 8, SPURIOUS = 7 };

/* OCW2 bits 7-5: R, SL, EOI. */
enum ocw2_command {
    OCW2_ROTATE_AEOI_CLEAR = 0,
    OCW2_EOI = 1,
    OCW2_NOP = 2,
    OCW2_SPECIFIC_EOI = 3,
    OCW2_ROTATE_AEOI_SET = 4,
    OCW2_ROTATE_EOI = 5,
    OCW2_SET_PRIORITY = 6,
    OCW2_ROTATE_SPECIFIC_EOI = 7,
};

/* IRQ0, 1, 2, 8 and 13 are always edge-triggered. */
enum { ELCR1_MASK = 0xF8, ELCR2_MASK = 0xDE };

/* --- one chip --- */

static uint8_t level_triggered(const struct pic *pic, const struct pic_chip *chip)
{
    if (pic->cfg.no_elcr)
        return chip->icw1 & ICW1_LTIM ? 0xFF : 0;
    return chip->elcr;
}

/* Position in the priority order, 0 first, of the strongest level in `levels`; NO_LEVEL where there is none.
 */
static unsigned rank_of_first(const struct pic_chip *chip, uint8_t levels)
{
    unsigned rank = 0;
    while (rank < NO_LEVEL && !(levels & 1u << ((chip->lowest + 1 + rank) & 7)))
        rank++;
    return rank;
}

static unsigned level_at_rank(const struct pic_chip *chip, unsigned rank)
{
    return (chip->lowest + 1 + rank) & 7;
}

/* The request that would be served now, or NO_LEVEL. */
static unsigned pending_level(const struct pic *pic, const struct pic_chip *chip)
{
    uint8_t blocking = chip->isr;
    if (chip->icw_next)
        return NO_LEVEL;
    if (chip->special_mask)
        blocking = (uint8_t)(blocking & ~chip->imr);
    if (chip == &pic->master && (chip->icw4 & ICW4_SFNM) && !(chip->icw1 & ICW1_SNGL))
        blocking = (uint8_t)(blocking & ~chip->icw3);
    unsigned rank = rank_of_first(chip, (uint8_t)(chip->irr & ~chip->imr));
    unsigned limit = rank_of_first(chip, blocking);
    return rank < limit ? level_at_rank(chip, rank) : NO_LEVEL;
}

static void set_input(const struct pic *pic, struct pic_chip *chip, unsigned number, bool level)
{
    uint8_t bit = (uint8_t)(1u << number);
    bool was = chip->lines & bit;
    if (level) {
        chip->lines |= bit;
        if (!was || (level_triggered(pic, chip) & bit))
            chip->irr |= bit;
    } else {
        /* The request is gated by the pin: one that goes away before INTA is lost. */
        chip->lines = (uint8_t)(chip->lines & ~bit);
        chip->irr = (uint8_t)(chip->irr & ~bit);
    }
}

/* The INT pins follow: slave first, as it is an input of the master. */
static void update(struct pic *pic)
{
    pic->slave.intr = pending_level(pic, &pic->slave) != NO_LEVEL;
    set_input(pic, &pic->master, PIC_CASCADE, pic->slave.intr);
    pic->master.intr = pending_level(pic, &pic->master) != NO_LEVEL;
    irq_line_set(&pic->cfg.intr, pic->master.intr);
}

static void end_of_interrupt(struct pic_chip *chip, unsigned level, bool rotate)
{
    chip->isr = (uint8_t)(chip->isr & ~(1u << level));
    if (rotate)
        chip->lowest = (uint8_t)level;
}

static void non_specific_eoi(struct pic_chip *chip, bool rotate)
{
    uint8_t candidates = chip->isr;
    if (chip->special_mask)
        candidates = (uint8_t)(candidates & ~chip->imr);
    unsigned rank = rank_of_first(chip, candidates);
    if (rank != NO_LEVEL)
        end_of_interrupt(chip, level_at_rank(chip, rank), rotate);
}

/* INTA (or a poll) reaches one chip: the level that it serves, or NO_LEVEL where nothing asks. */
static unsigned serve(struct pic *pic, struct pic_chip *chip)
{
    unsigned level = pending_level(pic, chip);
    if (level == NO_LEVEL)
        return NO_LEVEL;
    uint8_t bit = (uint8_t)(1u << level);
    if (!(level_triggered(pic, chip) & bit))
        chip->irr = (uint8_t)(chip->irr & ~bit);
    chip->isr |= bit;
    return level;
}

static void auto_eoi(struct pic_chip *chip, unsigned level)
{
    if ((chip->icw4 & ICW4_AEOI) && level != NO_LEVEL)
        end_of_interrupt(chip, level, chip->rotate_aeoi);
}

static uint8_t vector_of(const struct pic_chip *chip, unsigned level)
{
    return (uint8_t)((chip->icw2 & ICW2_VECTOR) | (level == NO_LEVEL ? SPURIOUS : level));
}

/* The slave's turn in the second INTA cycle. Its INT drops meanwhile, so that a further request makes an
 * edge. */
static uint8_t acknowledge_slave(struct pic *pic)
{
    unsigned level = serve(pic, &pic->slave);
    if (level == NO_LEVEL)
        log_write(&pic->log, LOG_DEBUG, "spurious IRQ15");
    auto_eoi(&pic->slave, level);
    set_input(pic, &pic->master, PIC_CASCADE, false);
    return vector_of(&pic->slave, level);
}

uint8_t pic_acknowledge(struct pic *pic)
{
    struct pic_chip *master = &pic->master;
    unsigned level = serve(pic, master);
    uint8_t vector = vector_of(master, level);
    if (level == NO_LEVEL)
        log_write(&pic->log, LOG_DEBUG, "spurious IRQ7");
    bool cascaded = level != NO_LEVEL && !(master->icw1 & ICW1_SNGL) && (master->icw3 & 1u << level);
    if (cascaded) {
        /* The cascade lines carry the level; without a slave of that identity nobody drives the bus. */
        bool answers = level == PIC_CASCADE && (pic->slave.icw3 & 7) == PIC_CASCADE;
        vector = answers ? acknowledge_slave(pic) : 0xFF;
    }
    auto_eoi(master, level);
    update(pic);
    log_write(&pic->log, LOG_TRACE, "INTA: vector %02Xh", vector);
    return vector;
}

bool pic_intr(const struct pic *pic)
{
    return pic->master.intr;
}

/* --- inputs --- */

static void drive(struct pic *pic, unsigned irq)
{
    bool level = (pic->banks[0] | pic->banks[1] | pic->banks[2]) & 1u << irq;
    set_input(pic, irq < 8 ? &pic->master : &pic->slave, irq & 7, level);
}

void pic_set_irq(void *self, unsigned input, bool level)
{
    struct pic *pic = self;
    unsigned irq = input % PIC_INPUTS;
    uint16_t *bank = &pic->banks[input / PIC_INPUTS % PIC_BANK_COUNT];
    uint16_t bit = (uint16_t)(1u << irq);
    if (irq == PIC_CASCADE || ((*bank & bit) != 0) == level)
        return;
    *bank ^= bit;
    drive(pic, irq);
    update(pic);
}

struct irq_line pic_line(struct pic *pic, enum pic_bank bank, unsigned irq)
{
    return (struct irq_line){pic_set_irq, pic, (unsigned)bank + irq};
}

/* --- registers --- */

/* With the edge latches cleared only level-triggered pins still ask. */
static void write_icw1(struct pic *pic, struct pic_chip *chip, uint8_t value)
{
    chip->icw1 = value;
    chip->irr = chip->lines & level_triggered(pic, chip);
    chip->isr = 0;
    chip->imr = 0;
    chip->lowest = 7;
    chip->icw3 = 7;
    chip->special_mask = false;
    chip->read_isr = false;
    chip->poll = false;
    chip->rotate_aeoi = false;
    if (!(value & ICW1_IC4))
        chip->icw4 = 0;
    chip->icw_next = 2;
}

static void write_icw(struct pic *pic, struct pic_chip *chip, uint8_t value)
{
    switch (chip->icw_next) {
    case 2:
        chip->icw2 = value;
        if (!(chip->icw1 & ICW1_SNGL))
            chip->icw_next = 3;
        else
            chip->icw_next = chip->icw1 & ICW1_IC4 ? 4 : 0;
        break;
    case 3:
        chip->icw3 = value;
        chip->icw_next = chip->icw1 & ICW1_IC4 ? 4 : 0;
        break;
    default:
        chip->icw4 = value;
        chip->icw_next = 0;
        if (!(value & ICW4_UPM))
            log_write(&pic->log, LOG_GUEST, "MCS-80/85 mode asked for; 8086 vectors are given");
        break;
    }
}

static void write_ocw2(struct pic_chip *chip, uint8_t value)
{
    unsigned level = value & OCW2_LEVEL;
    switch ((enum ocw2_command)(value >> 5)) {
    case OCW2_ROTATE_AEOI_CLEAR: chip->rotate_aeoi = false; break;
    case OCW2_EOI: non_specific_eoi(chip, false); break;
    case OCW2_NOP: break;
    case OCW2_SPECIFIC_EOI: end_of_interrupt(chip, level, false); break;
    case OCW2_ROTATE_AEOI_SET: chip->rotate_aeoi = true; break;
    case OCW2_ROTATE_EOI: non_specific_eoi(chip, true); break;
    case OCW2_SET_PRIORITY: chip->lowest = (uint8_t)level; break;
    case OCW2_ROTATE_SPECIFIC_EOI: end_of_interrupt(chip, level, true); break;
    }
}

static void write_ocw3(struct pic_chip *chip, uint8_t value)
{
    if (value & OCW3_ESMM)
        chip->special_mask = value & OCW3_SMM;
    if (value & OCW3_P)
        chip->poll = true;
    else if (value & OCW3_RR)
        chip->read_isr = value & OCW3_RIS;
}

static void chip_write(struct pic *pic, struct pic_chip *chip, uint32_t offset, uint8_t value)
{
    if (offset == 0 && (value & ICW1_SELECT))
        write_icw1(pic, chip, value);
    else if (offset == 0 && (value & OCW3_SELECT))
        write_ocw3(chip, value);
    else if (offset == 0)
        write_ocw2(chip, value);
    else if (chip->icw_next)
        write_icw(pic, chip, value);
    else
        chip->imr = value;
    update(pic);
}

/* A poll stands for INTA. */
static uint8_t poll(struct pic *pic, struct pic_chip *chip)
{
    chip->poll = false;
    unsigned level = serve(pic, chip);
    if (level == NO_LEVEL)
        return SPURIOUS;
    auto_eoi(chip, level);
    if (chip == &pic->slave)
        set_input(pic, &pic->master, PIC_CASCADE, false);
    update(pic);
    return (uint8_t)(POLL_INT | level);
}

static uint8_t chip_read(struct pic *pic, struct pic_chip *chip, uint32_t offset)
{
    if (chip->poll)
        return poll(pic, chip);
    if (offset == 1)
        return chip->imr;
    return chip->read_isr ? chip->isr : chip->irr;
}

static uint32_t master_read(void *self, uint32_t offset, unsigned size)
{
    struct pic *pic = self;
    (void)size;
    return chip_read(pic, &pic->master, offset);
}

static void master_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct pic *pic = self;
    (void)size;
    chip_write(pic, &pic->master, offset, (uint8_t)value);
}

static uint32_t slave_read(void *self, uint32_t offset, unsigned size)
{
    struct pic *pic = self;
    (void)size;
    return chip_read(pic, &pic->slave, offset);
}

static void slave_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct pic *pic = self;
    (void)size;
    chip_write(pic, &pic->slave, offset, (uint8_t)value);
}

static uint32_t elcr_read(void *self, uint32_t offset, unsigned size)
{
    struct pic *pic = self;
    (void)size;
    return offset ? pic->slave.elcr : pic->master.elcr;
}

/* An input that turns level-triggered asks for as long as it is high; one that turns edge-triggered keeps the
 * request that it has. */
static void elcr_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct pic *pic = self;
    struct pic_chip *chip = offset ? &pic->slave : &pic->master;
    (void)size;
    chip->elcr = (uint8_t)(value & (offset ? ELCR2_MASK : ELCR1_MASK));
    chip->irr |= chip->lines & level_triggered(pic, chip);
    update(pic);
}

const struct port_ops pic_master_ports = {master_read, master_write, 1, 1};
const struct port_ops pic_slave_ports = {slave_read, slave_write, 1, 1};
const struct port_ops pic_elcr_ports = {elcr_read, elcr_write, 1, 1};

/* --- reset, state, construction --- */

static void reset_chip(struct pic_chip *chip)
{
    *chip = (struct pic_chip){.lines = chip->lines, .lowest = 7, .imr = 0xFF};
}

void pic_reset(struct pic *pic)
{
    reset_chip(&pic->master);
    reset_chip(&pic->slave);
    update(pic);
}

#define CHIP_FIELD(member) STATE_SCALAR(struct pic_chip, member)

static const struct state_field chip_fields[] = {
    CHIP_FIELD(lines), CHIP_FIELD(irr),          CHIP_FIELD(isr),         CHIP_FIELD(imr),
    CHIP_FIELD(elcr),  CHIP_FIELD(icw1),         CHIP_FIELD(icw2),        CHIP_FIELD(icw3),
    CHIP_FIELD(icw4),  CHIP_FIELD(icw_next),     CHIP_FIELD(lowest),      CHIP_FIELD(read_isr),
    CHIP_FIELD(poll),  CHIP_FIELD(special_mask), CHIP_FIELD(rotate_aeoi), CHIP_FIELD(intr),
    STATE_END};

static const struct state_field pic_fields[] = {STATE_STRUCT(struct pic, master, chip_fields),
                                                STATE_STRUCT(struct pic, slave, chip_fields),
                                                STATE_ARRAY(struct pic, banks), STATE_END};

static bool after_load(void *self, struct error *err)
{
    struct pic *pic = self;
    (void)err;
    irq_line_set(&pic->cfg.intr, pic->master.intr);
    return true;
}

const struct state_desc pic_state = {
    .name = "pic", .version = 1, .fields = pic_fields, .after_load = after_load};

struct pic *pic_new(const struct pic_config *cfg)
{
    struct pic *pic = alloc_zeroed(sizeof *pic);
    pic->cfg = *cfg;
    log_attach(cfg->log, &pic->log, "pic");
    pic_reset(pic);
    return pic;
}

void pic_free(struct pic *pic)
{
    if (!pic)
        return;
    log_detach(&pic->log);
    alloc_free(pic);
}
