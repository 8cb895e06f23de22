; SPDX-License-Identifier: MIT
; Call, interrupt and trap gates, with and without a change of privilege; conforming code (SDM 3A 5.8, 6.12).
%include "guest.inc"

SEL_GATE    equ SEL_FREE           ; 386 call gate, DPL 3, to gate_target
SEL_GATE16  equ SEL_FREE + 0x08    ; 286 call gate, DPL 3
SEL_CONF    equ SEL_FREE + 0x10    ; conforming, level 0
SEL_ABSENT  equ SEL_FREE + 0x18
SEL_GATE0   equ SEL_FREE + 0x20    ; call gate, DPL 0
SEL_CODE1   equ SEL_FREE + 0x28
SEL_DATA1   equ SEL_FREE + 0x30
SEL_GATE31  equ SEL_FREE + 0x38    ; 386 call gate, DPL 3, 31 parameters
USER_INT    equ 0x40
TRAP_INT    equ 0x41
LEVEL1_INT  equ 0x42

main32:
    SET_GATE gdt + SEL_GATE, SEL_CODE0, gate_target, 0xEC, 2
    SET_GATE gdt + SEL_GATE16, SEL_CODE0, gate16_target, 0xE4, 1
    SET_GATE gdt + SEL_GATE0, SEL_CODE0, gate_target, 0x8C, 0
    SET_GATE gdt + SEL_GATE31, SEL_CODE0, gate31_target, 0xEC, 31
    SET_DESCRIPTOR SEL_CONF, 0, 0xFFFFF, 0xC09F
    SET_DESCRIPTOR SEL_ABSENT, 0, 0xFFFFF, 0xC01B
    SET_DESCRIPTOR SEL_CODE1, 0, 0xFFFFF, 0xC0BB
    SET_DESCRIPTOR SEL_DATA1, 0, 0xFFFFF, 0xC0B3
    mov dword [tss + 16], SEL_DATA1 | 1
    SET_GATE IDT_BASE + 8 * USER_INT, SEL_CODE0, user_int, 0xEE, 0
    SET_GATE IDT_BASE + 8 * TRAP_INT, SEL_CODE0, trap_int, 0x8F, 0
    SET_GATE IDT_BASE + 8 * LEVEL1_INT, SEL_CODE1, level1_int, 0xEE, 0

    ; Same level: a call gate without a change of stack, and far calls by pointer.
    CHECK 1
    mov ebx, esp
    call SEL_GATE0:0x12345678
    EQUAL eax, 0x600D
    EQUAL esp, ebx
    CHECK 2
    EXPECT 13, SEL_GATE0 & 0xFFF8, {call (SEL_GATE0 | 1):0}
    CHECK 3
    EXPECT 11, SEL_ABSENT, {call SEL_ABSENT:0}
    CHECK 4
    EXPECT 13, SEL_DATA0, {jmp SEL_DATA0:0}
    CHECK 5
    EXPECT 13, 0, {jmp 0:0}
    CHECK 6
    EXPECT 13, GDT_SIZE, {jmp GDT_SIZE:0}
    CHECK 7
    EXPECT 13, SEL_CODE3 & 0xFFF8, {jmp (SEL_CODE3 & 0xFFF8):0}

    ; Trap gates keep IF, interrupt gates clear it.
    CHECK 8
    sti
    int TRAP_INT
    EQUAL dword [seen_eflags], EFLAGS_IF
    int USER_INT
    EQUAL dword [seen_eflags], 0
    cli

    ; Level 3.
    CHECK 10
    EXPECT_NEXT 13, TRAP_INT * 8 + 2, after_user
    ENTER_USER user
after_user:
    EQUAL dword [fault_eip], user_last
    EQUAL dword [fault_cs], SEL_CODE3
    EQUAL dword [fault_ss], SEL_DATA3
    EQUAL dword [fault_esp], STACK3_TOP
    EQUAL dword [user_marks], 0xFF
    ret

user:
    mov ax, SEL_DATA3
    mov ds, ax
    mov es, ax
    CHECK 11
    push dword 0x11111111
    push dword 0x22222222
    mov ebx, esp
    call (SEL_GATE | 3):0
    cmp eax, 0x600D
    jne user_failed
    cmp esp, STACK3_TOP         ; the gate's RET released the parameters on both stacks
    jne user_failed
    or dword [user_marks], 1
    CHECK 12
    push dword 0xABCD5678
    call (SEL_GATE16 | 3):0
    cmp ax, 0x5678
    jne user_failed
    add esp, 2
    cmp esp, STACK3_TOP
    jne user_failed
    or dword [user_marks], 2
    CHECK 13
    call SEL_CONF:conforming_target
    cmp eax, SEL_CONF | 3
    jne user_failed
    or dword [user_marks], 4
    CHECK 14
    int USER_INT
    cmp dword [seen_cs], SEL_CODE3
    jne user_failed
    mov ax, ds                  ; still ours
    cmp ax, SEL_DATA3
    jne user_failed
    or dword [user_marks], 8
    CHECK 15
    int LEVEL1_INT
    cmp dword [seen_ss], SEL_DATA1 | 1
    jne user_failed
    or dword [user_marks], 0x10
    CHECK 16
    mov ax, SEL_DATA3
    mov gs, ax
    xor eax, eax
    mov fs, ax
    pushfd
    pop eax
    test eax, EFLAGS_IF
    jnz user_failed
    mov ecx, 31
.parameter:
    push ecx
    loop .parameter
    call (SEL_GATE31 | 3):0
    cmp esp, STACK3_TOP
    jne user_failed
    or dword [user_marks], 0xE0
    CHECK 17
user_last:
    int TRAP_INT                ; DPL 0: #GP(vector * 8 + 2)
user_failed:
    ud2                         ; not what is expected: fails the check

gate_target:
    mov eax, [esp]
    mov edx, cs
    test edx, 3
    jnz .bad
    cmp dword [esp + 4], SEL_CODE3
    jne .same_level
    cmp dword [esp + 8], 0x22222222
    jne .bad
    cmp dword [esp + 12], 0x11111111
    jne .bad
    cmp dword [esp + 16], STACK3_TOP - 8
    jne .bad
    cmp dword [esp + 20], SEL_DATA3
    jne .bad
    cmp esp, STACK0_TOP - 24
    jne .bad
    mov eax, 0x600D
    retf 8
.same_level:
    mov eax, 0x600D
    retf
.bad:
    jmp fail

gate16_target:
    mov ax, [esp + 4]
    cmp word [esp + 2], SEL_CODE3
    jne gate_target.bad
    cmp esp, STACK0_TOP - 10
    jne gate_target.bad
    o16 retf 2

gate31_target:
    cmp dword [esp + 8], 1
    jne gate_target.bad
    cmp dword [esp + 8 + 30 * 4], 31
    jne gate_target.bad
    cmp dword [esp + 8 + 31 * 4], STACK3_TOP - 31 * 4
    jne gate_target.bad
    retf 31 * 4

conforming_target:
    mov eax, cs
    retf

user_int:
trap_int:
    push eax
    push ds
    mov ax, SEL_DATA0
    mov ds, ax
    pushfd
    pop eax
    and eax, EFLAGS_IF
    mov [seen_eflags], eax
    mov eax, [esp + 12]
    mov [seen_cs], eax
    pop ds
    pop eax
    iretd

level1_int:
    push eax
    mov eax, ss
    mov [seen_ss], eax
    pop eax
    iretd

seen_eflags: dd 0
seen_cs:     dd 0
seen_ss:     dd 0
user_marks:  dd 0

GUEST_END
