/* SPDX-License-Identifier: MIT */
#include "devices/pc/kernel_loader.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/pc/kernel_image.h"

enum loader_register { COMMAND = 0, DATA = 4 };
enum loader_command { COMMAND_LOAD = 1 };
enum loader_status { STATUS_EMPTY = 0, STATUS_REAL = 1, STATUS_PROTECTED = 2, STATUS_FAILED = 0xFF };

enum { RANGE_BYTES = 20, PCI_CLASS_OTHER = 0xFF0000, REGION_PRIORITY = 1 };

static void answer(struct kernel_loader *loader, const uint32_t *words, uint32_t count)
{
    memcpy(loader->queue, words, count * sizeof *words);
    loader->position = 0;
    loader->length = count;
}

static void read_ranges(struct kernel_loader *loader, struct kernel_memory *memory)
{
    struct physmap *physmap = loader->cfg.physmap;
    uint32_t at = loader->argument;
    uint32_t count = (uint32_t)physmap_read(physmap, at, 4);
    memory->count = count < KERNEL_RANGES_MAX ? count : KERNEL_RANGES_MAX;
    for (unsigned i = 0; i < memory->count; i++) {
        uint8_t bytes[RANGE_BYTES];
        physmap_read_bytes(physmap, at + 4 + i * RANGE_BYTES, bytes, sizeof bytes);
        memory->range[i] =
            (struct kernel_range){load_le64(bytes), load_le64(bytes + 8), load_le32(bytes + 16)};
    }
}

static void fail(struct kernel_loader *loader, const char *message)
{
    log_write(&loader->log, LOG_ERROR, "%s", message);
    loader->status = STATUS_FAILED;
    loader->position = loader->length = 0;
    loader->cfg.failed(loader->cfg.self);
}

static void load(struct kernel_loader *loader)
{
    struct kernel_memory memory;
    struct kernel_entry entry;
    struct error err;
    read_ranges(loader, &memory);
    if (!kernel_image_place(loader->cfg.image, loader->cfg.physmap, &memory, &entry, &err)) {
        fail(loader, err.text);
    } else if (entry.protected_mode) {
        loader->status = STATUS_PROTECTED;
        answer(loader, (const uint32_t[]){entry.ip, entry.eax, entry.ebx}, 3);
    } else {
        loader->status = STATUS_REAL;
        answer(loader, (const uint32_t[]){entry.cs, entry.ip, entry.segment, entry.sp}, 4);
    }
}

static uint32_t loader_read(void *self, uint32_t offset, unsigned size)
{
    struct kernel_loader *loader = self;
    if (offset == COMMAND && size == 1)
        return loader->status;
    if (offset == DATA && size == 4)
        return loader->position < loader->length ? loader->queue[loader->position++] : 0;
    return UINT32_MAX;
}

static void loader_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct kernel_loader *loader = self;
    if (offset == DATA && size == 4)
        loader->argument = value;
    else if (offset == COMMAND && size == 1 && value == COMMAND_LOAD)
        load(loader);
    else
        log_write(&loader->log, LOG_GUEST, "unknown write of %Xh to register %u", value, offset);
}

const struct port_ops kernel_loader_ports = {loader_read, loader_write, 1, 4};

void kernel_loader_reset(struct kernel_loader *loader)
{
    loader->status = STATUS_EMPTY;
    loader->argument = 0;
    loader->position = loader->length = 0;
}

static bool after_load(void *self, struct error *err)
{
    struct kernel_loader *loader = self;
    if (loader->length > KERNEL_LOADER_QUEUE)
        return error_set(err, "kernel loader: impossible queue length");
    pci_function_loaded(&loader->pci);
    return true;
}

static const struct state_field fields[] = {STATE_STRUCT(struct kernel_loader, pci, pci_function_fields),
                                            STATE_SCALAR(struct kernel_loader, status),
                                            STATE_SCALAR(struct kernel_loader, argument),
                                            STATE_ARRAY(struct kernel_loader, queue),
                                            STATE_SCALAR(struct kernel_loader, position),
                                            STATE_SCALAR(struct kernel_loader, length),
                                            STATE_END};

const struct state_desc kernel_loader_state = {
    .name = "kernel_loader", .version = 1, .fields = fields, .after_load = after_load};

struct kernel_loader *kernel_loader_new(const struct kernel_loader_config *cfg)
{
    struct kernel_loader *loader = alloc_zeroed(sizeof *loader);
    loader->cfg = *cfg;
    log_attach(cfg->log, &loader->log, "kernel");
    pci_function_init(&loader->pci, &(struct pci_function_config){
                                        .name = "kernel loader",
                                        .vendor = KERNEL_LOADER_VENDOR,
                                        .device = KERNEL_LOADER_DEVICE,
                                        .class_code = PCI_CLASS_OTHER,
                                        .command_mask = PCI_COMMAND_MEMORY,
                                        .rom = {.kind = PCI_BAR_MEMORY,
                                                .size = cfg->rom_size,
                                                .name = "kernel ROM",
                                                .region = {.name = "kernel ROM",
                                                           .kind = PHYSMAP_ROM,
                                                           .priority = REGION_PRIORITY,
                                                           .reads = true,
                                                           .writes = true,
                                                           .offset = cfg->rom}},
                                    });
    kernel_loader_reset(loader);
    return loader;
}

void kernel_loader_free(struct kernel_loader *loader)
{
    if (!loader)
        return;
    pci_detach(&loader->pci);
    log_detach(&loader->log);
    alloc_free(loader);
}
