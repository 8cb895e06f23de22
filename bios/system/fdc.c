/* SPDX-License-Identifier: MIT */
/*
 * 82077AA floppy controller (290166), DMA channel 2, IRQ 6. State lives in the BDA where DOS utilities look
 * for it. Motor start and head settle times are not waited for: the drives of a virtual machine are ready,
 * and real ones report an error that INT 13h callers retry.
 */
#include "system/floppy.h"

#include "system/bda.h"
#include "system/boot.h"
#include "system/chipset.h"
#include "system/cmos.h"
#include "system/console.h"
#include "system/cpu.h"
#include "system/int13.h"
#include "system/private.h"
#include "system/regs.h"

enum fdc_port { FDC_DOR = 0x3f2, FDC_MSR = 0x3f4, FDC_FIFO = 0x3f5, FDC_CCR = 0x3f7, FDC_DIR = 0x3f7 };

enum fdc_bit {
    DOR_NOT_RESET = 0x04,
    DOR_DMA = 0x08,
    DOR_MOTOR0 = 0x10,
    MSR_RQM = 0x80,
    MSR_DIO = 0x40,
    DIR_CHANGED = 0x80,
    ST0_SEEK_END = 0x20,
    ST0_ABNORMAL = 0xc0,
};

enum fdc_command {
    FDC_SPECIFY = 0x03,
    FDC_RECALIBRATE = 0x07,
    FDC_SENSE_INTERRUPT = 0x08,
    FDC_SEEK = 0x0f,
    FDC_READ_ID = 0x4a,
    FDC_FORMAT = 0x4d,
    FDC_WRITE = 0xc5, /* multitrack, MFM */
    FDC_READ = 0xe6,  /* multitrack, MFM, skip deleted */
};

/* Index into the diskette parameter table. */
enum {
    DPT_SPECIFY1,
    DPT_SPECIFY2,
    DPT_MOTOR_OFF,
    DPT_SIZE,
    DPT_LAST,
    DPT_GAP,
    DPT_LENGTH,
    DPT_FORMAT_GAP,
    DPT_FILL
};

enum { FDC_BYTE_MS = 100, IRQ_TICKS = 40, IRQ_WAKEUPS = 40000, IRQ_SEEN = 0x80, RATE_UNKNOWN = 0xff };
enum { DMA_READ_MEMORY = 0x4a, DMA_WRITE_MEMORY = 0x46, DMA_VERIFY = 0x42 };

uint8_t floppy_parameter(uint8_t index)
{
    return far_read8(IVT[0x1e].segment, (uint16_t)(IVT[0x1e].offset + index));
}

void floppy_interrupt(struct regs *r)
{
    (void)r;
    BDA->floppy_recalibrated |= IRQ_SEEN;
    pic_eoi(6);
    soft_interrupt_ax(0x15, 0x9101);
}

static bool fdc_ready(uint8_t direction)
{
    struct deadline limit;
    deadline_start(&limit, FDC_BYTE_MS);
    while ((in8(FDC_MSR) & (MSR_RQM | MSR_DIO)) != (MSR_RQM | direction))
        if (deadline_passed(&limit))
            return false;
    return true;
}

static uint8_t fdc_send(const uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!fdc_ready(0))
            return STATUS_TIMEOUT;
        out8(FDC_FIFO, bytes[i]);
    }
    return STATUS_OK;
}

/* Result bytes go to the BDA as they come. */
static uint8_t fdc_result(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!fdc_ready(MSR_DIO))
            return STATUS_TIMEOUT;
        BDA->floppy_result[i] = in8(FDC_FIFO);
    }
    return STATUS_OK;
}

static void irq_clear(void)
{
    BDA->floppy_recalibrated &= (uint8_t)~IRQ_SEEN;
}

/* Sleeps until IRQ 6. Without the timer interrupt nothing would end a HLT, so then it polls. */
static uint8_t irq_wait(void)
{
    uint32_t start = BDA->ticks;
    bool sleep = !(in8(PORT_PIC1_DATA) & 1);
    uint32_t limit = sleep ? IRQ_WAKEUPS : 2000000;
    cpu_cli();
    for (uint32_t n = 0; n < limit; n++) {
        if (BDA->floppy_recalibrated & IRQ_SEEN) {
            irq_clear();
            cpu_sti();
            return STATUS_OK;
        }
        if (BDA->ticks - start > IRQ_TICKS && BDA->ticks > start)
            break;
        if (sleep)
            cpu_wait_interrupt();
        else
            __asm__ volatile("sti\n\tnop\n\tcli" : : : "memory");
    }
    cpu_sti();
    return STATUS_TIMEOUT;
}

