; SPDX-License-Identifier: MIT
; models: pentiumpro 386
; Task switches that go wrong and that go deep: every check of table 7-1 that fails in the new task, with its error code; TSS
; limits at both sides; a chain of a 386 and a 286 task; another CR3; a V86 task (SDM 3A 7.2-7.4).
;
; Faults in the new task arrive through task gates, because its stack may not be there yet. A task a vector notes what it
; finds and returns to the main task.
%include "guest.inc"

SEL_TSS_B   equ SEL_FREE
SEL_TSS_C   equ SEL_FREE + 0x08     ; 286
SEL_CATCH   equ SEL_FREE + 0x40     ; tasks for #TS, #NP, #SS and #GP
SEL_X       equ SEL_FREE + 0x18
SEL_LDT     equ SEL_FREE + 0x20
SEL_CODE16L equ SEL_FREE + 0x28
SEL_GATE    equ SEL_FREE + 0x30
BEYOND      equ GDT_SIZE

PD_MAIN     equ 0x100000
PD_OTHER    equ 0x101000
PT0         equ 0x102000
PT_MAIN     equ 0x103000
PT_OTHER    equ 0x104000
FRAME_A     equ 0x110000
FRAME_B     equ 0x111000

%macro TYPE_IS 2
    mov al, [gdt + (%1) + 5]
    and al, 15
    EQUAL al, %2
%endmacro

; FIELD offset, value: a selector of task B
%macro FIELD 2
    mov word [tss_b + (%1)], %2
%endmacro

; FAILS vector, error: a CALL to task B must fault so in task B
%macro FAILS 2
%%here:
    mov dword [fault_eip], %%here   ; which one, for the report
    mov dword [caught], 0
    call SEL_TSS_B:0
    EQUAL dword [caught], %1
    EQUAL dword [caught_error], %2
    EQUAL word [caught_link], SEL_TSS_B
    EQUAL dword [tss_b + 0x20], b_start ; nothing of it has run
%endmacro

; RUNS: it must not
%macro RUNS 0
%%here:
    mov dword [fault_eip], %%here
    mov dword [caught], 0
    mov dword [b_runs], 0
    call SEL_TSS_B:0
    EQUAL dword [caught], 0
    EQUAL dword [b_runs], 1
    mov dword [tss_b + 0x20], b_start
%endmacro

; ATTRIBUTES value: of SEL_X, flat
%macro ATTRIBUTES 1
    SET_DESCRIPTOR SEL_X, 0, 0xFFFFF, %1
%endmacro

