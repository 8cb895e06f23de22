; SPDX-License-Identifier: MIT
; models: pentiumpro 486 max
; Faults that meet: double faults pair by pair, triple faults; accesses that cross into a missing or read-only page leave
; nothing half done; REP stops at a fault and goes on; accessed and dirty bits of both pages (SDM 3A 4.8, 6.15 table 6-5;
; 2B REP).
;
; 0-3FFFFFh is mapped one to one. TARGET and the pages around it are in PT1; the interrupt table of the double fault checks
; lies across TARGET.
%include "guest.inc"

PD      equ 0x100000
PT0     equ 0x101000
PT1     equ 0x102000
FRAMES  equ 0x110000                ; frame of page n of PT1: FRAMES + n * 1000h
TARGET  equ 0x401000                ; page 1
CR0_PG  equ 0x80000000

; PAGE n, low bits of the entry: sets it and drops the old translation
%macro PAGE 2
    mov dword [PT1 + 4 * (%1)], (FRAMES + (%1) * 0x1000) * (((%2) & 1)) | (%2)
    invlpg [0x400000 + (%1) * 0x1000]
%endmacro
%macro BITS_ARE 2
    mov eax, [PT1 + 4 * (%1)]
    and eax, 0xFFF
    EQUAL eax, %2
%endmacro
%macro CR2_IS 1
    mov eax, cr2
    EQUAL eax, %1
%endmacro

; TABLE vector: an interrupt table whose entries below `vector` end with page 0 of PT1; the rest starts page 1
%macro TABLE 1
    PAGE 0, 3
    PAGE 1, 3
    mov esi, IDT_BASE
    mov edi, TARGET - 8 * (%1)
    mov ecx, 0x800
    rep movsb
    mov dword [moved_idt + 2], TARGET - 8 * (%1)
    lidt [moved_idt]
%endmacro

; GATE vector, access byte: of the table in use
%macro GATE 2
    mov eax, [moved_idt + 2]
    mov byte [eax + 8 * (%1) + 5], %2
%endmacro

; CROSSES bytes before TARGET, error, instruction (its operand at EBX): #PF at TARGET, nothing changed
%macro CROSSES 3+
    mov ebx, TARGET - (%1)
    EXPECT 14, %2, %3
    CR2_IS TARGET
%endmacro

main32:
    call build_tables
    mov eax, PD
    mov cr3, eax
    mov eax, cr0
    or eax, CR0_PG | 0x10000
    mov cr0, eax

    CHECK 1                         ; benign, then page fault: one by one
    TABLE 10
    PAGE 0, 0
    EXPECT 14, 0, ud2
    CR2_IS TARGET - 80 + 6 * 8
    CHECK 2                         ; contributory, then page fault: one by one
    xor ecx, ecx
    EXPECT 14, 0, {div ecx}
    CR2_IS TARGET - 80
    CHECK 3                         ; INT n, then page fault
    EXPECT 14, 0, {int 3}
    CR2_IS TARGET - 80 + 3 * 8
    CHECK 4                         ; contributory, then contributory
    TABLE 10
    GATE 13, 0x0E
    EXPECT 8, 0, {mov ss, cx}       ; #GP, #NP
    GATE 13, 0x8C
    EXPECT 8, 0, {mov ss, cx}       ; #GP, #GP
    GATE 0, 0x0E
    EXPECT 8, 0, {div ecx}          ; #DE, #NP
    GATE 13, 0x8E
    GATE 0, 0x8E
    CHECK 5                         ; page fault, then contributory
    GATE 14, 0x0E
    EXPECT 8, 0, {mov al, [0x402000]}
    CR2_IS 0x402000
    GATE 14, 0x80
    EXPECT 8, 0, {mov al, [0x402004]}
    CR2_IS 0x402004
    CHECK 6                         ; page fault, then page fault
    TABLE 14
    PAGE 1, 0
    EXPECT 8, 0, {mov al, [0x402008]}
    CR2_IS TARGET                   ; of the second one
    CHECK 7                         ; benign, then contributory: one by one
    TABLE 10
    GATE 6, 0x0E
    EXPECT 11, 6 * 8 + 3, ud2
    GATE 1, 0x0E
    EXPECT_NEXT 11, 1 * 8 + 3, .no_db
    pushfd
    or dword [esp], EFLAGS_TF
    popfd
