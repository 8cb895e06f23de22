; SPDX-License-Identifier: MIT
; Exceptions by class in 32-bit protected mode: #DE, #OF, #BR, #UD, #NM, #AC, privilege by IOPL and CR4, instruction
; length (SDM 3A 6.15).
%include "guest.inc"

; UNDEFINED bytes: must be #UD
%macro UNDEFINED 1+
    EXPECT 6, NO_ERROR, {db %1}
%endmacro

; USER_FAULTS vector, error, label: at level 3, with fault_eip = label
%macro USER_FAULTS 3
    EXPECT_NEXT %1, %2, %%after
    ENTER_USER %3
%%after:
    EQUAL dword [fault_eip], %3
%endmacro

; USER_RUNS label: the code there ends with INT3
%macro USER_RUNS 1
    EXPECT_NEXT 3, NO_ERROR, %%after
    ENTER_USER %1
%%after:
%endmacro

main32:
    mov byte [IDT_BASE + 8 * 3 + 5], 0xEE

    CHECK 1                         ; division
    xor edx, edx
    mov eax, 1
    xor ebx, ebx
    EXPECT 0, NO_ERROR, {div ebx}
    mov edx, 5
    mov ebx, 5
    EXPECT 0, NO_ERROR, {div ebx}
    mov edx, 0xFFFFFFFF
    mov eax, 0x80000000
    mov ebx, -1
    EXPECT 0, NO_ERROR, {idiv ebx}
    EQUAL edx, 0xFFFFFFFF
    EXPECT 0, NO_ERROR, {aam 0}

    CHECK 2                         ; INTO is a trap behind itself, BOUND a fault
    EXPECT_NEXT 4, NO_ERROR, .overflow
    mov al, 0x7F
    inc al
    into
.behind_into:
    jmp fail
.overflow:
    EQUAL dword [fault_eip], .behind_into
    mov eax, 11
    EXPECT 5, NO_ERROR, {bound eax, [bounds]}
    mov eax, -11
    EXPECT 5, NO_ERROR, {bound eax, [bounds]}
    mov eax, -10
    bound eax, [bounds]

    CHECK 3                         ; undefined opcodes
    UNDEFINED 0x0F, 0x0B
    UNDEFINED 0x0F, 0xFF, 0xC0
    UNDEFINED 0xC4, 0xC0            ; LES with a register
    UNDEFINED 0xC5, 0xC0
    UNDEFINED 0x62, 0xC0
    UNDEFINED 0x8D, 0xC0            ; LEA with a register
    UNDEFINED 0xFE, 0xD0
    UNDEFINED 0xFF, 0xF8
    UNDEFINED 0xFF, 0xD8            ; far CALL with a register
    UNDEFINED 0x8F, 0xC8            ; POP /1
    UNDEFINED 0xC6, 0xC8
    UNDEFINED 0x0F, 0xBA, 0xC0, 0x00
    UNDEFINED 0x0F, 0x01, 0xD0      ; LGDT with a register
    UNDEFINED 0x0F, 0x01, 0xF8      ; INVLPG with a register (SWAPGS in long mode)
    UNDEFINED 0x0F, 0x20, 0xC8      ; CR1
    UNDEFINED 0x0F, 0x20, 0xE8      ; CR5
    UNDEFINED 0x0F, 0xC7, 0xC8      ; CMPXCHG8B with a register
    UNDEFINED 0x8E, 0xC8            ; MOV CS
    UNDEFINED 0x8C, 0xF0            ; segment register 6
    UNDEFINED 0x0F, 0xAA            ; RSM outside SMM

    CHECK 4                         ; LOCK
    lock inc dword [scratch]
    lock xadd [scratch], eax
    lock cmpxchg [scratch], eax
    lock bts dword [scratch], 3
    lock not dword [scratch]
    xchg eax, [scratch]
    UNDEFINED 0xF0, 0x90            ; NOP
    UNDEFINED 0xF0, 0x40            ; INC EAX
    UNDEFINED 0xF0, 0x01, 0xC0      ; ADD with a register
    UNDEFINED 0xF0, 0x03, 0x03      ; ADD to a register
    UNDEFINED 0xF0, 0x3B, 0x03      ; CMP
    UNDEFINED 0xF0, 0x39, 0x03
    UNDEFINED 0xF0, 0x85, 0x03      ; TEST
    UNDEFINED 0xF0, 0x0F, 0xA3, 0x03 ; BT
    UNDEFINED 0xF0, 0xC1, 0x23, 0x01 ; SHL
    UNDEFINED 0xF0, 0xFF, 0x33      ; PUSH
    UNDEFINED 0xF0, 0x8B, 0x03      ; MOV
    UNDEFINED 0xF0, 0xA4            ; MOVSB
    UNDEFINED 0xF0, 0xFA            ; CLI

    CHECK 5                         ; 15 bytes are an instruction, 16 are #GP(0)
    times 14 db 0x66
    nop
    EXPECT 13, 0, {times 15 db 0x66}

    CHECK 6                         ; #NM
    mov eax, cr0
    or al, 8                        ; TS
    mov cr0, eax
    EXPECT 7, NO_ERROR, {fninit}
    wait                            ; needs MP as well
    or al, 2
    mov cr0, eax
    EXPECT 7, NO_ERROR, {wait}
    clts
    mov eax, cr0
    and al, ~2
    or al, 4                        ; EM
    mov cr0, eax
    EXPECT 7, NO_ERROR, {fninit}
    and al, ~4
    mov cr0, eax
    fninit

    CHECK 7                         ; privilege
    USER_FAULTS 13, 0, user_cli
    USER_FAULTS 13, 0, user_hlt
    USER_FAULTS 13, 0, user_in
    USER_FAULTS 13, 0, user_cr3
    USER_FAULTS 13, 0, user_dr7
    USER_FAULTS 13, 0, user_wrmsr
    USER_FAULTS 13, 0, user_lmsw
    USER_FAULTS 13, 0, user_invlpg
    USER_FAULTS 13, 0x42 * 8 + 2, user_int
    USER_RUNS user_harmless
    USER_RUNS user_popf
    EQUAL dword [seen_eflags], 2 | 0x200000 ; ID only: neither IF nor IOPL

    CHECK 8                         ; RDTSC under CR4.TSD
    USER_RUNS user_rdtsc
    mov eax, cr4
    or al, 4
    mov cr4, eax
    USER_FAULTS 13, 0, user_rdtsc
    rdtsc
    mov eax, cr4
    and al, ~4
    mov cr4, eax

    CHECK 9                         ; #AC: CR0.AM, EFLAGS.AC and level 3, all three
    mov eax, cr0
    or eax, 1 << 18
    mov cr0, eax
    pushfd
    or dword [esp], EFLAGS_AC
    popfd
    mov eax, [scratch + 1]          ; level 0
    pushfd
    and dword [esp], ~EFLAGS_AC
    popfd
    USER_RUNS user_unaligned
    EXPECT_NEXT 17, 0, .ac_dword
    ENTER_USER user_ac
