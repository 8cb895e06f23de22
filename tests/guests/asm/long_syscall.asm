; SPDX-License-Identifier: MIT
; SYSCALL, SYSRET, SYSENTER and SYSEXIT in IA-32e mode (SDM 2B; SDM 3A 5.8.7, 5.8.8). The selectors that they load are
; not looked up, so they need no descriptors.
; models: core2 max
%include "long.inc"

MSR_STAR  equ 0xC0000081
MSR_LSTAR equ 0xC0000082
MSR_FMASK equ 0xC0000084
MSR_SYSENTER_CS  equ 0x174
MSR_SYSENTER_ESP equ 0x175
MSR_SYSENTER_EIP equ 0x176

STAR_USER     equ 0x83              ; base of SYSRET's selectors
FLAGS_MASK    equ EFLAGS_TF | EFLAGS_IF | 1 << 10
NOT_CANONICAL equ 0x0000800000000000

main64:
    mov r15, rsp
    GATE64 3, stubs64 + 3 * 16, 0xEE, 0

    CHECK 1                         ; EFER.SCE
    EXPECT 6, NO_ERROR, {syscall}
    EXPECT 6, NO_ERROR, {o64 sysret}
    SET_MSR MSR_EFER, EFER_LME | EFER_NXE | EFER_SCE

    CHECK 2                         ; addresses must be canonical, the mask has 32 bits
    mov ecx, MSR_LSTAR
    mov eax, 0
    mov edx, 0x8000
    EXPECT 13, 0, {wrmsr}
    mov ecx, MSR_FMASK
    EXPECT 13, 0, {wrmsr}
    SET_MSR MSR_STAR, (STAR_USER << 48) | (SEL_CODE64 << 32)
    SET_MSR MSR_LSTAR, .entry
    SET_MSR MSR_FMASK, FLAGS_MASK

    CHECK 3                         ; SYSCALL from level 3
    ENTER_USER .user
.user:
    std
    stc
    syscall
.after_syscall:
    int3
.entry:
    pushf
    pop rax
    EQUAL eax, 3                    ; DF is masked, CF stays
    EQUAL rcx, .after_syscall
    EQUAL r11d, 0x403
    mov ax, cs
    EQUAL ax, SEL_CODE64
    mov ax, ss
    EQUAL ax, SEL_CODE64 + 8
    EQUAL rsp, USER64_TOP       ; the user's

    CHECK 4                         ; SYSRET to 64-bit code: CS + 16, SS + 8, level 3, reserved flags stay off
    mov rsp, r15
    EXPECT_NEXT 3, NO_ERROR, .from_64
    mov ecx, .user_64
    mov r11, ~(EFLAGS_TF | EFLAGS_NT)
    mov rsp, 0x123456789000
    o64 sysret
.user_64:
    lea rsp, [rsp + 1]              ; REX.W: this is 64-bit code
    int3
.from_64:
    EQUAL dword [fault_cs], STAR_USER + 16
    EQUAL dword [fault_ss], STAR_USER + 8
    mov rax, 0x123456789001
    EQUAL [fault_rsp], rax
    EQUAL qword [fault_rflags], 0x3C7FD7 & ~(EFLAGS_TF | EFLAGS_NT) | 2
    mov rsp, r15
    push 2
    popf

    CHECK 5                         ; SYSRET to compatibility mode: CS, SS + 8, ECX
    EXPECT_NEXT 3, NO_ERROR, .from_32
    mov rcx, 0x1234567800000000 | ABSOLUTE_OF(user_32)
    mov r11d, 2
    sysret
.from_32:
    EQUAL dword [fault_cs], STAR_USER
    EQUAL dword [fault_ss], STAR_USER + 8
    EQUAL ecx, ABSOLUTE_OF(user_32) - 1
    mov rsp, r15

    CHECK 6                         ; not to an address that is not canonical, not from level 3
    mov rcx, NOT_CANONICAL
    EXPECT 13, 0, {o64 sysret}
    EXPECT_NEXT 13, 0, .sysret_at_3
    ENTER_USER user_sysret
.sysret_at_3:

    CHECK 7                         ; single step sees a masked call and its return as one instruction
    SET_MSR MSR_LSTAR, .traced_entry
    EXPECT_NEXT 1, NO_ERROR, .traced
    mov ecx, .traced_user
    mov r11d, 2
    o64 sysret
.traced_user:
    push 0x102
    popf                            ; TF: the trap comes behind the next instruction
    syscall
.behind:
    int3
.traced_entry:
    mov eax, 1
    o64 sysret
.traced:
    EQUAL qword [fault_rip], .behind
    EQUAL eax, 1
    mov rax, dr6
    and eax, 1 << 14
    EQUAL eax, 1 << 14
    mov rsp, r15

    CHECK 8                         ; SYSENTER with 64-bit targets
    mov ecx, MSR_SYSENTER_EIP
    mov eax, 0
    mov edx, 0x8000
    EXPECT 13, 0, {wrmsr}
    EXPECT 13, 0, {sysenter}        ; SYSENTER_CS is null
    SET_MSR MSR_SYSENTER_CS, SEL_CODE64
    SET_MSR MSR_SYSENTER_ESP, STACK64_TOP - 0x200
    SET_MSR MSR_SYSENTER_EIP, .sysenter_target
    ENTER_USER .sysenter_user
.sysenter_user:
    sysenter
    int3
.sysenter_target:
    EQUAL rsp, STACK64_TOP - 0x200
    mov ax, cs
    EQUAL ax, SEL_CODE64
    mov ax, ss
    EQUAL ax, SEL_CODE64 + 8

    CHECK 9                         ; SYSEXIT to 64-bit code: CS + 32, SS + 40
    EXPECT_NEXT 3, NO_ERROR, .from_sysexit
    mov edx, .user_sysexit
    mov rcx, 0x123456789000
    o64 sysexit
.user_sysexit:
    int3
.from_sysexit:
    EQUAL dword [fault_cs], SEL_CODE64 + 32 | 3
    EQUAL dword [fault_ss], SEL_CODE64 + 40 | 3
    mov rax, 0x123456789000
    EQUAL [fault_rsp], rax

    CHECK 10                        ; to compatibility mode: CS + 16, SS + 24, EDX and ECX
    EXPECT_NEXT 3, NO_ERROR, .from_sysexit32
    mov rdx, 0x1234567800000000 | ABSOLUTE_OF(user_32)
    mov rcx, 0x12345678_00020000
    sysexit
.from_sysexit32:
    EQUAL dword [fault_cs], SEL_CODE64 + 16 | 3
    EQUAL dword [fault_ss], SEL_CODE64 + 24 | 3
    EQUAL qword [fault_rsp], 0x20000

    CHECK 11
    mov rdx, NOT_CANONICAL
    mov ecx, 0x20000
    EXPECT 13, 0, {o64 sysexit}
    xchg rcx, rdx
    EXPECT 13, 0, {o64 sysexit}
    mov rsp, r15
    ret

user_sysret:
    o64 sysret

bits 32
user_32:
    dec ecx                         ; 49h: no REX here
    int3

GUEST_END