.step:
    nop
.behind:
    jmp fail
.no_db:
    EQUAL dword [fault_eip], .behind
    xor eax, eax
    mov dr6, eax
    CHECK 8                         ; contributory in the delivery of the second of two: still only a double fault
    TABLE 10
    GATE 6, 0x0E                    ; #UD, #NP, whose gate is bad too
    GATE 11, 0x0E
    EXPECT 8, 0, ud2

    CHECK 10                        ; triple faults: the third kind is of no account
    GATE 8, 0x0E
    SHUTDOWN_AT .triple_np
    ud2                             ; #UD, #NP, #NP, #NP
    jmp fail
.triple_np:
    call paging_on
    CHECK 11
    TABLE 8                         ; entries from 8 on are missing
    PAGE 1, 0
    SHUTDOWN_AT .triple_pf
    mov al, [0x402000]              ; #PF, #PF, #PF
    jmp fail
.triple_pf:
    call paging_on
    CHECK 12                        ; no table at all
    lidt [no_idt]
    SHUTDOWN_AT .triple_int
    int 0x40
    jmp fail
.triple_int:
    call paging_on

    CHECK 20                        ; stack operations across the edge of a missing page
    PAGE 0, 0
    PAGE 1, 3
    ; at level 3, because the handler of level 0 needs a good stack
    PAGE 1, 7
    EXPECT_NEXT 14, 6, .pusha
    ENTER_USER user_pusha
.pusha:
    EQUAL dword [fault_eip], user_pusha.at
    EQUAL dword [fault_esp], TARGET + 16
    EXPECT_NEXT 14, 6, .call
    ENTER_USER user_call
.call:
    EQUAL dword [fault_eip], user_call.at
    EQUAL dword [fault_esp], TARGET
    EXPECT_NEXT 14, 6, .enter
    ENTER_USER user_enter
.enter:
    EQUAL dword [fault_eip], user_enter.at
    EQUAL dword [fault_esp], TARGET + 4
    EQUAL ebp, 0x11223344
    EXPECT_NEXT 14, 6, .push_mem
    ENTER_USER user_push_mem
.push_mem:
    EQUAL dword [fault_eip], user_push_mem.at
    EQUAL dword [fault_esp], TARGET
    EXPECT_NEXT 14, 4, .popa
    PAGE 0, 7
    PAGE 1, 0
    ENTER_USER user_popa
.popa:
    EQUAL dword [fault_eip], user_popa.at
    EQUAL dword [fault_esp], TARGET - 16
    EQUAL ecx, 0x44332211           ; no register has changed
    EXPECT_NEXT 14, 4, .iret
    ENTER_USER user_iret
.iret:
    EQUAL dword [fault_eip], user_iret.at
    EQUAL dword [fault_esp], TARGET - 8
    EXPECT_NEXT 14, 4, .pop_mem
    ENTER_USER user_pop