main32:
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss_b), 0x67, 0x0089
    SET_DESCRIPTOR SEL_TSS_C, ABSOLUTE_OF(tss_c), 0x2B, 0x0081
    SET_DESCRIPTOR SEL_CODE16L, 0, 0xFFFF, 0x009B
    SET_DESCRIPTOR SEL_LDT, 0x20000, 0xFF, 0x0082

    CHECK 1                         ; limits: 67h and 2Bh are the least
    RUNS
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss_b), 0x66, 0x0089
    EXPECT 10, SEL_TSS_B, {call SEL_TSS_B:0}
    EXPECT 10, SEL_TSS_B, {jmp SEL_TSS_B:0}
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss_b), 0x67, 0x0089
    SET_DESCRIPTOR SEL_TSS_C, ABSOLUTE_OF(tss_c), 0x2A, 0x0081
    EXPECT 10, SEL_TSS_C, {call SEL_TSS_C:0}
    SET_DESCRIPTOR SEL_TSS_C, ABSOLUTE_OF(tss_c), 0x2B, 0x0081
    call SEL_TSS_C:0
    EQUAL word [c_link], SEL_TSS
    CHECK 2                         ; task gates
    SET_GATE gdt + SEL_GATE, SEL_TSS_B, 0, 0x05, 0
    EXPECT 11, SEL_GATE, {call SEL_GATE:0}
    SET_GATE gdt + SEL_GATE, SEL_TSS_B | 4, 0, 0x85, 0
    EXPECT 13, SEL_TSS_B | 4, {call SEL_GATE:0}
    SET_GATE gdt + SEL_GATE, SEL_DATA0, 0, 0x85, 0
    EXPECT 13, SEL_DATA0, {call SEL_GATE:0}
    SET_GATE gdt + SEL_GATE, SEL_TSS, 0, 0x85, 0
    EXPECT 13, SEL_TSS, {call SEL_GATE:0} ; busy
    SET_GATE gdt + SEL_GATE, BEYOND, 0, 0x85, 0
    EXPECT 13, BEYOND, {jmp SEL_GATE:0}
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss_b), 0x67, 0x0009
    SET_GATE gdt + SEL_GATE, SEL_TSS_B, 0, 0x85, 0
    EXPECT 11, SEL_TSS_B, {call SEL_GATE:0}
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss_b), 0x67, 0x0089
    CHECK 3                         ; in the interrupt table
    SET_GATE IDT_BASE + 8 * 0x40, SEL_TSS, 0, 0x85, 0
    EXPECT 13, SEL_TSS, {int 0x40}
    SET_GATE IDT_BASE + 8 * 6, SEL_TSS, 0, 0x85, 0
    EXPECT 13, SEL_TSS | 1, ud2
    SET_GATE IDT_BASE + 8 * 6, BEYOND, 0, 0x85, 0
    EXPECT 13, BEYOND | 1, ud2
    SET_GATE IDT_BASE + 8 * 6, SEL_CODE0, stubs + 8 * 6, 0x8E, 0
    CHECK 4                         ; IRET with NT: the link
    pushfd
    or dword [esp], EFLAGS_NT
    popfd
    mov word [tss], 0
    EXPECT 10, 0, iretd
    pushfd
    or dword [esp], EFLAGS_NT
    popfd
    mov word [tss], SEL_TSS_B | 4
    EXPECT 10, SEL_TSS_B | 4, iretd
    pushfd
    or dword [esp], EFLAGS_NT
    popfd
    mov word [tss], BEYOND
    EXPECT 10, BEYOND, iretd
    mov word [tss], 0

    SET_DESCRIPTOR SEL_CATCH + 8 * 0, ABSOLUTE_OF(tss_catch_10), 0x67, 0x0089
    SET_GATE IDT_BASE + 8 * 10, SEL_CATCH + 8 * 0, 0, 0x85, 0
    SET_DESCRIPTOR SEL_CATCH + 8 * 1, ABSOLUTE_OF(tss_catch_11), 0x67, 0x0089
    SET_GATE IDT_BASE + 8 * 11, SEL_CATCH + 8 * 1, 0, 0x85, 0
    SET_DESCRIPTOR SEL_CATCH + 8 * 2, ABSOLUTE_OF(tss_catch_12), 0x67, 0x0089
    SET_GATE IDT_BASE + 8 * 12, SEL_CATCH + 8 * 2, 0, 0x85, 0
    SET_DESCRIPTOR SEL_CATCH + 8 * 3, ABSOLUTE_OF(tss_catch_13), 0x67, 0x0089
    SET_GATE IDT_BASE + 8 * 13, SEL_CATCH + 8 * 3, 0, 0x85, 0
    CHECK 10                        ; LDT
    FIELD 0x60, SEL_LDT
    RUNS
    FIELD 0x60, SEL_LDT | 4
    FAILS 10, SEL_LDT | 4
    FIELD 0x60, SEL_DATA0
    FAILS 10, SEL_DATA0
    FIELD 0x60, BEYOND
    FAILS 10, BEYOND
    SET_DESCRIPTOR SEL_LDT, 0x20000, 0xFF, 0x0002
    FIELD 0x60, SEL_LDT
    FAILS 10, SEL_LDT
    FIELD 0x60, 0
    CHECK 11                        ; CS
    FIELD 0x4C, 0
    FAILS 10, 0
    FIELD 0x4C, SEL_DATA0
    FAILS 10, SEL_DATA0
    FIELD 0x4C, BEYOND
    FAILS 10, BEYOND
    FIELD 0x4C, SEL_CODE0 | 1       ; RPL above DPL
    FAILS 10, SEL_CODE0
    FIELD 0x4C, SEL_CODE3 & 0xFFF8
    FAILS 10, SEL_CODE3 & 0xFFF8
    ATTRIBUTES 0xC09F               ; conforming
    FIELD 0x4C, SEL_X
    RUNS
    ATTRIBUTES 0xC0FF               ; of level 3
    FAILS 10, SEL_X
    ATTRIBUTES 0xC01B
    FAILS 11, SEL_X
    FIELD 0x4C, SEL_CODE0
    CHECK 12                        ; SS
    FIELD 0x50, 0
    FAILS 10, 0
    FIELD 0x50, SEL_CODE0
    FAILS 10, SEL_CODE0
    FIELD 0x50, SEL_DATA0 | 1
    FAILS 10, SEL_DATA0
    FIELD 0x50, SEL_DATA3 & 0xFFF8
    FAILS 10, SEL_DATA3 & 0xFFF8
    FIELD 0x50, BEYOND
    FAILS 10, BEYOND
    FIELD 0x50, SEL_X
    ATTRIBUTES 0xC091
    FAILS 10, SEL_X
    ATTRIBUTES 0xC093
    RUNS
    ATTRIBUTES 0xC013
    FAILS 12, SEL_X
    FIELD 0x50, SEL_DATA0
    CHECK 13                        ; DS to GS
