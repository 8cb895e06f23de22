; SPDX-License-Identifier: MIT
; Debug registers and single steps in 64-bit mode: addresses of 64 bits, 8-byte breakpoints, steps over IRETQ and into
; compatibility mode (SDM 3B 17.2.5, 17.3.1).
; models: core2 max
%include "long.inc"

HIGH equ 0xFFFF800000000000
DR6_B0 equ 1
DR6_BS equ 1 << 14

; HITS value: DR6's hits; clears them
%macro HITS 1
    mov rax, dr6
    and eax, 0xE00F
    EQUAL eax, %1
    xor eax, eax
    mov dr6, rax
%endmacro

; ARM register, address, DR7
%macro ARM 3
    mov rax, %2
    mov dr%1, rax
    mov eax, %3
    mov dr7, rax
%endmacro

main64:
    mov rax, PDPT_LOW | P_P | P_W | P_U
    mov [PML4 + 256 * 8], rax
    mov rbx, HIGH + FRAME_A
    xor eax, eax
    mov dr6, rax

    CHECK 1                         ; code at an address of the upper half
    mov byte [FRAME_A], 0x90
    mov byte [FRAME_A + 1], 0xC3
    ARM 0, HIGH + FRAME_A, 0x402
    EXPECT_NEXT 1, NO_ERROR, .code
    jmp rbx
.code:
    EQUAL [fault_rip], rbx
    HITS DR6_B0
    mov ecx, FRAME_A                ; the same byte elsewhere
    call rcx
    HITS 0

    CHECK 2                         ; eight bytes, written
    ARM 1, HIGH + FRAME_A + 0x100, 0x900408 | 1 << 20
    EXPECT_NEXT 1, NO_ERROR, .data
    mov byte [rbx + 0x107], 1
.after_data:
    jmp fail64
.data:
    EQUAL qword [fault_rip], .after_data
    HITS 2
    mov al, [rbx + 0x107]           ; reads do not count
    mov byte [rbx + 0x108], 1
    mov byte [rbx + 0xFF], 1
    mov byte [FRAME_A + 0x100], 1
    HITS 0

    CHECK 3                         ; a string instruction that reaches one stops behind that iteration
    lea rdi, [rbx + 0xF0]
    mov ecx, 8
    xor eax, eax
    EXPECT_NEXT 1, NO_ERROR, .string
.rep_stos:
    rep stosq
    jmp fail64
.string:
    EQUAL ecx, 5
    EQUAL qword [fault_rip], .rep_stos
    HITS 2
    xor eax, eax
    mov dr7, rax

    CHECK 4                         ; a step over an instruction after IRETQ has set TF
    EXPECT_NEXT 1, NO_ERROR, .stepped
    push SEL_DATA0
    push STACK64_TOP - 0x100
    push 0x102
    push SEL_CODE64
    push .step
    iretq
.step:
    mov r12d, 1
.step_end:
    mov r12d, 2
.stepped:
    EQUAL qword [fault_rip], .step_end
    EQUAL r12d, 1
    HITS DR6_BS

    CHECK 5                         ; and into compatibility mode
    EXPECT_NEXT 1, NO_ERROR, .into_compat
    push SEL_CODE0
    push compat_step
    push 0x102
    popf
    o64 retf
.into_compat:
    EQUAL qword [fault_rip], compat_step
    EQUAL dword [fault_cs], SEL_CODE0
    HITS DR6_BS

    CHECK 6                         ; MOV SS holds the trap back
    mov ax, SEL_DATA0
    EXPECT_NEXT 1, NO_ERROR, .shadow
    push 0x102
    popf
    mov ss, ax
    mov r12d, 3
.shadow_end:
    mov r12d, 4
.shadow:
    EQUAL r12d, 3
    EQUAL qword [fault_rip], .shadow_end
    HITS DR6_BS

    CHECK 7                         ; DR4 and DR5 are DR6 and DR7 unless CR4.DE is set; R8 and up do not exist
    mov rax, dr7
    db 0x0F, 0x21, 0xEB             ; MOV RBX, DR5
    EQUAL rbx, rax
    EXPECT 6, NO_ERROR, {db 0x44, 0x0F, 0x21, 0xC0} ; MOV RAX, DR8
    mov rax, cr4
    or eax, 1 << 3
    mov cr4, rax
    EXPECT 6, NO_ERROR, {db 0x0F, 0x21, 0xEB}

    CHECK 8                         ; GD: any access faults, and the fault clears it
    mov eax, 0x2400
    mov dr7, rax
    EXPECT 1, NO_ERROR, {mov rax, dr0}
    mov rax, dr6
    bt eax, 13
    MUST c
    mov rax, dr7
    EQUAL eax, 0x400
    ret

bits 32
compat_step:
    inc eax
    jmp fail

GUEST_END
