; SPDX-License-Identifier: MIT
; models: pentium pentiumpro pentium2 pentium4
; board
; System management mode with the state save map of the P6 (SDM 3C table 31-1).

; Offsets from SMBASE + 8000h
REVISION     equ 0
MAP_SMBASE   equ 0x7EF8
MAP_REVISION equ 0x7EFC
MAP_TRAP     equ 0x7FA4         ; port, kind, size in bytes, valid
TRAP_REP_OUTSB equ 6 << 4 | 1 << 1 | 1
MAP_IO       equ 0x7F00
MAP_HALT     equ 0x7F02
MAP_ES       equ 0x7FA8
MAP_CS       equ 0x7FAC
MAP_SS       equ 0x7FB0
MAP_DS       equ 0x7FB4
MAP_FS       equ 0x7FB8
MAP_GS       equ 0x7FBC
MAP_TR       equ 0x7FC4
MAP_DR7      equ 0x7FC8
MAP_DR6      equ 0x7FCC
MAP_EAX      equ 0x7FD0
MAP_ECX      equ 0x7FD4
MAP_EDX      equ 0x7FD8
MAP_EBX      equ 0x7FDC
MAP_ESP      equ 0x7FE0
MAP_EBP      equ 0x7FE4
MAP_ESI      equ 0x7FE8
MAP_EDI      equ 0x7FEC
MAP_EIP      equ 0x7FF0
MAP_EFLAGS   equ 0x7FF4
MAP_CR3      equ 0x7FF8
MAP_CR0      equ 0x7FFC

%include "smm.inc"