%macro DATA_SEGMENT 1
    FIELD %1, BEYOND
    FAILS 10, BEYOND
    FIELD %1, SEL_TSS
    FAILS 10, SEL_TSS
    FIELD %1, SEL_X
    ATTRIBUTES 0xC099
    FAILS 10, SEL_X
    ATTRIBUTES 0xC093
    FIELD %1, SEL_X | 1
    FAILS 10, SEL_X
    FIELD %1, SEL_X
    RUNS
    ATTRIBUTES 0xC013
    FAILS 11, SEL_X
    FIELD %1, 0
%endmacro
    DATA_SEGMENT 0x48
    DATA_SEGMENT 0x58
    DATA_SEGMENT 0x5C
    FIELD 0x48, SEL_DATA0
    ATTRIBUTES 0xC013
    FIELD 0x54, SEL_X
    FAILS 11, SEL_X
    FIELD 0x54, SEL_DATA0
    CHECK 14                        ; EIP
    SET_DESCRIPTOR SEL_X, 0, b_limit, 0x409B
    FIELD 0x4C, SEL_X
    FAILS 13, 0
    SET_DESCRIPTOR SEL_X, 0, b_limit + 1 + 0x100, 0x409B
    RUNS
    FIELD 0x4C, SEL_CODE0

    CHECK 20                        ; main -> B (386) -> C (286), and back the same way
    mov dword [tss_b + 0x20], b_chain
    mov word [tss_c + 0x0E], c_chain
    call SEL_TSS_B:0
    EQUAL dword [chain], 0x4321
    TYPE_IS SEL_TSS, 11
    TYPE_IS SEL_TSS_B, 9
    TYPE_IS SEL_TSS_C, 1
    EQUAL word [tss_c], SEL_TSS_B
    EQUAL word [tss_b], SEL_TSS
    CHECK 21                        ; upper halves of registers that went through a 286 TSS
    EQUAL dword [b_ebx_before], 0x12345678
    EQUAL dword [b_ebx_after], 0x12345678 ; B's own are in its 386 TSS
    EQUAL word [c_bx], 0xBBCC
    EQUAL dword [c_ebx], 0xFFFFBBCC

    CHECK 22                        ; local breakpoints end with the task, global ones stay
    xor eax, eax
    mov dr0, eax
    mov dr1, eax
    mov eax, 0x309                  ; L0, G1, LE, GE
    mov dr7, eax
    mov dword [tss_b + 0x20], b_start
    call SEL_TSS_B:0
    mov eax, dr7
    EQUAL eax, 0x608
    xor eax, eax
    mov dr7, eax

    CHECK 30                        ; CR3 comes from the TSS
    call build_tables
    mov eax, PD_MAIN
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    mov dword [tss_b + 0x1C], PD_OTHER
    mov dword [tss + 0x1C], PD_MAIN
    mov dword [tss_b + 0x20], b_paged
    mov eax, [0x400000]
    EQUAL eax, 0xAAAAAAAA
    call SEL_TSS_B:0
    EQUAL dword [seen_page], 0xBBBBBBBB
    EQUAL dword [seen_cr3], PD_OTHER
    mov eax, [0x400000]
    EQUAL eax, 0xAAAAAAAA
    mov eax, cr3
    EQUAL eax, PD_MAIN
    mov eax, cr0
    and eax, 0x7FFFFFFF
    mov cr0, eax

    CHECK 40                        ; a V86 task, and out of it through an interrupt gate
    mov byte [IDT_BASE + 8 * 3 + 5], 0xEE
    mov esi, v86_code
    mov edi, 0x12000
    mov ecx, v86_end - v86_code
    rep movsb
    mov dword [tss_b + 0x1C], 0
    mov dword [tss_b + 0x20], 0
    mov dword [tss_b + 0x24], EFLAGS_VM | 2
    mov dword [tss_b + 0x38], 0x800
    mov dword [tss_b + 4], STACK1_TOP
    mov dword [tss_b + 8], SEL_DATA0
    FIELD 0x48, 0x1111
    FIELD 0x4C, 0x1200
    FIELD 0x50, 0x1300
    FIELD 0x54, 0x1200
    EXPECT_NEXT 3, NO_ERROR, .v86
    jmp SEL_TSS_B:0
