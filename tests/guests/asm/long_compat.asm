; SPDX-License-Identifier: MIT
; Compatibility mode: segmentation is back, 64-bit instructions are not, interrupts are 64-bit ones (SDM 3A 5.2.1, 6.14;
; SDM 1 3.1).
; models: core2 max
%include "long.inc"

SEL_SMALL   equ SEL_LONG            ; base FRAME_A, 16 bytes
SEL_L_AND_D equ SEL_LONG + 8

main64:
    mov byte [IDT64 + 3 * 16 + 5], 0xEE
    SET_DESCRIPTOR SEL_SMALL, FRAME_A, 15, 0x4093
    SET_DESCRIPTOR SEL_L_AND_D, 0, 0xFFFFF, 0xE09B
    mov byte [FRAME_A], 0x5A
    mov byte [0], 0

    CHECK 1                         ; a base that 64-bit mode ignores waits for compatibility mode
    mov ax, SEL_SMALL
    mov ds, ax
    EQUAL byte [FRAME_A], 0x5A
    COMPATIBILITY .based
bits 32
.based:
    cmp byte [0], 0x5A
    jne near fail
    jmp SEL_CODE64:.flat_again
bits 64
.flat_again:
    EQUAL byte [FRAME_A], 0x5A

    CHECK 2                         ; limits count; the frame has SS:RSP on the same level too
    mov r15, rsp
    EXPECT_NEXT 13, 0, .limit
    COMPATIBILITY limit_fault
.limit:
    EQUAL qword [fault_rip], limit_fault
    EQUAL dword [fault_cs], SEL_CODE0
    EQUAL qword [fault_rsp], r15
    EQUAL dword [fault_ss], SEL_DATA0
    mov ax, SEL_DATA0
    mov ds, ax

    CHECK 3                         ; 40h-4Fh are INC and DEC, PUSH is 4 bytes wide
    mov rsp, STACK64_TOP - 0x100
    COMPATIBILITY .legacy_opcodes
bits 32
.legacy_opcodes:
    mov eax, 7
    inc eax
    EQUAL eax, 8
    mov ebx, esp
    push eax
    sub ebx, esp
    EQUAL ebx, 4
    pop eax
    jmp SEL_CODE64:.back_3
bits 64
.back_3:
    mov esp, STACK64_TOP - 8        ; main64's return address

    CHECK 4                         ; SYSCALL and SWAPGS do not exist
    EXPECT_NEXT 6, NO_ERROR, .no_syscall
    COMPATIBILITY compat_syscall
.no_syscall:
    EQUAL qword [fault_rip], compat_syscall
    EXPECT_NEXT 6, NO_ERROR, .no_swapgs
    COMPATIBILITY compat_swapgs
.no_swapgs:

    CHECK 5                         ; level 3: IRETQ there, an interrupt back through RSP0
    EXPECT_NEXT 3, NO_ERROR, .from_user
    RETURN_TO SEL_CODE3, compat_user, SEL_DATA3, USER64_TOP
.from_user:
    EQUAL dword [fault_cs], SEL_CODE3
    EQUAL dword [fault_ss], SEL_DATA3
    EQUAL qword [fault_rsp], USER64_TOP
    EQUAL qword [handler_rsp], RSP0_TOP - 56
    mov ax, ss
    EQUAL ax, 0

    CHECK 6                         ; L with D is reserved
    EXPECT 13, SEL_L_AND_D, {jmp dword far [abs .reserved]}
    jmp .offsets
.reserved:
    dd 0
    dw SEL_L_AND_D

.offsets:
    CHECK 7                         ; 64-bit offsets must fit 32-bit code
    mov rax, 0x100000000
    push SEL_CODE0
    push rax
    EXPECT 13, 0, {o64 retf}
    add rsp, 16

    CHECK 8                         ; 16-bit code
    mov ax, SEL_DATA0
    mov ss, ax
    push SEL_CODE16
    push .sixteen
    o64 retf
bits 16
.sixteen:
    mov ax, 0x1234
    mov bx, ax
    jmp dword SEL_CODE64:.back_8
bits 64
.back_8:
    EQUAL bx, 0x1234
    ret

bits 32
limit_fault:
    mov al, [16]
    jmp fail
compat_syscall:
    syscall
    jmp fail
compat_swapgs:
    db 0x0F, 0x01, 0xF8
    jmp fail
compat_user:
    mov eax, 1
    inc eax
    cmp eax, 2
    jne $
    int3

GUEST_END
