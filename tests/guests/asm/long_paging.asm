; SPDX-License-Identifier: MIT
; 4-level paging: error codes, NX, reserved bits, 2 MiB and 1 GiB pages, accessed and dirty bits (SDM 3A 4.5-4.8).
; models: max
%include "long.inc"

TABLE_3 equ 0x120000
TABLE_2 equ 0x121000
TABLE_1 equ 0x122000
FRAME_B equ 0x123000
CR4_PGE equ 1 << 7

NX equ 1 << 63

; MAP entry address, value: sets an entry and drops the old translation
%macro MAP 2
    mov rax, %2
    mov [%1], rax
    invlpg [PROBE]
%endmacro

; ENTRY_IS entry address, value
%macro ENTRY_IS 2
    mov rax, %2
    EQUAL [%1], rax
%endmacro

; PAGE_FAULT error, instruction: #PF with CR2 = PROBE
%macro PAGE_FAULT 2+
    xor eax, eax
    mov cr2, rax
    EXPECT 14, %1, %2
    mov rax, cr2
    EQUAL rax, PROBE
%endmacro

; FETCH_FAULT error: #PF on a jump to PROBE
%macro FETCH_FAULT 1
    EXPECT_NEXT 14, %1, %%after
    mov eax, PROBE
    jmp rax
%%after:
    EQUAL qword [fault_rip], PROBE
%endmacro

; CLOSED: level 0 may use the page at PROBE, which level 3 then finds closed
%macro CLOSED 0
    MAP PROBE_PTE, FRAME_A | P_P | P_W
    mov al, [PROBE]
    mov [PROBE], al
    EXPECT_NEXT 14, 5, %%read
    ENTER_USER user_read
%%read:
    mov al, [PROBE]
    mov [PROBE], al
    EXPECT_NEXT 14, 7, %%written
    ENTER_USER user_write
%%written:
%endmacro

main64:
    CHECK 1                         ; not present, at each level
    PAGE_FAULT 0, {mov al, [PROBE]}
    PAGE_FAULT 2, {mov [PROBE], al}
    FETCH_FAULT 0x10
    MAP PROBE_PDE, 0
    PAGE_FAULT 0, {mov al, [PROBE]}
    MAP PROBE_PDPTE, 0
    PAGE_FAULT 0, {mov al, [PROBE]}
    MAP PROBE_PDPTE, PD_PROBE | P_P | P_W | P_U
    MAP PROBE_PDE, PT_PROBE | P_P | P_W | P_U

    CHECK 2                         ; levels 3 and 0
    MAP PROBE_PTE, FRAME_A | P_P | P_W
    mov byte [FRAME_A], 0xC3
    EXPECT_NEXT 14, 5, .user_read
    ENTER_USER user_read
.user_read:
    ENTRY_IS PROBE_PTE, FRAME_A | P_P | P_W
    EQUAL byte [PROBE], 0xC3
    ENTRY_IS PROBE_PTE, FRAME_A | P_P | P_W | P_A
    mov byte [PROBE], 0xC3
    ENTRY_IS PROBE_PTE, FRAME_A | P_P | P_W | P_A | P_D

    CHECK 3                         ; NX at the leaf and above it: code faults, data does not
    MAP PROBE_PTE, FRAME_A | P_P | P_W
    mov eax, PROBE
    call rax
    MAP PROBE_PTE, NX | FRAME_A | P_P | P_W | P_U
    EQUAL byte [PROBE], 0xC3
    FETCH_FAULT 0x11
    EXPECT_NEXT 14, 0x15, .user_fetch
    ENTER_USER PROBE
