# SPDX-License-Identifier: MIT
# What every firmware image is built from: the option ROM finisher, and the rules for 16-bit objects.
$(OUT)/romsum: common/romsum.c
	@mkdir -p $(@D)
	@echo "  HOSTCC $@"; $(HOSTCC) -O1 -std=c17 -Wall -Wextra -o $@ $<

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC16 $<"; $(CC16) $(CFLAGS16) -MMD -MP -c -o $@ $<

$(OUT)/%.o: %.S
	@mkdir -p $(@D)
	@echo "  CC16 $<"; $(CC16) -m16 -I. -Wa,--noexecstack -MMD -MP -c -o $@ $<
