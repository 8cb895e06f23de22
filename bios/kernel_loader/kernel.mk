# SPDX-License-Identifier: MIT
# Option ROM for --kernel: one assembly file without relocations.
$(OUT)/kernel_loader/kernel.elf: $(OUT)/kernel_loader/kernel.o
	$(LD16) -m elf_i386 -n -Ttext 0 -e 0 -o $@ $<

$(IMAGES)/kernel.rom: $(OUT)/kernel_loader/kernel.elf $(OUT)/romsum
	@mkdir -p $(@D)
	$(OBJCOPY16) -O binary -j .text $< $(OUT)/kernel_loader/kernel.raw
	$(OUT)/romsum $(OUT)/kernel_loader/kernel.raw $@

all: $(IMAGES)/kernel.rom
