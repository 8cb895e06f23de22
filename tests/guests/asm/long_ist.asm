; SPDX-License-Identifier: MIT
; The 64-bit IDT: frames, stack alignment, RSP0, IST, gate checks, double faults, IRETQ (SDM 3A 6.14).
; models: core2 max
%include "long.inc"

SEL_SHORT   equ SEL_LONG            ; a TSS without IST slots
FRAME_BYTES equ 56                  ; RIP to SS, error code or -1, vector
NOT_CANONICAL equ 0x0000800000000000

; FROM_USER vector, error, label
%macro FROM_USER 3
    EXPECT_NEXT %1, %2, %%after
    ENTER_USER %3
%%after:
%endmacro

main64:
    mov r15, rsp
    GATE64 3, stubs64 + 3 * 16, 0xEE, 0

    CHECK 1                         ; same level: the frame is aligned to 16 bytes and holds the old RSP
    mov rsp, STACK64_TOP - 0x105
    mov r14, rsp
    EXPECT_NEXT 3, NO_ERROR, .same
    int3
.same:
    EQUAL qword [fault_rsp], r14
    EQUAL qword [handler_rsp], STACK64_TOP - 0x110 - FRAME_BYTES
    EQUAL dword [fault_cs], SEL_CODE64
    mov rsp, r15

    CHECK 2                         ; level 3: RSP0, SS null
    FROM_USER 3, NO_ERROR, user_int3
    EQUAL qword [handler_rsp], RSP0_TOP - FRAME_BYTES
    EQUAL qword [fault_rsp], USER64_TOP
    EQUAL dword [fault_cs], SEL_USER64
    EQUAL dword [fault_ss], SEL_DATA3
    mov ax, ss
    EQUAL ax, 0

    CHECK 3                         ; IST on the same level keeps SS
    mov ax, SEL_DATA0
    mov ss, ax
    GATE64 3, stubs64 + 3 * 16, 0xEE, 1
    EXPECT_NEXT 3, NO_ERROR, .ist
    int3
.ist:
    EQUAL qword [handler_rsp], IST1_TOP - FRAME_BYTES
    EQUAL qword [fault_rsp], r15
    mov ax, ss
    EQUAL ax, SEL_DATA0

    CHECK 4                         ; IST beats RSP0; error codes go there too
    GATE64 13, stubs64 + 13 * 16, 0x8E, 2
    FROM_USER 13, 0, user_hlt
    EQUAL qword [handler_rsp], IST2_TOP - FRAME_BYTES
    EQUAL qword [fault_rip], user_hlt

    CHECK 5                         ; a stack that is not canonical: #SS, and #DF where that cannot be delivered
    GATE64 12, stubs64 + 12 * 16, 0x8E, 1
    mov rsp, NOT_CANONICAL + 64
    mov qword [resume_rsp], r15
    mov dword [expected_vector], 12
    mov dword [expected_error], 0
    mov qword [resume_rip], .bad_push
    push rax
.bad_push:
    EQUAL dword [fault_vector], 12
    mov rax, NOT_CANONICAL + 64
    EQUAL [fault_rsp], rax
    mov rsp, r15
    GATE64 12, stubs64 + 12 * 16, 0x8E, 0
    GATE64 8, stubs64 + 8 * 16, 0x8E, 2
    mov rsp, NOT_CANONICAL
    mov dword [expected_vector], 8
    mov qword [resume_rip], .double
    push rax
.double:
    EQUAL dword [fault_vector], 8

    CHECK 6                         ; gate types, presence, DPL, code segments
    GATE64 0x40, stubs64 + 0x40 * 16, 0x8E, 0
    EXPECT_NEXT 0x40, NO_ERROR, .trap_gate
    int 0x40