.user_fetch:
    MAP PROBE_PTE, FRAME_A | P_P | P_W | P_U
    MAP PROBE_PDE, NX | PT_PROBE | P_P | P_W | P_U
    FETCH_FAULT 0x11
    MAP PROBE_PDE, PT_PROBE | P_P | P_W | P_U
    MAP PROBE_PDPTE, NX | PD_PROBE | P_P | P_W | P_U
    FETCH_FAULT 0x11

    CHECK 4                         ; without EFER.NXE bit 63 is reserved, and error codes do not tell fetches
    mov ecx, MSR_EFER
    rdmsr
    and eax, ~EFER_NXE
    wrmsr
    invlpg [PROBE]
    PAGE_FAULT 9, {mov al, [PROBE]}
    MAP PROBE_PDPTE, PD_PROBE | P_P | P_W | P_U
    MAP PROBE_PTE, 0
    FETCH_FAULT 0
    mov ecx, MSR_EFER
    rdmsr
    or eax, EFER_NXE
    wrmsr

    CHECK 5                         ; address bits that the processor lacks are reserved; 52 to 62 are ignored
    MAP PROBE_PTE, 1 << 51 | FRAME_A | P_P | P_W
    PAGE_FAULT 9, {mov al, [PROBE]}
    PAGE_FAULT 11, {mov [PROBE], al}
    mov eax, 0x80000008
    cpuid
    movzx ecx, al
    mov rax, FRAME_A | P_P | P_W
    bts rax, rcx
    mov [PROBE_PTE], rax
    invlpg [PROBE]
    PAGE_FAULT 9, {mov al, [PROBE]}
    MAP PROBE_PTE, 0x7FF << 52 | FRAME_A | P_P | P_W
    EQUAL byte [PROBE], 0xC3

    CHECK 6                         ; 2 MiB pages: bits 13 to 20 are reserved
    MAP PROBE_PDE, P_P | P_W | P_PS | 1 << 13
    PAGE_FAULT 9, {mov al, [PROBE]}
    MAP PROBE_PDE, P_P | P_W | P_PS
    EQUAL byte [PROBE + FRAME_A], 0xC3
    mov byte [PROBE + FRAME_A], 0xC3
    ENTRY_IS PROBE_PDE, P_P | P_W | P_PS | P_A | P_D

    CHECK 7                         ; 1 GiB pages: bits 13 to 29 are reserved
    MAP PROBE_PDPTE, P_P | P_W | P_PS | 1 << 29
    PAGE_FAULT 9, {mov al, [PROBE]}
    MAP PROBE_PDPTE, P_P | P_W | P_PS
    EQUAL byte [PROBE + FRAME_A], 0xC3
    mov byte [PROBE + 0x3FF000], 0x11
    EQUAL byte [0x3FF000], 0x11
    ENTRY_IS PROBE_PDPTE, P_P | P_W | P_PS | P_A | P_D

    CHECK 8                         ; INVLPG anywhere in it drops the whole page
    mov rax, PD_PROBE | P_P | P_W | P_U
    mov [PROBE_PDPTE], rax
    mov qword [PROBE_PDE + 8], 0
    invlpg [PROBE + 0x3000000]
    EXPECT 14, 0, {mov al, [PROBE + 0x3FF000]}
    invlpg [PROBE]

    CHECK 9                         ; the top level maps no pages
    mov rax, PDPT_LOW | P_P | P_W | P_PS
    mov [PML4 + 8], rax
    EXPECT 14, 9, {mov al, [abs qword 0x8000000000]}
    mov rax, cr2
    mov rbx, 0x8000000000
    EQUAL rax, rbx
    mov qword [PML4 + 8], 0

    CHECK 10                        ; W and U count at every level
    MAP PROBE_PDE, PT_PROBE | P_P | P_U
    MAP PROBE_PTE, FRAME_A | P_P | P_W | P_U
    mov rax, cr0
    or eax, 1 << 16                 ; WP
    mov cr0, rax
    PAGE_FAULT 3, {mov [PROBE], al}
    MAP PROBE_PDE, PT_PROBE | P_P | P_W
    EXPECT_NEXT 14, 5, .user_above
    ENTER_USER user_read
.user_above:
    mov [PROBE], al

    CHECK 11                        ; CR3 with address bits that the processor lacks
    mov rax, PML4 | 1 << 51
    EXPECT 13, 0, {mov cr3, rax}

    CHECK 12                        ; an access across two pages with the second missing changes nothing
    MAP PROBE_PDE, PT_PROBE | P_P | P_W | P_U
    MAP PROBE_PTE, FRAME_A | P_P | P_W
    mov rbx, PROBE + 0xFFC
    mov dword [rbx], 0x12345678
    EXPECT 14, 2, {mov [rbx], rax}
    mov rax, cr2
    EQUAL rax, PROBE + 0x1000
    EQUAL dword [rbx], 0x12345678

    CHECK 13                        ; accessed at all four levels, dirty in the page's entry alone
    mov qword [PML4 + 2 * 8], TABLE_3 | P_P | P_W
    mov qword [TABLE_3], TABLE_2 | P_P | P_W
    mov qword [TABLE_2], TABLE_1 | P_P | P_W
    mov qword [TABLE_1], FRAME_A | P_P | P_W
    mov rbx, 2 << 39
    mov al, [rbx]
    ENTRY_IS TABLE_1, FRAME_A | P_P | P_W | P_A
    mov [rbx], al
    ENTRY_IS TABLE_1, FRAME_A | P_P | P_W | P_A | P_D
    ENTRY_IS TABLE_2, TABLE_1 | P_P | P_W | P_A
    ENTRY_IS TABLE_3, TABLE_2 | P_P | P_W | P_A
    ENTRY_IS PML4 + 2 * 8, TABLE_3 | P_P | P_W | P_A

    CHECK 14                        ; a global page outlives MOV CR3, not INVLPG, nor a change of CR4.PGE
    mov dword [FRAME_A], 0x11111111
    mov dword [FRAME_B], 0x22222222
    mov rdx, cr3
    mov rcx, cr4
    or ecx, CR4_PGE
    mov cr4, rcx
    mov dword [TABLE_1], FRAME_A | P_P | P_W | P_G
    invlpg [rbx]
    EQUAL dword [rbx], 0x11111111
    mov dword [TABLE_1], FRAME_B | P_P | P_W | P_G
    mov cr3, rdx
    EQUAL dword [rbx], 0x11111111
    invlpg [rbx]
    EQUAL dword [rbx], 0x22222222
    mov dword [TABLE_1], FRAME_A | P_P | P_W | P_G
    mov cr3, rdx
    EQUAL dword [rbx], 0x22222222
    and ecx, ~CR4_PGE
    mov cr4, rcx
    EQUAL dword [rbx], 0x11111111

    CHECK 15                        ; what level 0 has just read and written stays closed to level 3
    CLOSED
    CLOSED
    CLOSED
    ret

user_read:
    mov al, [PROBE]
    jmp $
user_write:
    mov [PROBE], al
    jmp $

GUEST_END
