; SPDX-License-Identifier: MIT
; models: core2 max
; System management mode with the state save map of AMD64 (APM 2 table 10-1), in legacy mode.

; Offsets from SMBASE + 8000h
REVISION     equ 0x64
MAP_ES       equ 0x7E00
MAP_CS       equ 0x7E10
MAP_SS       equ 0x7E20
MAP_DS       equ 0x7E30
MAP_FS       equ 0x7E40
MAP_GS       equ 0x7E50
MAP_TR       equ 0x7E90
MAP_TRAP     equ 0x7EC0         ; port, size in bytes, REP, string, valid, IN
TRAP_REP_OUTSB equ 1 << 4 | 8 | 4 | 2
MAP_IO       equ 0x7EC8
MAP_HALT     equ 0x7EC9
MAP_REVISION equ 0x7EFC
MAP_SMBASE   equ 0x7F00
MAP_CR3      equ 0x7F50
MAP_CR0      equ 0x7F58
MAP_DR7      equ 0x7F60
MAP_DR6      equ 0x7F68
MAP_EFLAGS   equ 0x7F70
MAP_EIP      equ 0x7F78
MAP_EDI      equ 0x7FC0
MAP_ESI      equ 0x7FC8
MAP_EBP      equ 0x7FD0
MAP_ESP      equ 0x7FD8
MAP_EBX      equ 0x7FE0
MAP_EDX      equ 0x7FE8
MAP_ECX      equ 0x7FF0
MAP_EAX      equ 0x7FF8

%include "smm.inc"
