# SPDX-License-Identifier: MIT
# System BIOS: one 64 KiB segment, linked flat.
OBJDUMP16 ?= objdump
SYSTEM_OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard system/*.c)) $(patsubst %.S,$(OUT)/%.o,$(wildcard system/*.S))

all: images/bios.bin
images/bios.bin: $(OUT)/system/bios.elf
	@mkdir -p $(@D)
	$(OBJCOPY16) -O binary -j .image $< $@
	@chmod 644 $@

$(OUT)/system/bios.elf: $(SYSTEM_OBJS) system/system.lds
	$(LD16) -m elf_i386 --no-warn-rwx-segments --gc-sections -e reset_vector -T system/system.lds -Map $(OUT)/system/bios.map -o $@ $(SYSTEM_OBJS)

-include $(SYSTEM_OBJS:.o=.d)

check: check-ds
check-ds: $(SYSTEM_OBJS)
	@for o in $(filter %.o,$^); do $(OBJDUMP16) -M i8086 -drw $$o | awk -f system/check_ds.awk || exit 1; done
.PHONY: check-ds