static uint8_t sense_interrupt(void)
{
    uint8_t command = FDC_SENSE_INTERRUPT;
    uint8_t status = fdc_send(&command, 1);
    return status ? status : fdc_result(2);
}

uint8_t fdc_reset(void)
{
    uint8_t dor = (uint8_t)((BDA->floppy_motor & 0x0f) << 4 | ((BDA->floppy_motor >> 4) & 3) | DOR_DMA);
    irq_clear();
    BDA->floppy_recalibrated = 0;
    BDA->floppy_rate = RATE_UNKNOWN;
    out8(FDC_DOR, dor);
    in8(PORT_SYSTEM_B); /* reset must last 500 ns; not by reading the MSR, which ends it on some models */
    out8(FDC_DOR, dor | DOR_NOT_RESET);
    if (irq_wait())
        return STATUS_TIMEOUT;
    for (unsigned i = 0; i < 4; i++) { /* one pending status per drive */
        uint8_t status = sense_interrupt();
        if (status)
            return status;
    }
    uint8_t specify[3] = {FDC_SPECIFY, floppy_parameter(DPT_SPECIFY1), floppy_parameter(DPT_SPECIFY2)};
    return fdc_send(specify, 3);
}

/* Selects the drive and starts its motor; INT 08h stops it again. */
static void motor_on(uint8_t drive)
{
    cpu_cli();
    BDA->floppy_motor_ticks = 0xff;
    uint8_t motors = (uint8_t)((BDA->floppy_motor & 0x0f) | 1u << drive);
    BDA->floppy_motor = (uint8_t)(motors | drive << 4);
    out8(FDC_DOR, (uint8_t)(motors << 4 | DOR_DMA | DOR_NOT_RESET | drive));
    cpu_sti();
}

static void motor_release(void)
{
    BDA->floppy_motor_ticks = floppy_parameter(DPT_MOTOR_OFF);
}

static void set_rate(uint8_t rate)
{
    if (BDA->floppy_rate == rate)
        return;
    out8(FDC_CCR, rate);
    BDA->floppy_rate = rate;
}

static uint8_t seek_finish(uint8_t drive, uint8_t cylinder)
{
    if (irq_wait())
        return STATUS_TIMEOUT;
    uint8_t status = sense_interrupt();
    if (status)
        return status;
    if ((BDA->floppy_result[0] & (ST0_ABNORMAL | ST0_SEEK_END)) != ST0_SEEK_END ||
        BDA->floppy_result[1] != cylinder)
        return STATUS_SEEK;
    BDA->floppy_track[drive] = cylinder;
    return STATUS_OK;
}

static uint8_t recalibrate(uint8_t drive)
{
    uint8_t status = STATUS_SEEK;
    /* One recalibrate steps at most 79 tracks (82077AA, 5.2.2); a second one covers an 80-track drive. */
    for (unsigned attempt = 0; attempt < 2 && status == STATUS_SEEK; attempt++) {
        uint8_t command[2] = {FDC_RECALIBRATE, drive};
        irq_clear();
        status = fdc_send(command, 2);
        if (!status)
            status = seek_finish(drive, 0);
    }
    if (!status)
        BDA->floppy_recalibrated |= (uint8_t)(1u << drive);
    return status;
}

static uint8_t seek(uint8_t drive, uint8_t head, uint8_t track)
{
    if (!(BDA->floppy_recalibrated & (1u << drive))) {
        uint8_t status = recalibrate(drive);
        if (status)
            return status;
    }
    if (BDA->floppy_track[drive] == track)
        return STATUS_OK;
    uint8_t command[3] = {FDC_SEEK, (uint8_t)(head << 2 | drive), track};
    irq_clear();
    uint8_t status = fdc_send(command, 3);
    return status ? status : seek_finish(drive, track);
}

