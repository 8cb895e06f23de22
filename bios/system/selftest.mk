# SPDX-License-Identifier: MIT
# A floppy that tests the BIOS services it was booted by: make -C bios selftest. It prints SELF TEST PASSED.
SELFTEST_OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard system/selftest/*.c)) $(OUT)/system/selftest/start.o

selftest: $(OUT)/selftest.img
$(OUT)/selftest.img: $(OUT)/system/selftest/selftest.elf
	$(OBJCOPY16) -O binary -j .image $< $@
	truncate -s 1440K $@

$(OUT)/system/selftest/selftest.elf: $(SELFTEST_OBJS) system/selftest/selftest.lds
	$(LD16) -m elf_i386 --no-warn-rwx-segments -e boot -T system/selftest/selftest.lds -o $@ $(SELFTEST_OBJS)

-include $(SELFTEST_OBJS:.o=.d)
.PHONY: selftest
