/* SPDX-License-Identifier: MIT */
/* MODE SENSE and MODE SELECT: SPC-2 7.8 and 7.10; pages of MMC-3, 5.5 and SFF-8020i. */
#include <string.h>

#include "core/base/bytes.h"
#include "devices/storage/atapi_internal.h"

enum mode_page {
    PAGE_ERROR_RECOVERY = 0x01,
    PAGE_CD_PARAMETERS = 0x0D,
    PAGE_AUDIO_CONTROL = 0x0E,
    PAGE_POWER_CONDITION = 0x1A,
    PAGE_CAPABILITIES = 0x2A,
    PAGE_ALL = 0x3F,
};

enum page_control { PC_CURRENT, PC_CHANGEABLE, PC_DEFAULT, PC_SAVED };

enum { HEADER_6 = 4, HEADER_10 = 8, MAX_SPEED = 5645 /* kB/s: 32x */, CACHE_KB = 512 };

/* Medium types of the mode parameter header. */
enum { MEDIUM_DATA_120MM = 0x01, MEDIUM_NONE = 0x70, MEDIUM_DOOR_OPEN = 0x71 };

static const uint8_t default_01[CD_PAGE_01] = {PAGE_ERROR_RECOVERY, 6, 0, 5};
static const uint8_t default_0d[CD_PAGE_0D] = {PAGE_CD_PARAMETERS, 6, 0, 0x0D, 0, 60, 0, 75};
static const uint8_t default_0e[CD_PAGE_0E] = {PAGE_AUDIO_CONTROL, 14, 4, 0, 0, 0, 0, 75, 1, 255, 2, 255};

/* Bits that MODE SELECT may change. */
static const uint8_t mask_01[CD_PAGE_01] = {PAGE_ERROR_RECOVERY, 6, 0x37, 0xFF};
static const uint8_t mask_0d[CD_PAGE_0D] = {PAGE_CD_PARAMETERS, 6, 0, 0x0F};
static const uint8_t mask_0e[CD_PAGE_0E] = {PAGE_AUDIO_CONTROL, 14, 2, 0, 0, 0, 0, 0, 15, 255, 15, 255};

struct page {
    uint8_t *current;
    const uint8_t *initial, *mask;
    uint32_t size;
};

void cd_default_pages(struct atapi_cd *cd)
{
    memcpy(cd->page_01, default_01, sizeof default_01);
    memcpy(cd->page_0d, default_0d, sizeof default_0d);
    memcpy(cd->page_0e, default_0e, sizeof default_0e);
}

static bool stored_page(struct atapi_cd *cd, uint8_t code, struct page *page)
{
    switch (code) {
    case PAGE_ERROR_RECOVERY:
        *page = (struct page){cd->page_01, default_01, mask_01, CD_PAGE_01};
        return true;
    case PAGE_CD_PARAMETERS: *page = (struct page){cd->page_0d, default_0d, mask_0d, CD_PAGE_0D}; return true;
    case PAGE_AUDIO_CONTROL: *page = (struct page){cd->page_0e, default_0e, mask_0e, CD_PAGE_0E}; return true;
    default: return false;
    }
}

static uint32_t put_power_condition(uint8_t *out)
{
    memset(out, 0, 12);
    out[0] = PAGE_POWER_CONDITION;
    out[1] = 10;
    return 12;
}

static uint32_t put_capabilities(const struct atapi_cd *cd, bool changeable, uint8_t *out)
{
    memset(out, 0, 20);
    out[0] = PAGE_CAPABILITIES;
    out[1] = 18;
    if (changeable)
        return 20;
    out[2] = 0x0B;                                   /* reads CD-R, CD-RW, DVD-ROM */
    out[4] = 0x70;                                   /* multi-session, mode 2 forms 1 and 2 */
    out[6] = (uint8_t)(0x29 | (cd->locked ? 2 : 0)); /* tray; ejects; locks */
    store_be16(out + 8, MAX_SPEED);
    store_be16(out + 12, CACHE_KB);
    store_be16(out + 14, MAX_SPEED);
    return 20;
}

static uint32_t put_page(struct atapi_cd *cd, uint8_t code, enum page_control control, uint8_t *out)
{
    struct page page;
    if (stored_page(cd, code, &page)) {
        memcpy(out,
               control == PC_CHANGEABLE ? page.mask
               : control == PC_DEFAULT  ? page.initial
                                        : page.current,
               page.size);
        return page.size;
    }
    switch (code) {
    case PAGE_POWER_CONDITION: return put_power_condition(out);
    case PAGE_CAPABILITIES: return put_capabilities(cd, control == PC_CHANGEABLE, out);
    default: return 0;
    }
}

