; SPDX-License-Identifier: MIT
; models: pentiumpro 486 max
; Self-modifying code: the next instruction, the instruction itself, behind a loop, across pages, through a linear alias
; and a physical one, by strings, by PUSH, by the FPU (SDM 3A 8.1.3, 11.6).
;
; Processors up to the 486 prefetch; software must jump between a store and the code that it changed. Every check does so
; where the distance is short, except those of the P6 and later, which see every store at once.
%include "guest.inc"

PD      equ 0x100000
PT0     equ 0x101000
PT1     equ 0x102000
CODE    equ 0x110000                ; code that is written here
ALIAS   equ 0x400000                ; the same page again
CR0_PG  equ 0x80000000
MOV_EAX equ 0xB8                    ; MOV EAX, imm32
RET_    equ 0xC3

; FUNCTION address, value: MOV EAX, value; RET
%macro FUNCTION 2
    mov byte [%1], MOV_EAX
    mov dword [(%1) + 1], %2
    mov byte [(%1) + 5], RET_
%endmacro
%macro GIVES 2
    mov ebx, %1
    call ebx
    EQUAL eax, %2
%endmacro

main32:
    CHECK 1                         ; a function that is written, run, changed and run again
    FUNCTION CODE, 0x11111111
    GIVES CODE, 0x11111111
    GIVES CODE, 0x11111111
    mov dword [CODE + 1], 0x22222222
    GIVES CODE, 0x22222222
    mov byte [CODE + 4], 0x33
    GIVES CODE, 0x33222222
    mov word [CODE], 0x66B8
    GIVES CODE, 0x33222266
    CHECK 2                         ; a loop that changes its own body each time
    mov ecx, 100
    xor edx, edx
    jmp short .body
.body:
    db 0x81, 0xC2                   ; ADD EDX, imm32
.amount: dd 1
    inc dword [.amount]
    jmp short .next
.next:
    loop .body
    EQUAL edx, 5050
    CHECK 3                         ; the immediate of the instruction that stores
    mov ecx, 3
.again:
    db 0xC7, 0x05                   ; MOV [.value], imm32
    dd .value
.value: dd 0x600D0001
    add dword [.value], 1
    jmp short .over
.over:
    loop .again
    EQUAL dword [.value], 0x600D0004

    mov eax, 1
    cpuid
    shr eax, 8
    and al, 15
    cmp al, 6
    jb .no_next
    CHECK 4                         ; the very next instruction, on processors that watch
    mov eax, 1
    mov byte [.next_insn], 0x48     ; DEC EAX for INC EAX
.next_insn:
    inc eax
    EQUAL eax, 0
    mov byte [.next_insn], 0x40
    CHECK 5                         ; the one after the next, and the tail of a long one
    mov ebx, 0x99999999
    mov dword [.tail + 1], ebx
    nop
.tail:
    mov eax, 0x12345678
    EQUAL eax, 0x99999999
    mov dword [.tail + 1], 0x12345678
    CHECK 7                         ; PUSH writes code
    mov [old_esp], esp
    mov esp, .pushed + 4
    push dword 0x90909090
.pushed:
    ud2
    ud2
    mov esp, [old_esp]
