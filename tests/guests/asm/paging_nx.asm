; SPDX-License-Identifier: MIT
; models: core2 max
; PAE paging with execute-disable: error codes of fetches, every level, what is reserved with and without EFER.NXE, stale
; rights (SDM 3A 4.4, 4.6, 4.7).
%include "guest.inc"

PDPT    equ 0x103000
PAE_PD  equ 0x104000
PAE_PT  equ 0x105000
FRAME_A equ 0x110000
TARGET  equ 0x400000
EFER    equ 0xC0000080
NXE     equ 1 << 11
NX      equ 0x80000000              ; in the high dword

; PTE low, high; PDE low, high
%macro PTE 2
    mov dword [PAE_PT], %1
    mov dword [PAE_PT + 4], %2
    invlpg [TARGET]
%endmacro
%macro PDE 2
    mov dword [PAE_PD + 16], %1
    mov dword [PAE_PD + 20], %2
    invlpg [TARGET]
%endmacro
%macro EFER_SET 2
    mov ecx, EFER
    rdmsr
    or eax, %1
    and eax, ~(%2)
    wrmsr
%endmacro

; READ error; FETCH error; USER_FETCH error: of the test page
%macro READ 1
    EXPECT 14, %1, {mov al, [TARGET]}
%endmacro
%macro FETCH 1
    xor eax, eax
    mov cr2, eax
    EXPECT_NEXT 14, %1, %%after
    mov eax, TARGET
    jmp eax
%%after:
    EQUAL dword [fault_eip], TARGET
    mov eax, cr2
    EQUAL eax, TARGET
%endmacro
%macro USER_FETCH 1
    EXPECT_NEXT 14, %1, %%after
    ENTER_USER TARGET
%%after:
    EQUAL dword [fault_eip], TARGET
    EQUAL dword [fault_cs], SEL_CODE3
%endmacro
%macro RUNS 0
    EXPECT_NEXT 3, NO_ERROR, %%after
    mov eax, TARGET
    jmp eax
%%after:
    EQUAL dword [fault_eip], TARGET + 1
%endmacro

main32:
    mov dword [PDPT], PAE_PD | 1
    mov dword [PAE_PD], 0x87
    mov dword [PAE_PD + 8], 0x200087
    mov dword [PAE_PD + 16], PAE_PT | 7
    mov byte [FRAME_A], 0xCC
    mov eax, cr4
    or eax, 0x20
    mov cr4, eax
    mov eax, PDPT
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80010000
    mov cr0, eax

    CHECK 1                         ; without NXE the bit is reserved, and fetches look like reads
    PTE FRAME_A | 7, NX
    READ 9
    FETCH 9
    USER_FETCH 13
    PTE 0, NX
    FETCH 0
    PTE FRAME_A | 7, 0
    RUNS
    CHECK 2                         ; with it
    EFER_SET NXE, 0
    PTE FRAME_A | 7, NX
    mov al, [TARGET]
    mov [TARGET], al
    FETCH 0x11
    USER_FETCH 0x15
    PTE FRAME_A | 3, 0
    USER_FETCH 0x15
    RUNS
    PTE 0, 0
    FETCH 0x10
    USER_FETCH 0x14
    PTE 0, NX
    FETCH 0x10
    PTE FRAME_A | 7, 0x10000        ; bit 48 is reserved
    FETCH 0x19
    READ 9
    CHECK 3                         ; a fetch that faults sets no accessed bit
    PTE FRAME_A | 7, NX
    FETCH 0x11
    EQUAL dword [PAE_PT], FRAME_A | 7
    CHECK 4                         ; at the upper level, and for a 2 MiB page
    PTE FRAME_A | 7, 0
    PDE PAE_PT | 7, NX
    FETCH 0x11
    mov al, [TARGET]
    mov byte [0x200000], 0xCC
    PDE 0x200087, NX
    FETCH 0x11
    mov al, [TARGET]
    PDE 0x200087, 0
    RUNS
    PDE 0x202087, 0                 ; bit 13 of a 2 MiB page is reserved
    READ 9
    PDE PAE_PT | 7, 0
    CHECK 5                         ; a right that was added counts at once, one that was taken away with INVLPG
    PTE FRAME_A | 7, NX
    FETCH 0x11
    mov dword [PAE_PT + 4], 0
    RUNS
    mov dword [PAE_PT + 4], NX
    RUNS
    invlpg [TARGET]
    FETCH 0x11
    CHECK 6                         ; the pointers have no such bit
    mov dword [PDPT + 4], NX
    mov ebx, PDPT
    EXPECT 13, 0, {mov cr3, ebx}
    mov dword [PDPT + 4], 0
    CHECK 7                         ; EFER's reserved bits
    mov ecx, EFER
    mov eax, 2
    xor edx, edx
    EXPECT 13, 0, wrmsr
    mov eax, NXE
    mov edx, 1
    EXPECT 13, 0, wrmsr
    rdmsr
    EQUAL eax, NXE
    mov eax, cr0
    and eax, 0x7FFFFFFF
    mov cr0, eax
    ret

GUEST_END
