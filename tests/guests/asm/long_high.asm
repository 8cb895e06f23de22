; SPDX-License-Identifier: MIT
; System tables in the upper half of the address space, used from 64-bit code, compatibility mode and level 3: GDT, LDT,
; IDT and TSS keep their 64-bit bases whatever mode runs (SDM 3A 5.8.3.1, 6.14, 7.7; SDM 1 19.5.2).
; models: core2 max
%include "long.inc"

HIGH        equ 0xFFFF800000000000
SEL_LDT     equ SEL_LONG            ; 16 bytes
SEL_HIGHTSS equ SEL_LONG + 0x10     ; 16 bytes
LDT         equ FRAME_A + 0xFF4     ; its second descriptor lies across pages
EDGE_IDT    equ FRAME_A + 0x4FF8    ; so do its gates
EDGE_TSS    equ FRAME_A + 0x6FF8 - 4 ; and RSP0

%macro SYSTEM_DESCRIPTOR 4          ; selector, 64-bit base, limit, access byte
    mov rax, %2
    mov edi, gdt + ((%1) & 0xFFF8)
    mov word [rdi], %3
    mov word [rdi + 2], ax
    shr rax, 16
    mov byte [rdi + 4], al
    mov word [rdi + 5], %4
    mov byte [rdi + 7], ah
    shr rax, 16
    mov [rdi + 8], rax
%endmacro

main64:
    mov r15, rsp
    mov rax, PDPT_LOW | P_P | P_W | P_U
    mov [PML4 + 256 * 8], rax       ; the first GiB once more at the bottom of the upper half

    CHECK 1                         ; a GDT there
    sub rsp, 16
    mov rax, HIGH + ABSOLUTE_OF(gdt)
    mov word [rsp], GDT_SIZE - 1
    mov [rsp + 2], rax
    lgdt [rsp]
    mov ax, SEL_DATA0
    mov ds, ax
    mov es, ax

    CHECK 2                         ; an IDT there, its gates across pages
    mov rsi, IDT64
    mov rdi, EDGE_IDT
    mov ecx, 64 * 2
    rep movsq
    mov byte [EDGE_IDT + 3 * 16 + 5], 0xEE
    mov rax, HIGH + EDGE_IDT
    mov word [rsp], 64 * 16 - 1
    mov [rsp + 2], rax
    lidt [rsp]
    add rsp, 16
    EXPECT_NEXT 0, NO_ERROR, .vector_0
    int 0
.vector_0:
    EXPECT_NEXT 3, NO_ERROR, .vector_3
    int3
.vector_3:

    CHECK 3                         ; a TSS there, RSP0 across pages; an I/O map
    mov rax, HIGH + RSP0_TOP
    mov [EDGE_TSS + 4], rax
    mov word [EDGE_TSS + 0x66], 0x68
    mov byte [EDGE_TSS + 0x68 + 0x80 / 8], 0xFE ; port 80h is allowed
    mov byte [EDGE_TSS + 0x68 + 0x80 / 8 + 1], 0xFF
    SYSTEM_DESCRIPTOR SEL_HIGHTSS, HIGH + EDGE_TSS, 0x68 + 0x20, 0x89
    mov ax, SEL_HIGHTSS
    ltr ax
    EXPECT_NEXT 3, NO_ERROR, .from_user
    ENTER_USER user_out
.from_user:
    mov rax, HIGH + RSP0_TOP - 56
    EQUAL [handler_rsp], rax
    EXPECT_NEXT 13, 0, .denied
    ENTER_USER user_denied
.denied:

    CHECK 4                         ; the same from compatibility mode
    EXPECT_NEXT 3, NO_ERROR, .from_compat
    RETURN_TO SEL_CODE3, compat_out, SEL_DATA3, USER64_TOP
.from_compat:
    mov rax, HIGH + RSP0_TOP - 56
    EQUAL [handler_rsp], rax
    EXPECT_NEXT 13, 0, .compat_denied
    RETURN_TO SEL_CODE3, compat_denied, SEL_DATA3, USER64_TOP
.compat_denied:
    EXPECT_NEXT 0, NO_ERROR, .compat_vector
    COMPATIBILITY compat_int0
.compat_vector:
    mov rsp, r15

    CHECK 5                         ; an LDT there, loaded from and used in compatibility mode
    SYSTEM_DESCRIPTOR SEL_LDT, HIGH + LDT, 15, 0x82
    mov rax, [gdt + (SEL_DATA3 & 0xFFF8)]
    btr rax, 40                     ; not accessed yet
    mov [LDT + 8], rax
    COMPATIBILITY compat_ldt
back_from_ldt:
    mov rsp, r15
    test byte [LDT + 8 + 5], 1
    MUST nz
    mov ax, 8 | 4
    verr ax
    MUST z

    CHECK 6                         ; SGDT and SIDT in compatibility mode store 32 bits
    COMPATIBILITY compat_sgdt
back_from_sgdt:
    mov rsp, r15
    EQUAL dword [FRAME_A + 2], ABSOLUTE_OF(gdt)
    EQUAL dword [FRAME_A + 6], 0x55555555

    CHECK 7                         ; LGDT there loads 32 bits
    COMPATIBILITY compat_lgdt
back_from_lgdt:
    mov rsp, r15
    sub rsp, 16
    sgdt [rsp]
    EQUAL qword [rsp + 2], gdt
    add rsp, 16
    ret

user_out:
    out 0x80, al
    int3
user_denied:
    out 0x81, al

bits 32
compat_out:
    out 0x80, al
    int3
compat_denied:
    out 0x81, al
compat_int0:
    int 0
compat_ldt:
    mov ax, SEL_DATA0               ; the way to level 3 has dropped it
    mov ds, ax
    mov ax, SEL_LDT
    lldt ax
    mov ax, 8 | 4
    mov fs, ax
    mov dword [fs:FRAME_A], 0x12345678
    cmp dword [FRAME_A], 0x12345678
    jne near fail
    jmp SEL_CODE64:back_from_ldt
compat_sgdt:
    mov dword [FRAME_A + 4], 0x55555555
    mov dword [FRAME_A + 8], 0x55555555
    mov dword [FRAME_A + 2], 0
    mov dword [FRAME_A + 6], 0x55555555
    sgdt [FRAME_A]
    jmp SEL_CODE64:back_from_sgdt
compat_lgdt:
    lgdt [gdt_pointer]
    jmp SEL_CODE64:back_from_lgdt

GUEST_END
