; SPDX-License-Identifier: MIT
; models: pentiumpro 486 max
; Control registers: reserved bits and impossible combinations, LMSW, CLTS, paging switched on the fly, what each change
; drops from the TLB (SDM 3A 2.5, 4.10.4; 2B MOV CR).
%include "guest.inc"

PD      equ 0x100000
PT0     equ 0x101000
PT1     equ 0x102000
FRAME_A equ 0x110000
FRAME_B equ 0x111000
TARGET  equ 0x400000
CR0_PG  equ 0x80000000
CR0_CD  equ 0x40000000
CR0_NW  equ 0x20000000
CR0_WP  equ 0x00010000

%macro MAP 1
    mov dword [PT1], %1
%endmacro

%macro SET_CR0 2                    ; bits to set, bits to clear
    mov eax, cr0
    or eax, %1
    and eax, ~(%2)
    mov cr0, eax
%endmacro

%macro SET_CR4 2
    mov eax, cr4
    or eax, %1
    and eax, ~(%2)
    mov cr4, eax
%endmacro

; The test page reads as A or B
%macro READS 1
    EQUAL dword [TARGET], %1
%endmacro

main32:
    CHECK 1                         ; CR0
    mov ebx, cr0
    mov eax, ebx
    and eax, ~1
    or eax, CR0_PG
    EXPECT 13, 0, {mov cr0, eax}
    mov eax, ebx
    and eax, ~CR0_CD
    or eax, CR0_NW
    EXPECT 13, 0, {mov cr0, eax}
    mov eax, cr0
    EQUAL eax, ebx
    or eax, CR0_CD | CR0_NW         ; both are fine
    mov cr0, eax
    mov cr0, ebx
    mov eax, ebx
    and eax, ~0x10                  ; ET is fixed
    mov cr0, eax
    mov eax, cr0
    EQUAL eax, ebx
    or eax, 0x1FF8FFC0 & ~0x00050000 ; reserved bits do not stick
    mov cr0, eax
    mov eax, cr0
    EQUAL eax, ebx
    CHECK 2                         ; the mod field of MOV CR does not count
    xor eax, eax
    db 0x0F, 0x20, 0x00             ; mod 0
    EQUAL eax, ebx
    xor eax, eax
    db 0x0F, 0x20, 0x80             ; mod 2, without a displacement
    EQUAL eax, ebx
    CHECK 3                         ; LMSW: four bits; PE cannot be cleared
    xor eax, eax
    lmsw ax
    mov ecx, cr0
    and ecx, 0xF
    EQUAL ecx, 1
    mov ax, 0xFFFE
    lmsw ax
    mov ecx, cr0
    mov edx, ebx
    or edx, 0xE
    EQUAL ecx, edx
    smsw ax
    EQUAL ax, cx
    clts
    mov ecx, cr0
    and edx, ~8
    EQUAL ecx, edx
    mov cr0, ebx
    CHECK 4                         ; SMSW and LMSW with memory take a word
    mov dword [scratch], 0xFFFFFFFF
    smsw [scratch]
    EQUAL word [scratch + 2], 0xFFFF
    EQUAL word [scratch], bx
    mov word [scratch], 9
    lmsw [scratch]
    mov ecx, cr0
    and ecx, 0xF
    EQUAL ecx, 9
    clts
    mov cr0, ebx
    CHECK 5                         ; CR2 and CR3 hold what is written
    mov eax, 0xDEADBEEF
    mov cr2, eax
    xor eax, eax
    mov eax, cr2
    EQUAL eax, 0xDEADBEEF
    CHECK 6                         ; CR4
    mov ebx, cr4
    mov eax, ebx
    or eax, 0x80000000
    EXPECT 13, 0, {mov cr4, eax}
    mov eax, cr4
    EQUAL eax, ebx
    CHECK 7                         ; with PE = 0 requested while paging is on
    call build_tables
    mov eax, PD
    mov cr3, eax
    mov eax, cr3
    EQUAL eax, PD
    SET_CR0 CR0_PG, 0
    mov ebx, cr0
    mov eax, ebx
    and eax, ~1
    EXPECT 13, 0, {mov cr0, eax}
    mov eax, cr0
    EQUAL eax, ebx

    CHECK 10                        ; paging off and on: linear is physical, and all translations are new
    MAP FRAME_A | 3
    invlpg [TARGET]
    READS 0xAAAAAAAA
    MAP FRAME_B | 3
    READS 0xAAAAAAAA                ; still the old one
    SET_CR0 0, CR0_PG
    SET_CR0 CR0_PG, 0
    READS 0xBBBBBBBB
    CHECK 11                        ; MOV CR3 and INVLPG
    MAP FRAME_A | 3
    READS 0xBBBBBBBB
    mov eax, cr3
    mov cr3, eax
    READS 0xAAAAAAAA
    MAP FRAME_B | 3
    invlpg [TARGET - 1]             ; another page
    READS 0xAAAAAAAA
    invlpg [TARGET + 0x1000]
    READS 0xAAAAAAAA
    invlpg [TARGET + 0xFFF]
    READS 0xBBBBBBBB
    CHECK 12                        ; changes of WP, MP, TS and AM drop nothing
    MAP FRAME_A | 3
    SET_CR0 CR0_WP | 2, 0
    SET_CR0 0, CR0_WP | 2
    READS 0xBBBBBBBB
    invlpg [TARGET]
    CHECK 13                        ; a missing page is looked up again without INVLPG
    MAP 0
    invlpg [TARGET]
    EXPECT 14, 0, {mov eax, [TARGET]}
    MAP FRAME_A | 3
    READS 0xAAAAAAAA
    CHECK 14                        ; and so is one whose rights were too small
    SET_CR0 CR0_WP, 0
    MAP FRAME_A | 1
    invlpg [TARGET]
    READS 0xAAAAAAAA
    EXPECT 14, 3, {mov [TARGET], eax}
    MAP FRAME_A | 3
    mov eax, [TARGET]
    mov [TARGET], eax
    SET_CR0 0, CR0_WP
    mov esi, 0xAAAAAAAA
    CHECK 15                        ; rights that shrink count after INVLPG alone
    MAP FRAME_A | 3
    invlpg [TARGET]
    mov [TARGET], esi
    SET_CR0 CR0_WP, 0
    MAP FRAME_A | 1
    mov [TARGET], esi
    invlpg [TARGET]
    EXPECT 14, 3, {mov [TARGET], eax}
    SET_CR0 0, CR0_WP

    mov eax, 1
    cpuid
    bt edx, 13                      ; PGE
    jnc .no_global
    CHECK 20                        ; global pages: MOV CR3 leaves them, each change of PGE, PSE, PAE and PG does not
    SET_CR4 0x80, 0
    MAP FRAME_A | 0x103
    invlpg [TARGET]
    READS 0xAAAAAAAA
    MAP FRAME_B | 0x103
    mov eax, cr3
    mov cr3, eax
    READS 0xAAAAAAAA
    SET_CR4 0, 0x80
    READS 0xBBBBBBBB
    CHECK 21
    MAP FRAME_A | 0x103
    SET_CR4 0x80, 0
    READS 0xAAAAAAAA
    MAP FRAME_B | 0x103
    SET_CR4 0x10, 0
    READS 0xBBBBBBBB
    CHECK 22
    MAP FRAME_A | 0x103
    SET_CR4 4, 0                    ; TSD drops nothing
    SET_CR4 0, 4
    READS 0xBBBBBBBB
    SET_CR0 0, CR0_PG
    SET_CR0 CR0_PG, 0
    READS 0xAAAAAAAA
    CHECK 23                        ; a global entry goes with its own INVLPG
    MAP FRAME_B | 0x103
    invlpg [TARGET]
    READS 0xBBBBBBBB
    CHECK 24                        ; a 4 MiB page goes as a whole, from any address in it
    mov dword [PD + 4], 0x83
    mov eax, cr3
    mov cr3, eax
    invlpg [TARGET]
    EQUAL dword [TARGET + FRAME_A], 0xAAAAAAAA
    EQUAL dword [TARGET + FRAME_B], 0xBBBBBBBB
    mov dword [PD + 4], PT1 | 3
    invlpg [TARGET + 0x3FF000]
    READS 0xBBBBBBBB
    EXPECT 14, 0, {mov eax, [TARGET + FRAME_A]}
    SET_CR4 0, 0x90
.no_global:
    SET_CR0 0, CR0_PG
    ret

build_tables:
    MAP_LOW 7, 0x3000
    mov dword [FRAME_A], 0xAAAAAAAA
    mov dword [FRAME_B], 0xBBBBBBBB
    ret

align 4
scratch: dd 0

GUEST_END