.pop_mem:
    EQUAL dword [fault_esp], TARGET

    CHECK 21                        ; data: a missing second page
    PAGE 0, 3
    PAGE 1, 0
    mov dword [TARGET - 4], 0x99887766
    mov dword [TARGET - 8], 0x55443322
    mov eax, 0x01020304
    CROSSES 1, 0, {mov cx, [ebx]}
    CROSSES 2, 0, {mov ecx, [ebx]}
    CROSSES 1, 2, {mov [ebx], cx}
    CROSSES 3, 2, {mov [ebx], ecx}
    CROSSES 2, 2, {add [ebx], ecx}
    CROSSES 2, 2, {xchg [ebx], ecx}
    CROSSES 2, 2, {inc dword [ebx]}
    CROSSES 4, 0, {les ecx, [ebx]}
    CROSSES 4, 0, {bound ecx, [ebx]}
    CROSSES 4, 0, {lgdt [ebx]}
    CROSSES 3, 0, {fld dword [ebx]}
    CROSSES 4, 2, {fst qword [ebx]}
    CROSSES 8, 0, {fld tword [ebx]}
    CROSSES 6, 0, {jmp dword far [ebx + 1]}
    EQUAL dword [TARGET - 4], 0x99887766
    EQUAL dword [TARGET - 8], 0x55443322
    CHECK 22                        ; FSTP and FNSAVE keep the FPU's state
    fninit
    fld1
    fldpi
    CROSSES 8, 2, {fstp tword [ebx]}
    CROSSES 50, 2, {fnsave [ebx]}
    fnstsw ax
    and ax, 0x3800
    EQUAL ax, 6 << 11
    fninit
    CHECK 23                        ; a read-only second page
    PAGE 1, 1
    CROSSES 2, 3, {mov [ebx], ecx}
    CROSSES 2, 3, {add [ebx], ecx}
    CROSSES 1, 3, {xchg [ebx], cx}
    EQUAL dword [TARGET - 4], 0x99887766
    mov ebx, TARGET - 2
    mov ecx, [ebx]
    CHECK 24                        ; a missing first page: CR2 is the operand's address
    PAGE 0, 0
    PAGE 1, 3
    mov ebx, TARGET - 2
    EXPECT 14, 0, {mov ecx, [ebx]}
    CR2_IS TARGET - 2
    EXPECT 14, 2, {mov [ebx], ecx}
    CR2_IS TARGET - 2
    CHECK 25                        ; accessed and dirty in both pages, by the access alone
    PAGE 0, 3
    PAGE 1, 3
    mov ecx, [TARGET - 2]
    BITS_ARE 0, 0x23
    BITS_ARE 1, 0x23
    mov [TARGET - 2], ecx
    BITS_ARE 0, 0x63
    BITS_ARE 1, 0x63
    PAGE 0, 3
    PAGE 1, 3
    mov cl, [TARGET - 1]
    BITS_ARE 0, 0x23
    BITS_ARE 1, 3
    cmp [TARGET], cl
    BITS_ARE 1, 0x23
    PAGE 1, 3
    add [TARGET], cl
    BITS_ARE 1, 0x63
    PAGE 1, 3
    mov eax, TARGET
    mov cl, [TARGET]
    call .nothing
    BITS_ARE 1, 0x23

    CHECK 30                        ; REP MOVS stops where the page ends and goes on when it is there
    PAGE 0, 3
    PAGE 1, 0
    mov esi, pattern
    mov edi, TARGET - 5
    mov ecx, 16
    EXPECT_NEXT 14, 2, .movs
.movs_at:
    rep movsb
    jmp fail
.movs:
    EQUAL dword [fault_eip], .movs_at
    EQUAL ecx, 11
    EQUAL edi, TARGET
    EQUAL esi, pattern + 5
    CR2_IS TARGET
    test dword [fault_eflags], EFLAGS_RF
    MUST nz
    PAGE 1, 3
    rep movsb
    EQUAL edi, TARGET + 11
    EQUAL esi, pattern + 16
    mov esi, pattern
    mov edi, TARGET - 5
    mov ecx, 16
    repe cmpsb
    MUST e
    CHECK 31                        ; dwords that straddle the edge: the whole element is repeated
    PAGE 1, 0
    mov dword [TARGET - 8], 0
    mov dword [TARGET - 4], 0
    mov edi, TARGET - 6
    mov ecx, 3
    mov eax, 0x5A5A5A5A
    EXPECT_NEXT 14, 2, .stos
    rep stosd
    jmp fail
.stos:
    EQUAL ecx, 2
    EQUAL edi, TARGET - 2
    EQUAL dword [TARGET - 6], 0x5A5A5A5A
    EQUAL word [TARGET - 2], 0
    PAGE 1, 3
    rep stosd
    EQUAL dword [TARGET + 2], 0x5A5A5A5A
    CHECK 32                        ; downwards
    PAGE 0, 0
    mov dword [TARGET], 0
    std
    mov edi, TARGET + 1
    mov ecx, 4
    EXPECT_NEXT 14, 2, .down
    mov al, 0x77
    rep stosb
    jmp fail
.down:
    cld
    EQUAL ecx, 2
    EQUAL edi, TARGET - 1
    EQUAL word [TARGET], 0x7777
    PAGE 0, 3
    CHECK 33                        ; reads: SCAS, CMPS and LODS
    PAGE 1, 0
    mov edi, TARGET - 3
    mov ecx, 10
    mov eax, 0xEE
    EXPECT_NEXT 14, 0, .scas
    repne scasb
    jmp fail
.scas:
    EQUAL ecx, 7
    EQUAL edi, TARGET
    mov esi, TARGET - 2
    mov edi, TARGET - 2
    mov ecx, 10
    EXPECT_NEXT 14, 0, .cmps
    repe cmpsb
    jmp fail