/* Reads ST0 to ST2 into an INT 13h status (82077AA, 4.2). */
static uint8_t result_status(void)
{
    uint8_t st1 = BDA->floppy_result[1];
    if (!(BDA->floppy_result[0] & ST0_ABNORMAL))
        return STATUS_OK;
    if (st1 & 0x02)
        return STATUS_WRITE_PROTECTED;
    if (st1 & 0x20)
        return STATUS_CRC;
    if (st1 & 0x10)
        return STATUS_DMA_OVERRUN;
    if (st1 & 0x84)
        return STATUS_NOT_FOUND;
    if (st1 & 0x01)
        return STATUS_ADDRESS_MARK;
    return STATUS_CONTROLLER;
}

/* Sends a command that ends in an interrupt and seven result bytes. */
static uint8_t execute(const uint8_t *command, unsigned count)
{
    irq_clear();
    uint8_t status = fdc_send(command, count);
    if (!status && irq_wait())
        status = STATUS_TIMEOUT;
    if (!status)
        status = fdc_result(7);
    if (status) { /* a command in flight must not meet the next one */
        fdc_reset();
        return status;
    }
    return result_status();
}

static uint8_t read_id(uint8_t drive)
{
    uint8_t command[2] = {FDC_READ_ID, drive};
    return execute(command, 2);
}

void fdc_set_media(uint8_t drive, uint8_t state)
{
    BDA->floppy_media[drive] = state;
}

static const uint8_t rates_by_type[7][3] = {
    [FLOPPY_360K] = {RATE_250, RATE_250, RATE_250},       [FLOPPY_1200K] = {RATE_500, RATE_300, RATE_250},
    [FLOPPY_720K] = {RATE_250, RATE_250, RATE_250},       [FLOPPY_1440K] = {RATE_500, RATE_250, RATE_250},
    [FLOPPY_2880K_OLD] = {RATE_1000, RATE_500, RATE_250}, [FLOPPY_2880K] = {RATE_1000, RATE_500, RATE_250},
};

/* A 40-track disk in an 80-track drive needs two steps a cylinder: ask the disk where step 2 has led. */
static uint8_t probe_double_step(uint8_t drive)
{
    uint8_t status = seek(drive, 0, 2);
    if (!status)
        status = read_id(drive);
    if (!status && BDA->floppy_result[3] == 1)
        return MEDIA_DOUBLE_STEP;
    return 0;
}

/* Finds the data rate at which the disk can be read and remembers it. */
static uint8_t establish_media(uint8_t drive)
{
    uint8_t type = PRIVATE->floppy_type[drive];
    uint8_t status = STATUS_TIMEOUT;
    for (unsigned i = 0; i < 3; i++) {
        uint8_t rate = ROM8(rates_by_type[type][i]);
        if (i && rate == ROM8(rates_by_type[type][i - 1]))
            break;
        set_rate(rate);
        status = seek(drive, 0, 0);
        if (!status)
            status = read_id(drive);
        if (status == STATUS_TIMEOUT)
            return status;
        if (status)
            continue;
        uint8_t kind = MEDIA_KIND_OTHER;
        if (type == FLOPPY_360K)
            kind = MEDIA_KIND_360_IN_360;
        else if (type == FLOPPY_1200K)
            kind = rate == RATE_500 ? MEDIA_KIND_1200_IN_1200 : MEDIA_KIND_360_IN_1200;
        uint8_t step = kind == MEDIA_KIND_360_IN_1200 ? probe_double_step(drive) : 0;
        BDA->floppy_media[drive] = (uint8_t)(rate << MEDIA_RATE_SHIFT | MEDIA_ESTABLISHED | kind | step);
        return STATUS_OK;
    }
    return status;
}

uint8_t fdc_media_changed(uint8_t drive)
{
    if (PRIVATE->floppy_type[drive] == FLOPPY_360K) /* this drive has no change line */
        return STATUS_OK;
    motor_on(drive);
    if (!(in8(FDC_DIR) & DIR_CHANGED))
        return STATUS_OK;
    BDA->floppy_media[drive] = 0;
    BDA->floppy_recalibrated &= (uint8_t) ~(1u << drive);
    seek(drive, 0, 1); /* a step clears the line when there is a disk */
    seek(drive, 0, 0);
    return in8(FDC_DIR) & DIR_CHANGED ? STATUS_TIMEOUT : STATUS_CHANGED;
}

/* Programs channel 2; the transfer must stay within 64 KiB of physical memory, for the page register does not
 * count. */