.v86:
    EQUAL dword [fault_cs], 0x1200
    EQUAL dword [fault_eip], v86_end - v86_code
    EQUAL dword [fault_ss], 0x1300
    EQUAL dword [fault_esp], 0x800
    test dword [fault_eflags], EFLAGS_VM
    MUST nz
    EQUAL word [0x12000 + v86_es - v86_code], 0x1111
    str ax
    EQUAL ax, SEL_TSS_B
    ret                             ; the stack is the main task's: the handler took ESP from resume_esp

b_start:
    inc dword [b_runs]
b_back:
    iretd
b_limit equ ABSOLUTE_OF(b_start) - 1
b_chain:
    mov ebx, 0x12345678
    mov [b_ebx_before], ebx
    mov dword [chain], 1
    call SEL_TSS_C:0
    mov [b_ebx_after], ebx
    cmp dword [chain], 0x321
    jne fail
    or dword [chain], 0x4000
    iretd
b_paged:
    mov eax, [0x400000]
    mov [seen_page], eax
    mov eax, cr3
    mov [seen_cr3], eax
    iretd

; One task a vector; on its stack is the error code
%macro CATCHER 1
catch_%1:
    pop dword [caught_error]
    mov dword [caught], %1
    mov ax, [tss_catch_%1]
    mov [caught_link], ax
    mov byte [gdt + SEL_TSS_B + 5], 0x89
    mov word [tss_catch_%1], SEL_TSS
    iretd
    jmp catch_%1
align 4
tss_catch_%1:
    times 0x1C db 0
    dd 0, catch_%1, 2
    dd 0, 0, 0, 0, 0x3800, 0, 0, 0
    dd SEL_DATA0, SEL_CODE0, SEL_DATA0, SEL_DATA0, 0, 0
    dd 0
    dw 0, 0x68
%endmacro
    CATCHER 10
    CATCHER 11
    CATCHER 12
    CATCHER 13

bits 16
c_start:
    push ax
    mov ax, [tss_c]
    mov [c_link], ax
    pop ax
    iret
    jmp c_start
c_chain:
    mov [c_bx], bx
    mov [c_ebx], ebx
    or word [chain], 0x320
    iret
v86_code:
    mov [v86_es - v86_code], es
    jmp v86_over
v86_es: dw 0
v86_over:
    int3
v86_end:
bits 32

build_tables:
    mov edi, PD_MAIN
    xor eax, eax
    mov ecx, 0x5000 / 4
    rep stosd
    mov dword [PD_MAIN], PT0 | 3
    mov dword [PD_MAIN + 4], PT_MAIN | 3
    mov dword [PD_OTHER], PT0 | 3
    mov dword [PD_OTHER + 4], PT_OTHER | 3
    mov edi, PT0
    mov eax, 3
    mov ecx, 1024
.next:
    stosd
    add eax, 0x1000
    loop .next
    mov dword [PT_MAIN], FRAME_A | 3
    mov dword [PT_OTHER], FRAME_B | 3
    mov dword [FRAME_A], 0xAAAAAAAA
    mov dword [FRAME_B], 0xBBBBBBBB
    ret

align 4
b_runs:       dd 0
b_ebx_before: dd 0
b_ebx_after:  dd 0
caught:       dd 0
caught_error: dd 0
caught_link:  dw 0
align 4
chain:        dd 0
seen_page:    dd 0
seen_cr3:     dd 0
c_link:       dw 0
c_bx:         dw 0
align 4
c_ebx:        dd 0
tss_b:
    times 0x1C db 0
    dd 0, b_start, 2
    dd 0, 0, 0, 0, 0x3000, 0, 0, 0
    dd SEL_DATA0, SEL_CODE0, SEL_DATA0, SEL_DATA0, 0, 0
    dd 0
    dw 0, 0x68
tss_c:
    times 7 dw 0
    dw c_start, 2
    dw 0xC000, 0, 0, 0xBBCC, 0x3400, 0, 0, 0
    dw SEL_DATA16, SEL_CODE16L, SEL_DATA16, SEL_DATA16
    dw 0

GUEST_END
