# SPDX-License-Identifier: MIT
# A game that is a multiboot kernel.
guest fetch grub-invaders
boot invaders --speed 20 --kernel "$packages/grub-invaders/boot/invaders.exec"
