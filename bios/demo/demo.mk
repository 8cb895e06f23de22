# SPDX-License-Identifier: MIT
# The demo floppy; and the test guests that are made the same way (not committed as images).
DEMO_OBJECTS := $(patsubst %,$(OUT)/%.o,$(basename $(sort $(filter-out demo/boot.S demo/mkfloppy.c,$(wildcard demo/*.c demo/*.S)))))
GUEST_OBJECTS := $(OUT)/demo/start.o $(OUT)/demo/bios.o
GUESTS := $(notdir $(basename $(wildcard ../tests/guests/bios/*.c)))

$(OUT)/mkfloppy: demo/mkfloppy.c
	@mkdir -p $(@D)
	@echo "  HOSTCC $@"; $(HOSTCC) -O1 -std=c17 -Wall -Wextra -o $@ $<

$(OUT)/boot.bin: $(OUT)/demo/boot.o demo/boot.ld
	$(LD16) -m elf_i386 -T demo/boot.ld -o $(OUT)/boot.elf $(OUT)/demo/boot.o
	$(OBJCOPY16) -O binary $(OUT)/boot.elf $@

$(OUT)/demo.bin: $(DEMO_OBJECTS) demo/demo.ld
	$(LD16) -m elf_i386 --gc-sections --no-warn-rwx-segments -T demo/demo.ld -o $(OUT)/demo.elf $(DEMO_OBJECTS)
	$(OBJCOPY16) -O binary $(OUT)/demo.elf $@

$(IMAGES)/demo.img: $(OUT)/boot.bin $(OUT)/demo.bin $(OUT)/mkfloppy
	$(OUT)/mkfloppy $(OUT)/boot.bin $(OUT)/demo.bin $@

all: $(IMAGES)/demo.img

$(OUT)/guests/%.o: ../tests/guests/bios/%.c
	@mkdir -p $(@D)
	@echo "  CC16 $<"; $(CC16) $(CFLAGS16) -MMD -MP -c -o $@ $<

$(OUT)/guests/%.img: $(OUT)/guests/%.o $(GUEST_OBJECTS) $(OUT)/boot.bin $(OUT)/mkfloppy demo/demo.ld
	$(LD16) -m elf_i386 --gc-sections --no-warn-rwx-segments -T demo/demo.ld -o $(OUT)/guests/$*.elf $(GUEST_OBJECTS) $<
	$(OBJCOPY16) -O binary $(OUT)/guests/$*.elf $(OUT)/guests/$*.bin
	$(OUT)/mkfloppy $(OUT)/boot.bin $(OUT)/guests/$*.bin $@

# Floppies of the firmware tests in tests/guests/bios/.
guests: $(GUESTS:%=$(OUT)/guests/%.img)
.PHONY: guests
.SECONDARY: $(GUESTS:%=$(OUT)/guests/%.o)
-include $(DEMO_OBJECTS:.o=.d) $(GUESTS:%=$(OUT)/guests/%.d)
