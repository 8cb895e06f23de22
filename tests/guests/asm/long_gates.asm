; SPDX-License-Identifier: MIT
; Far transfers and call gates in IA-32e mode, and what LAR and LSL say of its descriptors (SDM 3A 5.8.3.1; SDM 2).
; models: core2 max
%include "long.inc"

SEL_GATE      equ SEL_LONG | 3      ; 16 bytes: 64-bit call gate to level 0
SEL_GATE_TO_0 equ SEL_LONG + 0x10   ; for callers on level 0 only
SEL_CONFORM   equ SEL_LONG + 0x20   ; 64-bit conforming code of level 0
SEL_LDT       equ SEL_LONG + 0x30   ; 16 bytes
NOT_CANONICAL equ 0x0000800000000000

; CALL_GATE selector, access byte, code selector, 64-bit offset
%macro CALL_GATE 4
    mov rax, %4
    mov edi, gdt + ((%1) & 0xFFF8)
    mov esi, (%2) << 8
    call write_gate64
    mov word [rdi + 2], %3
    mov dword [rdi + 12], 0
%endmacro

main64:
    mov r15, rsp
    GATE64 3, stubs64 + 3 * 16, 0xEE, 0
    CALL_GATE SEL_GATE, 0xEC, SEL_CODE64, .entry
    CALL_GATE SEL_GATE_TO_0, 0x8C, SEL_CODE64, .entry_0
    SET_DESCRIPTOR SEL_CONFORM, 0, 0, 0xA09F

    CHECK 1                         ; from 64-bit level 3: new stack, SS null, four quadwords, no parameters
    ENTER_USER user_call
.entry:
    mov ax, cs
    EQUAL ax, SEL_CODE64
    mov ax, ss
    EQUAL ax, 0
    EQUAL rsp, RSP0_TOP - 32
    EQUAL qword [rsp], after_user_call
    EQUAL qword [rsp + 8], SEL_USER64
    EQUAL qword [rsp + 16], USER64_TOP
    EQUAL qword [rsp + 24], SEL_DATA3
    EXPECT_NEXT 3, NO_ERROR, .returned
    o64 retf
.returned:
    EQUAL qword [fault_rip], after_user_call + 1
    EQUAL qword [fault_rsp], USER64_TOP
    EQUAL dword [fault_ss], SEL_DATA3

    CHECK 2                         ; from compatibility mode: the same frame
    CALL_GATE SEL_GATE, 0xEC, SEL_CODE64, .entry_compat
    RETURN_TO SEL_CODE3, compat_call, SEL_DATA3, USER64_TOP
.entry_compat:
    EQUAL rsp, RSP0_TOP - 32
    EQUAL qword [rsp], after_compat_call
    EQUAL qword [rsp + 8], SEL_CODE3
    EQUAL qword [rsp + 16], USER64_TOP
    EXPECT_NEXT 3, NO_ERROR, .returned_compat
    o64 retf
.returned_compat:
    EQUAL dword [fault_cs], SEL_CODE3
    mov rsp, r15

    CHECK 3                         ; on one level: two quadwords on the present stack, whatever the operand size
    call dword far [abs .gate_0]
    jmp .same_level
.gate_0:
    dd 0
    dw SEL_GATE_TO_0
.gate_0_rpl_1:
    dd 0
    dw SEL_GATE_TO_0 | 1
.entry_0:
    lea rax, [rsp + 16]
    EQUAL rax, r15
    EQUAL qword [rsp + 8], SEL_CODE64
    o64 retf
.same_level:
    EQUAL rsp, r15
    EXPECT_NEXT 3, NO_ERROR, .jumped
    CALL_GATE SEL_GATE_TO_0, 0x8C, SEL_CODE64, .breakpoint
    jmp dword far [abs .gate_0]
.breakpoint:
    int3
.jumped:

    CHECK 4                         ; checks of the gate and its target
    EXPECT_NEXT 13, SEL_GATE_TO_0, .gate_dpl
    ENTER_USER user_call_0