.cmps:
    EQUAL ecx, 8
    EQUAL esi, TARGET
    EQUAL edi, TARGET
    mov esi, TARGET - 4
    mov ecx, 3
    EXPECT_NEXT 14, 0, .lods
    rep lodsd
    jmp fail
.lods:
    EQUAL ecx, 2
    EQUAL esi, TARGET
    CHECK 34                        ; a count of zero touches nothing
    mov esi, TARGET
    mov edi, TARGET
    xor ecx, ecx
    rep movsb
    rep stosd
    repe cmpsb
    rep lodsb
    repne scasb
    EQUAL esi, TARGET
    EQUAL edi, TARGET
    mov ecx, 0x10000                ; nor does CX = 0 with 16-bit addresses
    a16 rep movsb
    EQUAL ecx, 0x10000
    CHECK 35                        ; 16-bit addresses: only the low halves move
    mov ecx, 0xABCD0003
    mov esi, 0x12340000 | (pattern_low)
    mov edi, 0x56780500
    a16 rep movsb
    EQUAL ecx, 0xABCD0000
    EQUAL esi, 0x12340003 + pattern_low
    EQUAL edi, 0x56780503
    mov eax, [pattern]
    xor eax, [0x500]
    test eax, 0xFFFFFF
    MUST z

    CHECK 40                        ; fetch: 15 bytes before the edge are too many whatever comes behind
    PAGE 0, 3
    PAGE 1, 0
    mov edi, TARGET - 15
    mov ecx, 15
    mov al, 0x66
    rep stosb
    EXPECT_NEXT 13, 0, .too_long
    mov eax, TARGET - 15
    jmp eax
.too_long:
    EQUAL dword [fault_eip], TARGET - 15
    CHECK 41                        ; 14 may go on in the next page
    EXPECT_NEXT 14, 0, .next_page
    mov eax, TARGET - 14
    jmp eax
.next_page:
    EQUAL dword [fault_eip], TARGET - 14
    CR2_IS TARGET
    PAGE 1, 3
    mov byte [TARGET], 0xCC
    EXPECT_NEXT 3, NO_ERROR, .whole
    mov eax, TARGET - 14
    jmp eax
.whole:
    EQUAL dword [fault_eip], TARGET + 1
    CHECK 42                        ; an undefined opcode at the end does not ask for the next page
    PAGE 1, 0
    mov word [TARGET - 2], 0x0B0F
    EXPECT_NEXT 6, NO_ERROR, .ud
    mov eax, TARGET - 2
    jmp eax
.ud:
    EQUAL dword [fault_eip], TARGET - 2
    CHECK 43                        ; nor does a jump whose last byte is there
    mov byte [TARGET - 2], 0xEB
    mov byte [TARGET - 1], 0xFC     ; to TARGET - 4
    mov word [TARGET - 4], 0x0B0F
    EXPECT_NEXT 6, NO_ERROR, .jumped
    mov eax, TARGET - 2
    jmp eax
.jumped:
    EQUAL dword [fault_eip], TARGET - 4
    mov eax, cr0
    and eax, ~CR0_PG
    mov cr0, eax
    ret
.nothing:
    ret

paging_on:
    mov eax, PD
    mov cr3, eax
    mov eax, cr0
    or eax, CR0_PG | 0x10000
    mov cr0, eax
    ret

build_tables:
    MAP_LOW 7, 0x3000
    ret

user_pusha:
    mov esp, TARGET + 16
.at:
    pushad
user_call:
    mov esp, TARGET
.at:
    call user_call
user_enter:
    mov esp, TARGET + 4
    mov ebp, 0x11223344
.at:
    enter 8, 1                      ; two pushes
user_push_mem:
    mov esp, TARGET
.at:
    push dword [pattern]
user_popa:
    mov esp, TARGET - 16
    mov ecx, 0x44332211
.at:
    popad
user_iret:
    mov esp, TARGET - 8
.at:
    iretd
user_pop:
    mov esp, TARGET
    pop dword [pattern]

align 4
pattern:     db 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
pattern_low  equ ABSOLUTE_OF(pattern)
moved_idt:
    dw 0x7FF
    dd 0
no_idt:
    dw 0
    dd IDT_BASE

GUEST_END