.trap_gate:
    FROM_USER 13, 0x40 * 8 + 2, user_int40
    GATE64 0x40, stubs64 + 0x40 * 16, 0x85, 0
    EXPECT 13, 0x40 * 8 + 2, {int 0x40}
    GATE64 0x40, stubs64 + 0x40 * 16, 0x86, 0
    EXPECT 13, 0x40 * 8 + 2, {int 0x40}
    GATE64 0x40, stubs64 + 0x40 * 16, 0x0E, 0
    EXPECT 11, 0x40 * 8 + 2, {int 0x40}
    GATE64 0x40, NOT_CANONICAL, 0x8E, 0
    EXPECT 13, 0, {int 0x40}
    GATE64 0x40, stubs64 + 0x40 * 16, 0x8E, 0
    mov word [IDT64 + 0x40 * 16 + 2], SEL_CODE0
    EXPECT 13, SEL_CODE0, {int 0x40}
    mov word [IDT64 + 0x40 * 16 + 2], 0
    EXPECT 13, 0, {int 0x40}

    CHECK 7                         ; interrupt gates clear IF, trap gates keep it; the frame has the old flags
    GATE64 0x40, .interrupt, 0x8E, 0
    GATE64 0x41, .trap, 0x8F, 0
    sti
    int 0x40
    pushf
    pop rbx
    EQUAL eax, 0
    test ebx, EFLAGS_IF
    MUST nz
    int 0x41
    cli
    EQUAL eax, EFLAGS_IF
    jmp .iret
.interrupt:
.trap:
    pushf
    pop rax
    and eax, EFLAGS_IF
    iretq

.iret:
    CHECK 8                         ; IRETQ pops SS:RSP on every level; SS may be null at level 0
    mov rbx, STACK64_TOP - 0x80
    RETURN_TO SEL_CODE64, .null_ss, 0, STACK64_TOP - 0x80
.null_ss:
    EQUAL rsp, rbx
    mov ax, ss
    EQUAL ax, 0
    mov rsp, r15
    EXPECT_NEXT 13, 0, .null_user
    RETURN_TO SEL_USER64, user_int3, 3, USER64_TOP
.null_user:
    mov rbx, NOT_CANONICAL
    push SEL_DATA0
    push r15
    push 2
    push SEL_CODE64
    push rbx
    EXPECT 13, 0, {iretq}
    mov rsp, r15
    pushf
    or qword [rsp], EFLAGS_NT
    popf
    push SEL_DATA0
    push r15
    push 2
    push SEL_CODE64
    push fail64
    EXPECT 13, 0, {iretq}           ; NT: there is no task to return to
    mov rsp, r15
    push 2
    popf
    EXPECT_NEXT 13, 0, .null_compatible
    RETURN_TO SEL_CODE0, undefined, 0, STACK64_TOP - 0x80
.null_compatible:
    mov rsp, r15

    CHECK 9                         ; an IST slot beyond the TSS
    GATE64 13, stubs64 + 13 * 16, 0x8E, 0
    SET_DESCRIPTOR SEL_SHORT, TSS64, 0x2B, 0x0089
    mov ax, SEL_SHORT
    ltr ax
    EXPECT_NEXT 3, NO_ERROR, .slot_fits
    int3
.slot_fits:
    EQUAL qword [handler_rsp], IST1_TOP - FRAME_BYTES
    SET_DESCRIPTOR SEL_SHORT, TSS64, 0x2A, 0x0089
    mov ax, SEL_SHORT
    ltr ax
    EXPECT 10, SEL_SHORT, {int3}

    CHECK 10                        ; LTR checks its descriptor, 16 bytes of it
    EXPECT 13, SEL_SHORT, {ltr ax}  ; busy
    SET_DESCRIPTOR SEL_SHORT, TSS64, 0x67, 0x0089
    mov dword [gdt + SEL_SHORT + 8], 0x8000 ; base not canonical
    EXPECT 13, SEL_SHORT, {ltr ax}
    mov dword [gdt + SEL_SHORT + 8], 0
    mov dword [gdt + SEL_SHORT + 12], 0x100
    EXPECT 13, SEL_SHORT, {ltr ax}
    SET_DESCRIPTOR SEL_SHORT, TSS64, 0x67, 0x0081
    EXPECT 13, SEL_SHORT, {ltr ax}

    CHECK 11                        ; beyond the IDT's limit
    sub rsp, 16
    mov word [rsp], 0x40 * 16 + 14
    mov qword [rsp + 2], IDT64
    lidt [rsp]
    EXPECT 13, 0x40 * 8 + 2, {int 0x40}
    add rsp, 16
    ret

undefined:
    ud2
user_int3:
    int3
user_hlt:
    hlt
user_int40:
    int 0x40

GUEST_END