.gate_dpl:
    CALL_GATE SEL_GATE_TO_0, 0x0C, SEL_CODE64, .entry_0
    EXPECT 11, SEL_GATE_TO_0, {call dword far [abs .gate_0]}
    CALL_GATE SEL_GATE_TO_0, 0x8C, SEL_CODE64, .entry_0
    mov dword [gdt + SEL_GATE_TO_0 + 12], 0x100
    EXPECT 13, SEL_GATE_TO_0, {call dword far [abs .gate_0]}
    mov dword [gdt + SEL_GATE_TO_0 + 12], 0x1000
    EXPECT 13, SEL_GATE_TO_0, {call dword far [abs .gate_0]}
    mov dword [gdt + SEL_GATE_TO_0 + 12], 0
    EXPECT 13, SEL_GATE_TO_0, {call dword far [abs .gate_0_rpl_1]}
    CALL_GATE SEL_GATE_TO_0, 0x8C, SEL_CODE0, .entry_0
    EXPECT 13, SEL_CODE0, {call dword far [abs .gate_0]}
    CALL_GATE SEL_GATE_TO_0, 0x8C, 0, .entry_0
    EXPECT 13, 0, {call dword far [abs .gate_0]}
    CALL_GATE SEL_GATE_TO_0, 0x8C, SEL_CODE64, NOT_CANONICAL
    EXPECT 13, 0, {call dword far [abs .gate_0]}
    CALL_GATE SEL_GATE_TO_0, 0x84, SEL_CODE64, .entry_0
    EXPECT 13, SEL_GATE_TO_0, {call dword far [abs .gate_0]}
    CALL_GATE SEL_GATE_TO_0, 0x85, SEL_CODE64, .entry_0
    EXPECT 13, SEL_GATE_TO_0, {call dword far [abs .gate_0]}
    EQUAL rsp, r15

    CHECK 5                         ; direct far calls in three operand sizes
    call dword far [abs .direct]
    EQUAL rax, 8
    call qword far [abs .direct_64]
    EQUAL rax, 16
    jmp .conforming
.direct:
    dd .called
    dw SEL_CODE64
.direct_64:
    dq .called
    dw SEL_CODE64
.called:
    mov rax, r15
    sub rax, rsp
    cmp rax, 16
    je .called_64
    o32 retf
.called_64:
    o64 retf

.conforming:
    CHECK 6                         ; conforming code runs at the caller's level
    EXPECT_NEXT 13, 0, .from_conforming
    ENTER_USER user_conforming
.from_conforming:
    EQUAL dword [fault_cs], SEL_CONFORM | 3
    EQUAL qword [fault_rip], user_hlt

    CHECK 7                         ; 64-bit LDT: 16 bytes, base must be canonical
    SET_DESCRIPTOR SEL_LDT, FRAME_A, 15, 0x0082
    mov dword [gdt + SEL_LDT + 8], 0x8000
    mov ax, SEL_LDT
    EXPECT 13, SEL_LDT, {lldt ax}
    mov dword [gdt + SEL_LDT + 8], 0
    lldt ax
    mov rax, [gdt + (SEL_USER64 & 0xFFF8)]
    mov [FRAME_A + 8], rax
    mov ax, 8 | 4 | 3
    lar eax, ax
    MUST z
    EQUAL eax, 0xA0FB00
    mov ax, 16 | 4
    lar eax, ax
    MUST nz

    CHECK 8                         ; LAR and LSL know 64-bit types only
    mov edx, SEL_TSS64
    lar eax, edx
    MUST z
    lsl eax, edx
    MUST z
    mov byte [gdt + SEL_TSS64 + 13], 0x10 ; LSL looks at all 16 bytes
    mov eax, 0x55
    lsl eax, edx
    MUST nz
    EQUAL eax, 0x55
    mov byte [gdt + SEL_TSS64 + 13], 0xE0
    lsl eax, edx
    MUST z
    mov byte [gdt + SEL_TSS64 + 13], 0
    mov edx, SEL_GATE_TO_0
    CALL_GATE SEL_GATE_TO_0, 0x8C, SEL_CODE64, .entry_0
    lar eax, edx
    MUST z
    lsl eax, edx
    MUST nz
    mov byte [gdt + SEL_GATE_TO_0 + 5], 0x84
    lar eax, edx
    MUST nz
    mov byte [gdt + SEL_GATE_TO_0 + 5], 0x81
    lar eax, edx
    MUST nz
    lsl eax, edx
    MUST nz

    CHECK 9                        ; 64-bit destinations are cleared above the result
    mov rax, -1
    mov edx, SEL_CODE0
    lsl rax, edx
    MUST z
    mov rdx, 0xFFFFFFFF
    EQUAL rax, rdx
    mov rax, -1
    sldt rax
    EQUAL rax, SEL_LDT
    mov rax, -1
    str ax
    EQUAL ax, SEL_TSS64
    shr rax, 16
    mov rdx, -1
    shr rdx, 16
    EQUAL rax, rdx
    ret

user_call:
    call dword far [abs user_gate]
after_user_call:
    int3
user_gate:
    dd 0
    dw SEL_GATE
user_call_0:
    call dword far [abs user_gate_0]
user_gate_0:
    dd 0
    dw SEL_GATE_TO_0 | 3
user_conforming:
    jmp dword far [abs conforming_pointer]
conforming_pointer:
    dd user_hlt
    dw SEL_CONFORM
user_hlt:
    hlt

bits 32
compat_call:
    call SEL_GATE:0
after_compat_call:
    int3

GUEST_END
