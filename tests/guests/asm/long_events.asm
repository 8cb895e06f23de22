; SPDX-License-Identifier: MIT
; What comes between 64-bit instructions and inside them: INTR, NMI and what holds them off, REP interrupted and faulting,
; what level 3 may not do, double and triple faults (SDM 3A 5.9, 6.7-6.9, 6.14, 6.15; SDM 2 REP).
; models: core2 max
%include "long.inc"

HIGH        equ 0xFFFF800000000000
FRAME_BYTES equ 56                  ; RIP to SS, error code or -1, vector

; REFUSED instruction: #GP(0) at level 3
%macro REFUSED 1+
    EXPECT_NEXT 13, 0, %%after
    ENTER_USER %%user
%%user:
    %1
%%after:
    EQUAL qword [fault_rip], %%user
%endmacro

main64:
    mov rax, PDPT_LOW | P_P | P_W | P_U
    mov [PML4 + 256 * 8], rax
    in al, RUNNER_PORT
    cmp al, 0x5A
    jne .without_pins

    CHECK 1                         ; INTR waits for IF, and for one instruction behind STI
    EXPECT_NEXT 0x41, NO_ERROR, .intr
    mov al, 0x41
    out RUNNER_PORT, al
    nop
    sti
    nop
.behind_sti:
    jmp fail64
.intr:
    EQUAL qword [fault_rip], .behind_sti
    test dword [fault_rflags], EFLAGS_IF
    MUST nz
    pushfq
    test dword [rsp], EFLAGS_IF
    MUST z
    popfq

    CHECK 2                         ; at level 3 it comes with the first instruction, to RSP0
    EXPECT_NEXT 0x41, NO_ERROR, .from_user
    mov al, 0x41
    out RUNNER_PORT, al
    push SEL_DATA3
    push USER64_TOP
    push 2 | EFLAGS_IF
    push SEL_USER64
    push user_loop
    iretq
.from_user:
    EQUAL qword [fault_rip], user_loop
    EQUAL dword [fault_cs], SEL_USER64
    EQUAL qword [fault_rsp], USER64_TOP
    EQUAL qword [handler_rsp], RSP0_TOP - FRAME_BYTES

    CHECK 3                         ; MOV SS holds it off
    mov ebx, SEL_DATA0
    mov eax, EVENT_INTR | 0x41 << 8 | 2 << 16
    EXPECT_NEXT 0x41, NO_ERROR, .intr_ss
    out EVENT_PORT, eax
    sti
    mov ss, bx                      ; the event comes behind this one
    nop
.behind_ss:
    jmp fail64
.intr_ss:
    EQUAL qword [fault_rip], .behind_ss

    CHECK 4                         ; NMI takes its IST slot; others wait for IRETQ and are one
    GATE64 2, stubs64 + 2 * 16, 0x8E, 1
    EXPECT_NEXT 2, NO_ERROR, .nmi_a
    out NMI_PORT, al
    jmp fail64
.nmi_a:
    EQUAL qword [handler_rsp], IST1_TOP - FRAME_BYTES
    out NMI_PORT, al
    out NMI_PORT, al
    nop
    EXPECT_NEXT 2, NO_ERROR, .nmi_b
    call end_nmi
    jmp fail64
.nmi_b:
    EQUAL qword [fault_rip], end_nmi.out
    call end_nmi
    nop

    CHECK 5                         ; REP is interrupted between iterations, RF set, and goes on
    mov byte [FRAME_A + 99], 0x77
    mov rsi, HIGH + FRAME_A
    mov rdi, HIGH + FRAME_A + 0x200
    mov ecx, 100
    mov eax, EVENT_INTR | 0x41 << 8 | 30 << 16
    EXPECT_NEXT 0x41, NO_ERROR, .in_rep
    sti
    nop
    out EVENT_PORT, eax
.rep:
    rep movsb
    jmp fail64
.in_rep:
    EQUAL qword [fault_rip], .rep
    test dword [fault_rflags], EFLAGS_RF
    MUST nz
    EQUAL rcx, 70
    mov rax, HIGH + FRAME_A + 30
    EQUAL rsi, rax
    rep movsb
    EQUAL rcx, 0
    mov rax, HIGH + FRAME_A + 0x200 + 100
    EQUAL rdi, rax
    EQUAL byte [FRAME_A + 0x200 + 99], 0x77

.without_pins:
    CHECK 10                        ; a page fault inside REP: what was done stays done, and it goes on
    mov rax, FRAME_A | P_P | P_W | P_U
    mov [PROBE_PTE], rax
    mov rax, 0x1122334455667788
    mov rdi, PROBE + 0xFF0
    mov ecx, 4
    EXPECT 14, 2, {rep stosq}
    EQUAL rcx, 2
    EQUAL rdi, PROBE + 0x1000
    mov rdx, cr2
    EQUAL rdx, PROBE + 0x1000
    EQUAL [FRAME_A + 0xFF8], rax
    test dword [fault_rflags], EFLAGS_RF
    MUST nz
    mov qword [PROBE_PTE + 8], (FRAME_A + 0x1000) | P_P | P_W | P_U
    rep stosq
    EQUAL rcx, 0
    EQUAL [FRAME_A + 0x1008], rax

    CHECK 11                        ; privileged, and by IOPL
    REFUSED cli
    REFUSED sti
    REFUSED hlt
    REFUSED {in al, 0x60}
    REFUSED {out dx, eax}
    REFUSED insb
    REFUSED {mov rax, cr0}
    REFUSED {mov cr3, rax}
    REFUSED {mov cr8, rax}
    REFUSED {mov rax, dr7}
    REFUSED {mov dr0, rax}
    REFUSED {lmsw ax}
    REFUSED clts
    REFUSED rdmsr
    REFUSED wrmsr
    REFUSED {lgdt [gdt_pointer]}
    REFUSED {lidt [idt64_pointer]}
    REFUSED {lldt ax}
    REFUSED {ltr ax}
    REFUSED {invlpg [rax]}
    REFUSED wbinvd
    REFUSED invd
    REFUSED sysexit

    CHECK 12                        ; a handler that is missing, then two
    GATE64 6, 0, 0x0E, 0
    EXPECT 11, 6 * 8 | 3, ud2
    GATE64 11, 0, 0x0E, 0
    GATE64 8, stubs64 + 8 * 16, 0x8E, 2
    EXPECT 8, 0, ud2
    EQUAL qword [handler_rsp], IST2_TOP - FRAME_BYTES

    CHECK 13                        ; and three: the reset leaves IA-32e mode
    GATE64 8, 0, 0x0E, 0
    SHUTDOWN_AT .after_reset
    ud2
    jmp fail64
bits 32
.after_reset:
    mov ecx, MSR_EFER
    rdmsr
    EQUAL eax, 0
    mov eax, cr4
    EQUAL eax, 0
    call enter_long
    jmp SEL_CODE64:.back
bits 64
.back:
    ret

end_nmi:
    mov rax, rsp
    push SEL_DATA0
    push rax
    push 2
    push SEL_CODE64
    push .out
    iretq
.out:
    ret

user_loop:
    jmp user_loop

GUEST_END
