; SPDX-License-Identifier: MIT
; models: core2 max
; System management mode from 64-bit and compatibility mode: what the handler finds, the 64-bit fields of the save map, and
; the way back (AMD64 APM 2, 10.2-10.3).
%include "long.inc"

APMC       equ 0xB2
SMI_OFFSET equ 0x8000
MAP_RIP    equ 0x7F78
MAP_RSP    equ 0x7FD8
MAP_EFER   equ 0x7ED0
MAP_R8     equ 0x7FB8
MAP_R15    equ 0x7F80
MAP_CR4    equ 0x7F48
MAP_CS     equ 0x7E10
%define MAP(offset) map + (offset) - 0x7E00

%macro SMI 0
    xor eax, eax
    out APMC, al
%endmacro

main64:
    mov esi, handler
    mov edi, 0x38000
    mov ecx, handler_end - handler
    rep movsb

    CHECK 1                         ; registers of 64 bits come back
    mov rbx, 0x1111222233334444
    mov rcx, 0xC1C2C3C4C5C6C7C8
    mov rdx, 0xD1D2D3D4D5D6D7D8
    mov rsi, 0x5152535455565758
    mov rdi, 0x6162636465666768
    mov rbp, 0x7172737475767778
    mov r8, 0x8888000000000001
    mov r9, 0x9999000000000002
    mov r14, 0xEEEE000000000003
    mov r15, 0xFFFF000000000004
    SMI
behind_smi:
    mov rax, 0x1111222233334444
    EQUAL rbx, rax
    mov rax, 0xC1C2C3C4C5C6C7C8
    EQUAL rcx, rax
    mov rax, 0xD1D2D3D4D5D6D7D8
    EQUAL rdx, rax
    mov rax, 0x5152535455565758
    EQUAL rsi, rax
    mov rax, 0x6162636465666768
    EQUAL rdi, rax
    mov rax, 0x7172737475767778
    EQUAL rbp, rax
    mov rax, 0x8888000000000001
    EQUAL r8, rax
    mov rax, 0x9999000000000002
    EQUAL r9, rax
    mov rax, 0xEEEE000000000003
    EQUAL r14, rax
    mov rax, 0xFFFF000000000004
    EQUAL r15, rax
    EQUAL dword [seen_count], 1
    CHECK 2                         ; the handler is in real mode
    EQUAL dword [seen_efer], 0
    EQUAL dword [seen_cr4], 0
    mov eax, [seen_cr0]
    and eax, 0x80000001
    EQUAL eax, 0
    EQUAL word [seen_cs], 0x3000
    CHECK 3                         ; the map
    EQUAL dword [MAP(MAP_RIP)], behind_smi
    EQUAL dword [MAP(MAP_RIP) + 4], 0
    EQUAL qword [MAP(MAP_RSP)], rsp
    EQUAL qword [MAP(MAP_R8)], r8
    EQUAL qword [MAP(MAP_R15)], r15
    EQUAL word [MAP(MAP_CS)], SEL_CODE64
    EQUAL dword [MAP(MAP_EFER)], EFER_LME | EFER_LMA | EFER_NXE
    mov rax, cr4
    EQUAL qword [MAP(MAP_CR4)], rax
    CHECK 4                         ; EFER and the bases of FS and GS come back
    MSR_IS MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE
    SET_MSR 0xC0000100, 0x0000123456789ABC
    SET_MSR 0xC0000101, 0xFFFF800000000000
    SMI
    MSR_IS 0xC0000100, 0x0000123456789ABC
    MSR_IS 0xC0000101, 0xFFFF800000000000
    CHECK 5                         ; the handler may move RIP and change 64-bit registers
    mov dword [edit], 1
    SMI
    jmp fail64
edited:
    mov dword [edit], 0
    mov rax, 0xFFFF800012345678
    EQUAL rbx, rax
    CHECK 6                         ; compatibility mode
    mov dword [seen_count], 0
    push qword SEL_CODE0
    push qword compat
    retfq
bits 32
compat:
    mov ebx, 0x87654321
    xor eax, eax
    out APMC, al
    EQUAL ebx, 0x87654321
    EQUAL dword [seen_count], 1
    EQUAL word [MAP(MAP_CS)], SEL_CODE0
    jmp SEL_CODE64:.back
bits 64
.back:
    CHECK 7                         ; LMA without LME
    SHUTDOWN_AT after
    mov dword [edit], 2
    SMI
    jmp fail64
bits 32
after:
    jmp pass
bits 64

align 8
seen_count: dd 0
seen_efer:  dd 0
seen_cr0:   dd 0
seen_cr4:   dd 0
seen_cs:    dd 0
edit:       dd 0
map:        times 0x200 db 0

bits 16
handler:
    mov sp, 0x2FF0
    mov ecx, MSR_EFER
    rdmsr
    mov [dword seen_efer], eax
    mov eax, cr0
    mov [dword seen_cr0], eax
    mov eax, cr4
    mov [dword seen_cr4], eax
    mov ax, cs
    mov [dword seen_cs], ax
    inc dword [dword seen_count]
    mov esi, 0x3FE00
    mov edi, map
    mov ecx, 0x80
    cld
    a32 rep movsd
    cmp byte [dword edit], 1
    je .move
    cmp byte [dword edit], 2
    je .impossible
    rsm
.move:
    mov dword [cs:0x8000 + MAP_RIP], edited
    mov dword [cs:0x8000 + 0x7FE0], 0x12345678 ; RBX
    mov dword [cs:0x8000 + 0x7FE4], 0xFFFF8000
    rsm
.impossible:
    and dword [cs:0x8000 + MAP_EFER], ~EFER_LME
    rsm
handler_end:
bits 64

GUEST_END
