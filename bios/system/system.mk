# SPDX-License-Identifier: MIT
# System BIOS: one 64 KiB segment, linked flat.
OBJDUMP16 ?= objdump
SYSTEM_OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard system/*.c)) $(patsubst %.S,$(OUT)/%.o,$(wildcard system/*.S))

# What protected.S calls in 32-bit mode: the same sources again, every symbol with pm32_ in front.
PM32_OBJS := $(addprefix $(OUT)/system/pm32_,apm.o pci.o pci_bios.o)
CFLAGS32 := $(subst -m16,-m32,$(CFLAGS16))
$(OUT)/system/pm32_%.o: system/%.c
	@mkdir -p $(@D)
	$(CC16) $(CFLAGS32) -MMD -MP -c -o $@ $<
	$(OBJCOPY16) --prefix-symbols=pm32_ $@

# Characters 00h to 7Fh of the 8x8 font lie at F000:FA6E, where CGA programs read them: the VGA BIOS's own.
$(OUT)/font_8x8.bin: $(OUT)/vga/fonts/font_8x8.o
	$(OBJCOPY16) -O binary -j .rom $< $@
$(OUT)/system/fixed.o: system/fixed.S $(OUT)/font_8x8.bin
	@mkdir -p $(@D)
	$(CC16) -m16 -I. -Wa,--noexecstack -Wa,-I$(OUT) -MMD -MP -c -o $@ $<

all: $(IMAGES)/bios.bin
$(IMAGES)/bios.bin: $(OUT)/system/bios.elf
	@mkdir -p $(@D)
	$(OBJCOPY16) -O binary -j .image $< $@
	@chmod 644 $@

$(OUT)/system/bios.elf: $(SYSTEM_OBJS) $(PM32_OBJS) system/system.lds
	$(LD16) -m elf_i386 --no-warn-rwx-segments --gc-sections -e reset_vector -T system/system.lds -Map $(OUT)/system/bios.map -o $@ $(SYSTEM_OBJS) $(PM32_OBJS)

-include $(SYSTEM_OBJS:.o=.d) $(PM32_OBJS:.o=.d)

check: check-ds
check-ds: $(SYSTEM_OBJS)
	@for o in $(filter %.o,$^); do $(OBJDUMP16) -M i8086 -drw $$o | awk -f system/check_ds.awk || exit 1; done
.PHONY: check-ds

# The compiled ACPI table is committed, so that building the image does not take iasl.
acpi:
	cd system && iasl -p $(abspath $(OUT))/system/dsdt dsdt.asl
	od -An -v -tu1 -w12 $(OUT)/system/dsdt.aml | awk -f system/aml_header.awk >system/dsdt_aml.h
.PHONY: acpi
