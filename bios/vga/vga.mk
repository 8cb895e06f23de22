# SPDX-License-Identifier: MIT
VGA_OBJECTS := $(patsubst %,$(OUT)/%.o,$(basename $(sort $(wildcard vga/*.c vga/*.S vga/fonts/*.c))))

$(OUT)/vgabios.elf: $(VGA_OBJECTS) vga/rom.ld
	$(LD16) -m elf_i386 -n --gc-sections -T vga/rom.ld -o $@ $(VGA_OBJECTS)

$(IMAGES)/vgabios.bin: $(OUT)/vgabios.elf $(OUT)/romsum
	$(OBJCOPY16) -O binary $(OUT)/vgabios.elf $(OUT)/vgabios.raw
	$(OUT)/romsum $(OUT)/vgabios.raw $@

all: $(IMAGES)/vgabios.bin
-include $(VGA_OBJECTS:.o=.d)
