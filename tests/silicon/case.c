/* SPDX-License-Identifier: MIT */
#include "tests/silicon/case.h"

#include <string.h>

#include "core/base/bytes.h"
#include "tests/support/rng.h"

void silicon_case_init(struct silicon_case *c, unsigned mode)
{
    static const uint16_t segments_32[6] = {SELECTOR_DATA, SELECTOR_CODE_32, SELECTOR_DATA,
                                            SELECTOR_DATA, SELECTOR_LOW,     SELECTOR_DOWN};
    static const uint16_t segments_64[6] = {[SEG_CS] = SELECTOR_CODE_64, [SEG_SS] = SELECTOR_DATA};
    memset(c, 0, sizeof *c);
    c->mode = (uint8_t)mode;
    c->in.rip = CODE + 0x400;
    c->in.rflags = EFLAGS_FIXED | EFLAGS_IF;
    c->in.gpr[GPR_SP] = STACK + PAGE;
    memcpy(c->in.seg, mode == MODE_64 ? segments_64 : segments_32, sizeof c->in.seg);
    store_le16(c->in.fx + FX_CONTROL, 0x037F);
    store_le32(c->in.fx + FX_MXCSR, 0x1F80);
}

int silicon_page_index(uint64_t address)
{
    if (address >= DATA && address < DATA + DATA_PAGES * PAGE)
        return (int)((address - DATA) / PAGE);
    if (address >= STACK && address < STACK + STACK_PAGES * PAGE)
        return (int)((address - STACK) / PAGE) + DATA_PAGES;
    return -1;
}

void silicon_case_patch(struct silicon_case *c, uint64_t address, const void *bytes, unsigned size)
{
    if (silicon_page_index(address) < 0 || c->patches == CASE_PATCHES)
        return;
    while (silicon_page_index(address + size - 1) < 0)
        size--;
    struct silicon_patch *patch = &c->patch[c->patches++];
    *patch = (struct silicon_patch){.address = (uint32_t)address, .size = (uint8_t)size};
    memcpy(patch->bytes, bytes, size);
}

void silicon_fill_page(uint8_t *bytes, unsigned page)
{
    struct rng rng = {page};
    for (unsigned i = 0; i < PAGE; i += 8)
        store_le64(bytes + i, rng_next(&rng));
}

void silicon_apply_patches(const struct silicon_case *c, uint8_t (*memory)[PAGE])
{
    for (unsigned i = 0; i < c->patches; i++) {
        const struct silicon_patch *patch = &c->patch[i];
        for (unsigned k = 0; k < patch->size; k++) {
            int page = silicon_page_index(patch->address + k);
            if (page >= 0)
                memory[page][(patch->address + k) % PAGE] = patch->bytes[k];
        }
    }
}

unsigned silicon_code_bytes(const struct silicon_case *c, uint8_t *bytes, unsigned room)
{
    uint8_t all[CASE_CODE + 5];
    unsigned size = c->size;
    memcpy(all, c->code, size);
    all[size] = 0xE9; /* JMP rel32 */
    store_le32(all + size + 1, silicon_exit_address(c->mode) - (uint32_t)c->in.rip - size - 5);
    size += 5;
    if (size > room)
        size = room;
    memcpy(bytes, all, size);
    return size;
}
