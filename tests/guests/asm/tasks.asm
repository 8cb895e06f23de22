; SPDX-License-Identifier: MIT
; Hardware task switches: 386 and 286 TSSs, nesting, task gates for exceptions, faults inside a switch (SDM 3A 7).
%include "guest.inc"

SEL_TSS_B   equ SEL_FREE            ; 386
SEL_TSS_C   equ SEL_FREE + 0x08     ; 286
SEL_TSS_D   equ SEL_FREE + 0x10     ; 386, for exceptions
SEL_GATE_B  equ SEL_FREE + 0x18     ; task gate, DPL 3
SEL_BAD     equ SEL_FREE + 0x20
SEL_CODE16L equ SEL_FREE + 0x28     ; 16-bit code, base 0

TASK_STACK_B equ 0x3000
TASK_STACK_C equ 0x3400
TASK_STACK_D equ 0x3800

; The type of a TSS descriptor must be as given.
%macro TYPE_IS 2
    mov al, [gdt + (%1) + 5]
    and al, 15
    EQUAL al, %2
%endmacro

%macro TASK_EFLAGS 2
    mov eax, [(%1) + 0x24]
    and eax, EFLAGS_NT | EFLAGS_IF
    EQUAL eax, %2
%endmacro

main32:
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss_b), 0x67, 0x0089
    SET_DESCRIPTOR SEL_TSS_C, ABSOLUTE_OF(tss_c), 0x2B, 0x0081
    SET_DESCRIPTOR SEL_TSS_D, ABSOLUTE_OF(tss_d), 0x67, 0x0089
    SET_DESCRIPTOR SEL_CODE16L, 0, 0xFFFF, 0x009B
    SET_GATE gdt + SEL_GATE_B, SEL_TSS_B, 0, 0xE5, 0

    ; JMP there and back: no link, no NT, busy moves.
    CHECK 1
    mov dword [tss_b + 0x20], jump_back
    mov ebx, 0x12345678
    jmp SEL_TSS_B:0
    EQUAL ebx, 0x12345678
    TYPE_IS SEL_TSS_B, 9
    TYPE_IS SEL_TSS, 11
    EQUAL word [tss_b], 0
    EQUAL dword [seen_ebx], 0xBBBBBBBB
    smsw ax
    test al, 8                  ; CR0.TS
    MUST nz
    clts

    ; CALL nests; IRET comes back and continues behind itself the next time.
    CHECK 2
    mov dword [tss_b + 0x20], nested
    mov word [tss_b], 0xFFFF
    call SEL_TSS_B:0
    EQUAL dword [nested_runs], 1
    EQUAL word [tss_b], SEL_TSS
    TYPE_IS SEL_TSS_B, 9
    TASK_EFLAGS tss_b, 0        ; IRET clears NT in what it saves
    pushfd
    pop eax
    test eax, EFLAGS_NT
    MUST z
    call SEL_GATE_B:0
    EQUAL dword [nested_runs], 2

    ; A busy TSS cannot be entered again.
    CHECK 3
    EXPECT 13, SEL_TSS, {call SEL_TSS:0}
    CHECK 4
    EXPECT 13, SEL_TSS_B | 4, {jmp (SEL_TSS_B | 4):0} ; the LDT is empty

    ; To a 286 task and back.
    CHECK 5
    call SEL_TSS_C:0
    EQUAL word [seen_ax], 0xC000
    EQUAL word [seen_fs], 0
    EQUAL word [tss_c], SEL_TSS
    mov ax, fs
    EQUAL ax, SEL_DATA0
    TYPE_IS SEL_TSS_C, 1
    jmp tests_with_faults

nested:
    inc dword [nested_runs]
    pushfd
    pop eax
    test eax, EFLAGS_NT
    MUST nz
    EQUAL word [tss_b], SEL_TSS
    TYPE_IS SEL_TSS, 11
    TYPE_IS SEL_TSS_B, 11
    iretd
    jmp nested                  ; the next CALL continues here

jump_back:
    mov [seen_ebx], ebx
    TYPE_IS SEL_TSS, 9
    pushfd
    pop eax
    test eax, EFLAGS_NT
    MUST z
    str ax
    EQUAL ax, SEL_TSS_B
    jmp SEL_TSS:0

bits 16
task_c:
    mov [seen_ax], ax
    mov ax, fs
    mov [seen_fs], ax
    iret
    jmp task_c
bits 32

tests_with_faults:
    ; #GP through a task gate: error code on the new task's stack, the old task's EIP in its TSS.
    CHECK 10
    SET_GATE IDT_BASE + 8 * 13, SEL_TSS_D, 0, 0x85, 0
    mov dword [tss_d + 0x20], on_gp

    mov word [0x500], 0xFFF8
    mov ebx, .bad_load_at
.bad_load_at:
    mov gs, [0x500]
    EQUAL dword [seen_error], 0xFFF8
    EQUAL dword [seen_eip], .bad_load_at
    test dword [seen_eflags], EFLAGS_RF
    MUST nz
    CHECK 11                    ; INT n through it: no error code
    mov dword [tss_d + 0x20], on_int
    SET_GATE IDT_BASE + 8 * 0x50, SEL_TSS_D, 0, 0x85, 0
    int 0x50