static uint8_t medium_type(const struct atapi_cd *cd)
{
    return cd->tray_open ? MEDIUM_DOOR_OPEN : cd->cfg.media ? MEDIUM_DATA_120MM : MEDIUM_NONE;
}

/* Pages after a header of `header` bytes; the reply's length, or 0 (command ended). */
static uint32_t put_pages(struct atapi_cd *cd, uint32_t header)
{
    static const uint8_t all[] = {PAGE_ERROR_RECOVERY, PAGE_CD_PARAMETERS, PAGE_AUDIO_CONTROL,
                                  PAGE_POWER_CONDITION, PAGE_CAPABILITIES};
    uint8_t code = cd->packet[2] & 0x3F;
    enum page_control control = cd->packet[2] >> 6;
    uint32_t length = header;
    memset(cd->reply, 0, header);
    if (control == PC_SAVED) {
        cd_check(cd, KEY_ILLEGAL_REQUEST, ASC_SAVING_NOT_SUPPORTED);
        return 0;
    }
    for (unsigned i = 0; i < sizeof all; i++) {
        if (code == PAGE_ALL || code == all[i])
            length += put_page(cd, all[i], control, cd->reply + length);
    }
    if (length == header) {
        cd_invalid_field(cd);
        return 0;
    }
    return length;
}

void cd_mode_sense_6(struct atapi_cd *cd)
{
    uint32_t length = put_pages(cd, HEADER_6);
    if (!length)
        return;
    cd->reply[0] = (uint8_t)(length - 1);
    cd->reply[1] = medium_type(cd);
    cd_reply(cd, length, cd->packet[4]);
}

void cd_mode_sense_10(struct atapi_cd *cd)
{
    uint32_t length = put_pages(cd, HEADER_10);
    if (!length)
        return;
    store_be16(cd->reply, (uint16_t)(length - 2));
    cd->reply[2] = medium_type(cd);
    cd_reply(cd, length, load_be16(cd->packet + 7));
}

/* PF must say "pages as in the standard", and nothing is saved. */
static void select(struct atapi_cd *cd, uint32_t length)
{
    if (cd->packet[1] & 0x01)
        cd_invalid_field(cd);
    else if (length > CD_REPLY_MAX)
        cd_check(cd, KEY_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
    else if (!length)
        cd_good(cd);
    else
        cd_ask_params(cd, length);
}

void cd_mode_select_6(struct atapi_cd *cd)
{
    select(cd, cd->packet[4]);
}

void cd_mode_select_10(struct atapi_cd *cd)
{
    select(cd, load_be16(cd->packet + 7));
}

/* Whether only changeable bits differ from what the page holds. */
static bool acceptable(const struct page *page, const uint8_t *wanted)
{
    for (uint32_t i = 2; i < page->size; i++) {
        if ((wanted[i] ^ page->current[i]) & ~page->mask[i])
            return false;
    }
    return true;
}

/* Checks (apply false) or takes over (true) the list of pages. */
static enum sense_code walk_pages(struct atapi_cd *cd, const uint8_t *at, uint32_t left, bool apply)
{
    while (left) {
        struct page page;
        if (left < 2)
            return ASC_PARAMETER_LIST_LENGTH;
        uint32_t size = at[1] + 2u;
        if (!stored_page(cd, at[0] & 0x3F, &page) || size != page.size)
            return ASC_INVALID_FIELD_IN_PARAMETERS;
        if (size > left)
            return ASC_PARAMETER_LIST_LENGTH;
        if (!acceptable(&page, at))
            return ASC_INVALID_FIELD_IN_PARAMETERS;
        if (apply)
            memcpy(page.current + 2, at + 2, size - 2);
        at += size;
        left -= size;
    }
    return 0;
}

void cd_params_came(struct atapi_cd *cd)
{
    bool ten = cd->packet[0] == 0x55;
    const uint8_t *list = cd->ide.buffer;
    uint32_t header = ten ? HEADER_10 : HEADER_6, length = cd->left;
    enum sense_code code = ASC_PARAMETER_LIST_LENGTH;
    if (length >= header) {
        uint32_t blocks = ten ? load_be16(list + 6) : list[3];
        if (blocks <= length - header)
            code = walk_pages(cd, list + header + blocks, length - header - blocks, false);
        if (!code)
            walk_pages(cd, list + header + blocks, length - header - blocks, true);
    }
    if (code)
        cd_check(cd, KEY_ILLEGAL_REQUEST, code);
    else
        cd_good(cd);
}