.ac_dword:
    EQUAL dword [fault_eip], user_ac.dword
    EXPECT_NEXT 17, 0, .ac_word
    ENTER_USER user_ac_word
.ac_word:
    EQUAL dword [fault_eip], user_ac_word.word
    mov eax, cr0
    and eax, ~(1 << 18)
    mov cr0, eax

    CHECK 10                        ; a benign and a contributory fault in sequence are served one by one
    mov byte [IDT_BASE + 8 * 6 + 5], 0x0E
    EXPECT_NEXT 11, 6 * 8 + 3, .np  ; #NP(IDT, EXT) while #UD is delivered
    ud2
.np:
    mov byte [IDT_BASE + 8 * 6 + 5], 0x8E
    CHECK 11                        ; two contributory ones are a double fault
    mov byte [IDT_BASE + 8 * 13 + 5], 0x0E
    EXPECT_NEXT 8, 0, .df
    mov ax, 0xFFF8
    mov gs, ax
.df:
    mov byte [IDT_BASE + 8 * 13 + 5], 0x8E
    CHECK 12                        ; INT n to an absent gate: no EXT
    mov byte [IDT_BASE + 8 * 0x42 + 5], 0x0E
    EXPECT 11, 0x42 * 8 + 2, {int 0x42}
    CHECK 13                        ; beyond the table
    lidt [short_idt]
    EXPECT 13, 0x80 * 8 + 2, {int 0x80}
    lidt [idt_pointer]
    ret

user_cli:
    cli
user_hlt:
    hlt
user_in:
    in al, 0x20
user_cr3:
    mov eax, cr3
user_dr7:
    mov eax, dr7
user_wrmsr:
    wrmsr
user_lmsw:
    lmsw ax
user_invlpg:
    invlpg [scratch]
user_int:
    int 0x42
user_harmless:
    smsw ax
    sgdt [scratch]
    sidt [scratch]
    sldt ax
    str ax
    int3
user_popf:
    push dword 0x243202             ; ID, AC, IOPL 3, IF
    and dword [esp], ~EFLAGS_AC
    popfd
    pushfd
    pop dword [seen_eflags]
    int3
user_rdtsc:
    rdtsc
    int3
user_unaligned:
    mov eax, [scratch + 1]
    int3
user_ac:
    pushfd
    or dword [esp], EFLAGS_AC
    popfd
    mov al, [scratch + 1]
    mov ax, [scratch + 2]
    mov eax, [scratch + 4]
.dword:
    mov eax, [scratch + 2]
user_ac_word:
    pushfd
    or dword [esp], EFLAGS_AC
    popfd
.word:
    mov ax, [scratch + 3]

align 8
scratch:     times 4 dd 0
bounds:      dd -10, 10
seen_eflags: dd 0
short_idt:
    dw 0x7F * 8 + 7
    dd IDT_BASE

GUEST_END