static uint8_t dma_setup(uint16_t segment, uint16_t offset, uint32_t bytes, uint8_t mode)
{
    uint32_t address = ((uint32_t)segment << 4) + offset;
    if ((address & 0xffff) + bytes > 0x10000 && mode != DMA_VERIFY)
        return STATUS_DMA_BOUNDARY;
    cpu_cli();
    out8(PORT_DMA1_MASK, 0x06);
    out8(PORT_DMA1_CLEAR_FF, 0);
    out8(PORT_DMA1_ADDRESS2, (uint8_t)address);
    out8(PORT_DMA1_ADDRESS2, (uint8_t)(address >> 8));
    out8(PORT_DMA_PAGE2, (uint8_t)(address >> 16));
    out8(PORT_DMA1_CLEAR_FF, 0);
    out8(PORT_DMA1_COUNT2, (uint8_t)(bytes - 1));
    out8(PORT_DMA1_COUNT2, (uint8_t)((bytes - 1) >> 8));
    out8(PORT_DMA1_MODE, mode);
    out8(PORT_DMA1_MASK, 0x02);
    cpu_sti();
    return STATUS_OK;
}

static uint8_t send_transfer(const struct floppy_request *q, enum floppy_operation operation)
{
    uint8_t size = floppy_parameter(DPT_SIZE);
    uint8_t unit = (uint8_t)(q->head << 2 | q->drive);
    uint8_t mode = operation == FLOPPY_READ     ? DMA_WRITE_MEMORY
                   : operation == FLOPPY_VERIFY ? DMA_VERIFY
                                                : DMA_READ_MEMORY;
    uint32_t bytes = operation == FLOPPY_FORMAT ? 4u * q->count : (uint32_t)q->count << (7 + (size & 7));
    uint8_t status = dma_setup(q->segment, q->offset, bytes, mode);
    if (status)
        return status;
    if (operation == FLOPPY_FORMAT) {
        uint8_t command[6] = {
            FDC_FORMAT, unit, size, q->count, floppy_parameter(DPT_FORMAT_GAP), floppy_parameter(DPT_FILL)};
        return execute(command, 6);
    }
    uint8_t command[9] = {operation == FLOPPY_WRITE ? FDC_WRITE : FDC_READ,
                          unit,
                          q->cylinder,
                          q->head,
                          q->sector,
                          size,
                          floppy_parameter(DPT_LAST),
                          floppy_parameter(DPT_GAP),
                          floppy_parameter(DPT_LENGTH)};
    return execute(command, 9);
}

uint8_t fdc_transfer(const struct floppy_request *q, enum floppy_operation operation)
{
    motor_on(q->drive);
    uint8_t status = fdc_media_changed(q->drive);
    if (!status && !(BDA->floppy_media[q->drive] & MEDIA_ESTABLISHED) && operation != FLOPPY_FORMAT)
        status = establish_media(q->drive);
    if (!status) {
        uint8_t media = BDA->floppy_media[q->drive];
        set_rate(media >> MEDIA_RATE_SHIFT);
        status =
            seek(q->drive, q->head, (uint8_t)(media & MEDIA_DOUBLE_STEP ? q->cylinder * 2 : q->cylinder));
    }
    if (!status)
        status = send_transfer(q, operation);
    /* What can mean another disk: look at it afresh next time. */
    if (status == STATUS_NOT_FOUND || status == STATUS_ADDRESS_MARK || status == STATUS_SEEK)
        BDA->floppy_media[q->drive] &= (uint8_t)~MEDIA_ESTABLISHED;
    motor_release();
    return status;
}

/* POST: which drives CMOS announces, and a first reset. */
void floppy_init(void)
{
    uint8_t types = cmos_read(CMOS_FLOPPY_TYPES);
    uint8_t type[2] = {types >> 4, types & 0x0f};
    for (uint8_t i = 0; i < 2; i++) {
        if (type[i] == FLOPPY_NONE || type[i] > FLOPPY_2880K)
            continue;
        PRIVATE->floppy_type[i] = type[i];
        PRIVATE->floppy_count++;
        BDA->floppy_controller |= (uint8_t)(type[i] == FLOPPY_360K ? 0x04 << 4 * i : 0x07 << 4 * i);
    }
    if (PRIVATE->floppy_count == 0)
        return;
    if (fdc_reset()) {
        print("Floppy controller does not answer\n");
        PRIVATE->floppy_count = 0;
        PRIVATE->floppy_type[0] = 0;
        PRIVATE->floppy_type[1] = 0;
        return;
    }
    boot_add(BOOT_FLOPPY, 0, 0, 0, 0);
}