.no_next:

    CHECK 10                        ; stores of every kind
    FUNCTION CODE, 0
    GIVES CODE, 0
    mov edi, CODE + 1
    mov eax, 0x01010101
    stosd
    GIVES CODE, 0x01010101
    mov esi, .words
    mov edi, CODE + 1
    mov ecx, 4
    rep movsb
    GIVES CODE, 0x04030201
    mov eax, 0x55667788
    xchg [CODE + 1], eax
    GIVES CODE, 0x55667788
    lock add dword [CODE + 1], 0x11111111
    GIVES CODE, 0x66778899
    mov eax, 0x66778899
    mov ecx, 0xABCDEF01
    cmpxchg [CODE + 1], ecx
    GIVES CODE, 0xABCDEF01
    bts dword [CODE + 1], 4
    GIVES CODE, 0xABCDEF11
    fninit
    fld dword [.float]
    fstp dword [CODE + 1]
    GIVES CODE, 0x3FC00000
    mov dword [CODE + 1], 0
    sldt [CODE + 1]
    smsw [CODE + 3]
    mov eax, cr0
    shl eax, 16
    mov ecx, eax
    GIVES CODE, ecx
    FUNCTION CODE, 0
    mov dx, RUNNER_PORT
    mov edi, CODE + 1
    insb                            ; 5Ah from the runner, or whatever there is
    mov al, [CODE + 1]
    movzx ecx, al
    mov ebx, CODE
    call ebx
    EQUAL eax, ecx
    CHECK 11                        ; an instruction that crosses into the next line, and the next page
    mov ebp, CODE + 0x80 - 3
    call .straddle
    mov ebp, CODE + 0x1000 - 3
    call .straddle
    mov ebp, CODE + 0x1000 - 1
    call .straddle
    mov ebp, CODE + 0x1000 - 5
    call .straddle

    ; Paging: two linear pages for one physical page.
    CHECK 20
    call build_tables
    mov eax, PD
    mov cr3, eax
    mov eax, cr0
    or eax, CR0_PG
    mov cr0, eax
    FUNCTION CODE, 0x10
    GIVES CODE, 0x10
    GIVES ALIAS, 0x10
    mov byte [ALIAS + 1], 0x20
    GIVES CODE, 0x20
    mov byte [CODE + 1], 0x30
    GIVES ALIAS, 0x30
    CHECK 21                        ; another page behind a linear address
    FUNCTION CODE + 0x1000, 0x77
    mov dword [PT1], CODE + 0x1000 | 3
    invlpg [ALIAS]
    GIVES ALIAS, 0x77
    mov dword [PT1], CODE | 3
    invlpg [ALIAS]
    GIVES ALIAS, 0x30
    CHECK 22                        ; code that goes on in another page, which is exchanged
    mov dword [PT1 + 4], CODE + 0x2000 | 3
    mov dword [PT1 + 8], CODE + 0x3000 | 3
    mov word [CODE + 0x2FFE], 0xB890 ; NOP; MOV EAX, ...
    mov dword [CODE + 0x3000], 0xAAAA5555
    mov byte [CODE + 0x3004], RET_
    mov dword [CODE + 0x4000], 0x5555AAAA
    mov byte [CODE + 0x4004], RET_
    GIVES ALIAS + 0x1FFE, 0xAAAA5555
    mov dword [PT1 + 8], CODE + 0x4000 | 3
    invlpg [ALIAS + 0x2000]
    GIVES ALIAS + 0x1FFE, 0x5555AAAA
    inc dword [CODE + 0x4000]
    GIVES ALIAS + 0x1FFE, 0x5555AAAB
    mov eax, cr0
    and eax, ~CR0_PG
    mov cr0, eax

    CHECK 30                        ; 16 and 32 bits share the same bytes
    mov dword [CODE], 0x000001B8    ; MOV EAX, 1 or MOV AX, 1
    mov byte [CODE + 4], 0
    mov byte [CODE + 5], 0xCB       ; RETF
    SET_DESCRIPTOR SEL_FREE, CODE, 0xFFFF, 0x409B
    SET_DESCRIPTOR SEL_FREE + 8, CODE, 0xFFFF, 0x009B
    xor eax, eax
    call SEL_FREE:0
    EQUAL eax, 1
    mov byte [CODE + 3], 0xCB
    mov eax, 0xFFFFFFFF
    call word SEL_FREE + 8:0        ; as a 16-bit RETF wants it
    EQUAL eax, 0xFFFF0001
    ret
.words: db 1, 2, 3, 4
.float: dd 0x3FC00000

; MOV EAX, imm32; RET at EBP: each byte of the immediate is changed in turn
.straddle:
    mov byte [ebp], MOV_EAX
    mov dword [ebp + 1], 0
    mov byte [ebp + 5], RET_
    xor esi, esi
.each:
    call ebp
    mov edx, [ebp + 1]
    EQUAL eax, edx
    inc byte [ebp + 1 + esi]
    call ebp
    mov edx, [ebp + 1]
    EQUAL eax, edx
    inc esi
    cmp esi, 4
    jb .each
    EQUAL eax, 0x01010101
    ret

build_tables:
    MAP_LOW 3, 0x3000
    mov dword [PT1], CODE | 3
    ret

align 4
old_esp: dd 0

GUEST_END
