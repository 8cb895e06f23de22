/* SPDX-License-Identifier: MIT */
/* ELF kernels, 32 and 64 bit, through libelf: program headers, and the note that names a PVH entry point. */
#include "config.h"
#include "core/base/error.h"
#include "devices/pc/kernel_private.h"

#if LATHE_HAVE_ELF
#include <gelf.h>
#include <libelf.h>
#include <string.h>

#include "core/base/bytes.h"

enum { XEN_ELFNOTE_PHYS32_ENTRY = 18 };

static bool add_segment(struct kernel_image *image, const GElf_Phdr *header, struct error *err)
{
    if (header->p_type != PT_LOAD || !header->p_memsz)
        return true;
    if (image->segments == KERNEL_SEGMENTS_MAX)
        return error_set(err, "'%s' has more than %d segments", image->file.path, KERNEL_SEGMENTS_MAX);
    if (header->p_offset > image->bytes.size || header->p_filesz > image->bytes.size - header->p_offset ||
        header->p_filesz > header->p_memsz)
        return error_set(err, "'%s' is a truncated or damaged ELF file", image->file.path);
    if (header->p_paddr > UINT32_MAX || header->p_memsz > UINT32_MAX - header->p_paddr)
        return error_set(err, "'%s' wants to be loaded above 4 GiB", image->file.path);
    image->segment[image->segments++] = (struct kernel_segment){
        (size_t)header->p_offset, (size_t)header->p_filesz, header->p_paddr, header->p_memsz};
    return true;
}

/* Entry points are virtual addresses in some kernels: those within a segment move with it. */
static uint64_t physical_entry(const GElf_Phdr *headers, size_t count, uint64_t entry)
{
    for (size_t i = 0; i < count; i++) {
        const GElf_Phdr *header = &headers[i];
        if (header->p_type == PT_LOAD && entry >= header->p_vaddr &&
            entry - header->p_vaddr < header->p_memsz)
            return entry - header->p_vaddr + header->p_paddr;
    }
    return entry;
}

/* Searches a note segment for Xen's 32-bit physical entry. */
static bool find_pvh(Elf *elf, const GElf_Phdr *header, uint64_t *entry)
{
    Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)header->p_offset, header->p_filesz, ELF_T_NHDR);
    size_t at = 0, next, name, value;
    GElf_Nhdr note;
    while (data && (next = gelf_getnote(data, at, &note, &name, &value)) > 0) {
        const uint8_t *bytes = data->d_buf;
        if (note.n_type == XEN_ELFNOTE_PHYS32_ENTRY && note.n_namesz == 4 &&
            !memcmp(bytes + name, "Xen", 4) && note.n_descsz >= 4) {
            *entry = load_le32(bytes + value);
            return true;
        }
        at = next;
    }
    return false;
}

static bool read_headers(Elf *elf, struct kernel_image *image, bool multiboot, struct error *err)
{
    GElf_Phdr headers[KERNEL_SEGMENTS_MAX];
    GElf_Ehdr file;
    size_t count;
    if (!gelf_getehdr(elf, &file) || elf_getphdrnum(elf, &count) || count > KERNEL_SEGMENTS_MAX)
        return error_set(err, "'%s' is a damaged ELF file", image->file.path);
    if (file.e_machine != EM_386 && file.e_machine != EM_X86_64)
        return error_set(err, "'%s' is an ELF file for another processor (machine %u)", image->file.path,
                         file.e_machine);
    bool pvh = false;
    for (size_t i = 0; i < count; i++) {
        if (!gelf_getphdr(elf, (int)i, &headers[i]))
            return error_set(err, "'%s' is a truncated or damaged ELF file", image->file.path);
        if (!add_segment(image, &headers[i], err))
            return false;
        if (headers[i].p_type == PT_NOTE && !pvh)
            pvh = find_pvh(elf, &headers[i], &image->entry);
    }
    if (!image->segments)
        return error_set(err, "'%s' has nothing to load: it is no kernel but an object file",
                         image->file.path);
    if (multiboot)
        image->entry = physical_entry(headers, count, file.e_entry);
    else if (!pvh)
        return error_set(err, "'%s' is an ELF file with neither a multiboot header nor a PVH entry note",
                         image->file.path);
    image->kind = multiboot ? KERNEL_MULTIBOOT : KERNEL_PVH;
    return true;
}

bool kernel_elf_check(struct kernel_image *image, bool multiboot, struct error *err)
{
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)image->bytes.data, image->bytes.size);
    if (!elf)
        return error_set(err, "'%s': %s", image->file.path, elf_errmsg(-1));
    bool good = read_headers(elf, image, multiboot, err);
    elf_end(elf);
    return good;
}

#else
bool kernel_elf_check(struct kernel_image *image, bool multiboot, struct error *err)
{
    (void)multiboot;
    return error_set(err, "'%s' is an ELF file: this build of Lathe has no libelf", image->file.path);
}
#endif