.behind_int:
    EQUAL dword [seen_eip], .behind_int
    EQUAL dword [seen_esp], TASK_STACK_D
    call restore_gp_gate

    ; Faults of a switch that has committed belong to the new task: TR names it, the saved EIP is its first.
    CHECK 12
    mov dword [tss_b + 0x20], jump_back
    mov word [tss_b + 0x54], SEL_BAD
    SET_DESCRIPTOR SEL_BAD, 0, 0xFFFFF, 0xC013
    mov dword [tss_b + 0x38], TASK_STACK_B
    EXPECT_NEXT 11, SEL_BAD, .after_ds
    jmp SEL_TSS_B:0
.after_ds:
    EQUAL dword [fault_eip], jump_back
    str ax
    EQUAL ax, SEL_TSS_B
    TYPE_IS SEL_TSS_B, 11
    TYPE_IS SEL_TSS, 9
    call back_to_main_task
    CHECK 13                    ; not code
    mov word [tss_b + 0x54], SEL_DATA0
    mov word [tss_b + 0x5C], SEL_CODE3
    EXPECT_NEXT 10, SEL_BAD, .after_gs
    SET_DESCRIPTOR SEL_BAD, 0, 0xFFFFF, 0xC099 ; execute only
    mov word [tss_b + 0x5C], SEL_BAD
    jmp SEL_TSS_B:0
.after_gs:
    call back_to_main_task
    mov word [tss_b + 0x5C], 0

    ; Checks before the switch leave everything as it was.
    CHECK 14
    SET_DESCRIPTOR SEL_BAD, ABSOLUTE_OF(tss_b), 0x66, 0x0089
    EXPECT 10, SEL_BAD, {jmp SEL_BAD:0}
    SET_DESCRIPTOR SEL_BAD, ABSOLUTE_OF(tss_b), 0x67, 0x0009
    EXPECT 11, SEL_BAD, {jmp SEL_BAD:0}
    str ax
    EQUAL ax, SEL_TSS
    TYPE_IS SEL_TSS, 11

    ; IRET with NT to a task that is not busy.
    CHECK 15
    mov word [tss], SEL_TSS_B
    pushfd
    or dword [esp], EFLAGS_NT
    popfd
    EXPECT 10, SEL_TSS_B, {iretd}

    ; The debug trap flag.
    CHECK 16
    mov dword [tss_b + 0x20], fail
    mov word [tss_b + 0x64], 1
    EXPECT_NEXT 1, NO_ERROR, .after_trap
    jmp SEL_TSS_B:0
.after_trap:
    EQUAL dword [fault_eip], fail
    mov eax, dr6
    test eax, 0x8000
    MUST nz
    xor eax, eax
    mov dr6, eax
    mov word [tss_b + 0x64], 0
    call back_to_main_task

    ; A double fault with a stack that cannot be used: only a task gate gets out of it.
    CHECK 17
    SET_GATE IDT_BASE + 8 * 8, SEL_TSS_D, 0, 0x85, 0
    mov dword [tss_d + 0x20], on_df
    mov dword [tss_d + 0x38], TASK_STACK_D
    mov dword [tss_d + 0x24], 2
    SET_DESCRIPTOR SEL_BAD, 0, 0x0FFF, 0x4093
    mov [old_esp], esp
    mov ax, SEL_BAD
    mov ss, ax
    mov esp, 0x2000             ; beyond the limit
    push eax
.in_df:
    jmp fail

on_df:
    EQUAL dword [esp], 0
    str ax
    EQUAL ax, SEL_TSS_D
    EQUAL word [tss + 0x50], SEL_BAD
    EQUAL dword [tss + 0x38], 0x2000
    mov esp, [old_esp]
    ret                         ; to the caller of main32, in this task

on_gp:
    pop dword [seen_error]
    mov eax, [tss + 0x20]
    mov [seen_eip], eax
    mov eax, [tss + 0x24]
    mov [seen_eflags], eax
    add dword [tss + 0x20], 6   ; behind MOV GS, [moffs]
    iretd

on_int:
    mov [seen_esp], esp
    mov eax, [tss + 0x20]
    mov [seen_eip], eax
    iretd

restore_gp_gate:
    SET_GATE IDT_BASE + 8 * 13, SEL_CODE0, stubs + 8 * 13, 0x8E, 0
    ret

; From task B, whose switch failed, to the main task by hand.
back_to_main_task:
    mov byte [gdt + SEL_TSS + 5], 0x89
    mov ax, SEL_TSS
    ltr ax
    mov byte [gdt + SEL_TSS_B + 5], 0x89
    ret

align 4
tss_b:
    times 0x1C db 0
    dd 0, 0, 2                  ; CR3, EIP, EFLAGS
    dd 0, 0, 0, 0xBBBBBBBB, TASK_STACK_B, 0, 0, 0
    dd SEL_DATA0, SEL_CODE0, SEL_DATA0, SEL_DATA0, SEL_DATA0, 0
    dd 0
    dw 0, 0x68
tss_d:
    times 0x1C db 0
    dd 0, 0, 2
    dd 0, 0, 0, 0, TASK_STACK_D, 0, 0, 0
    dd SEL_DATA0, SEL_CODE0, SEL_DATA0, SEL_DATA0, SEL_DATA0, 0
    dd 0
    dw 0, 0x68
tss_c:
    times 7 dw 0
    dw task_c, 2
    dw 0xC000, 0, 0, 0, TASK_STACK_C, 0, 0, 0
    dw SEL_DATA16, SEL_CODE16L, SEL_DATA16, SEL_DATA16
    dw 0

nested_runs: dd 0
seen_ebx:    dd 0
seen_error:  dd 0
seen_eip:    dd 0
seen_eflags: dd 0
seen_esp:    dd 0
old_esp:     dd 0
seen_ax:     dw 0
seen_fs:     dw 0xFFFF

GUEST_END
