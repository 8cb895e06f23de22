; SPDX-License-Identifier: MIT
; Code in 64-bit mode: encodings that are gone, LOCK, length and prefixes, code that changes itself (SDM 2A 2.1, 2.2, LOCK;
; 2D table A-2; 3A 8.1.3, 11.6).
; models: core2 max
%include "long.inc"

HIGH equ 0xFFFF800000000000

; UNDEFINED bytes
%macro UNDEFINED 1+
    EXPECT 6, NO_ERROR, {db %1}
%endmacro

main64:
    CHECK 1                         ; gone
    UNDEFINED 0x06
    UNDEFINED 0x07
    UNDEFINED 0x0E
    UNDEFINED 0x16
    UNDEFINED 0x17
    UNDEFINED 0x1E
    UNDEFINED 0x1F
    UNDEFINED 0x27
    UNDEFINED 0x2F
    UNDEFINED 0x37
    UNDEFINED 0x3F
    UNDEFINED 0x60
    UNDEFINED 0x61
    UNDEFINED 0x62, 0x00
    UNDEFINED 0x82, 0xC0, 0x01
    UNDEFINED 0x9A, 0, 0, 0, 0, 0, 0
    UNDEFINED 0xC4, 0x00
    UNDEFINED 0xC5, 0x00
    UNDEFINED 0xCE
    UNDEFINED 0xD4, 0x0A
    UNDEFINED 0xD5, 0x0A
    UNDEFINED 0xD6
    UNDEFINED 0xEA, 0, 0, 0, 0, 0, 0

    CHECK 2                         ; never there, with and without REX
    UNDEFINED 0x0F, 0x0B
    UNDEFINED 0x48, 0x0F, 0x0B
    UNDEFINED 0x0F, 0xFF, 0xC0
    UNDEFINED 0x0F, 0x20, 0xC8      ; CR1
    UNDEFINED 0x44, 0x0F, 0x20, 0xC8 ; CR9
    UNDEFINED 0x8E, 0xC8            ; CS
    UNDEFINED 0x8E, 0xF0
    UNDEFINED 0x8F, 0xC8            ; 8F /1
    UNDEFINED 0xC6, 0xC8, 0
    UNDEFINED 0xFE, 0xD0
    UNDEFINED 0xFF, 0xF8
    UNDEFINED 0xFF, 0xD8            ; far pointers lie in memory
    UNDEFINED 0xFF, 0xE8
    UNDEFINED 0x8D, 0xC0

    CHECK 3                         ; LOCK: registers, loads, compares, stores
    UNDEFINED 0xF0, 0x48, 0x01, 0xC0
    UNDEFINED 0xF0, 0x48, 0x03, 0x00
    UNDEFINED 0xF0, 0x48, 0x39, 0x00
    UNDEFINED 0xF0, 0x48, 0x89, 0x00
    UNDEFINED 0xF0, 0x48, 0x0F, 0xA3, 0x00
    UNDEFINED 0xF0, 0x48, 0x0F, 0xC7, 0xC8
    UNDEFINED 0xF0, 0xFF, 0x30
    UNDEFINED 0xF0, 0x48, 0x85, 0x00
    UNDEFINED 0xF0, 0x90

    CHECK 4                         ; where it may stand
    mov qword [FRAME_A], 1
    mov qword [FRAME_A + 8], 0
    mov eax, 2
    lock add [FRAME_A], rax
    EQUAL qword [FRAME_A], 3
    lock neg qword [FRAME_A]
    EQUAL qword [FRAME_A], -3
    lock bts qword [FRAME_A + 8], 63
    MUST nc
    lock xadd [FRAME_A], rax
    EQUAL rax, -3
    EQUAL qword [FRAME_A], -1
    mov rax, -1
    mov rdx, 1 << 63
    mov ebx, 5
    mov ecx, 6
    lock cmpxchg16b [FRAME_A]
    MUST z
    EQUAL qword [FRAME_A + 8], 6

    CHECK 5                         ; 15 bytes are an instruction, 16 are #GP(0)
    times 5 db 0x2E
    db 0x48, 0xB8
    dq 0x1122334455667788
    mov rbx, 0x1122334455667788
    EQUAL rax, rbx
    EXPECT_NEXT 13, 0, .too_long
.sixteen:
    times 6 db 0x2E
    db 0x48, 0xB8
    dq 0x99
    jmp fail64
.too_long:
    EQUAL qword [fault_rip], .sixteen
    EQUAL rax, rbx
    times 14 db 0x66
    nop
    EXPECT_NEXT 13, 0, .too_many
.prefixes:
    times 15 db 0x66
    nop
    jmp fail64
.too_many:
    EQUAL qword [fault_rip], .prefixes

    CHECK 6                         ; REX counts right before the opcode alone
    mov rax, 0x10000FFFF
    db 0x48, 0x66, 0xFF, 0xC0       ; INC AX
    mov ecx, 1
    shl rcx, 32
    EQUAL rax, rcx
    db 0x4C, 0x48, 0xFF, 0xC0       ; INC RAX: the last of two
    inc rcx
    EQUAL rax, rcx

    CHECK 7                         ; a store into the next instruction, and into the tail of it
    mov byte [.next + 1], 0x55
.next:
    mov al, 0
    EQUAL al, 0x55
    mov dword [.wide + 6], 0x11223344
.wide:
    mov rax, 0x5566778800000001     ; its upper half is overwritten
    shr rax, 32
    EQUAL eax, 0x11223344

    CHECK 8                         ; by another linear address, and again
    mov rax, PDPT_LOW | P_P | P_W | P_U
    mov [PML4 + 256 * 8], rax
    mov rbp, HIGH + FRAME_A
    mov word [FRAME_A], 0x00B0      ; MOV AL, 0
    mov byte [FRAME_A + 2], 0xC3
    mov r12d, 100
.again:
    mov [rbp + 1], r12b
    xor eax, eax
    cpuid
    mov edi, FRAME_A
    call rdi
    EQUAL al, r12b
    dec r12d
    jnz .again

    CHECK 9                         ; an instruction on two pages, whose second part changes
    mov edi, FRAME_A + 0xFFB
    mov word [rdi], 0xB848
    mov rax, 0x1111111111111111
    mov [rdi + 2], rax
    mov byte [rdi + 10], 0xC3
    call rdi
    mov byte [FRAME_A + 0x1002], 0x22
    call rdi
    mov rbx, 0x1111221111111111     ; byte 5 of the operand is the page's third
    EQUAL rax, rbx
    ret

GUEST_END
