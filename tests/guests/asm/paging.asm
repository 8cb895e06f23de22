; SPDX-License-Identifier: MIT
; Paging: every error-code bit, accessed and dirty bits, CR0.WP, 4 MiB and global pages, INVLPG, PAE with 2 MiB pages
; (SDM 3A 4).
;
; 0-3FFFFFh is mapped one to one by the table at PT0. The page under test is linear 400000h, in the table PT1.
%include "guest.inc"

PD      equ 0x100000
PT0     equ 0x101000
PT1     equ 0x102000
PDPT    equ 0x103000
PAE_PD  equ 0x104000
PAE_PT  equ 0x105000
FRAME_A equ 0x110000
FRAME_B equ 0x111000
TARGET    equ 0x400000

P_P     equ 1
P_W     equ 2
P_U     equ 4
P_A     equ 0x20
P_D     equ 0x40
P_PS    equ 0x80
P_G     equ 0x100

; MAP entry value: sets the test page's entry and drops the old translation
%macro MAP 1
    mov dword [PT1], %1
    invlpg [TARGET]
%endmacro

; The low bits of the test page's entry
%macro ENTRY_IS 1
    mov eax, [PT1]
    and eax, 0xFFF
    EQUAL eax, %1
%endmacro

; PAGE_FAULT error, instruction: #PF at level 0 with CR2 = TARGET
%macro PAGE_FAULT 2+
    xor eax, eax
    mov cr2, eax
    EXPECT 14, %1, %2
    mov eax, cr2
    EQUAL eax, TARGET
%endmacro

; USER_FAULT error, label: the same at level 3
%macro USER_FAULT 2
    EXPECT_NEXT 14, %1, %%after
    ENTER_USER %2
%%after:
    EQUAL dword [fault_eip], %2
    mov eax, cr2
    EQUAL eax, TARGET
%endmacro

; USER_RUNS label: the code there ends with INT3
%macro USER_RUNS 1
    EXPECT_NEXT 3, NO_ERROR, %%after
    ENTER_USER %1
%%after:
%endmacro

main32:
    call build_tables
    mov byte [IDT_BASE + 8 * 3 + 5], 0xEE
    mov eax, PD
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    jmp short .paged
.paged:

    CHECK 1                         ; not present
    MAP 0
    PAGE_FAULT 0, {mov al, [TARGET]}
    PAGE_FAULT 2, {mov [TARGET], al}
    PAGE_FAULT 2, {or byte [TARGET], 0}
    EXPECT_NEXT 14, 0, .after_jump
    mov eax, TARGET
    jmp eax
.after_jump:
    EQUAL dword [fault_eip], TARGET
    MAP FRAME_A                     ; P clear: all other bits are the system's
    PAGE_FAULT 0, {mov al, [TARGET]}
    USER_FAULT 4, user_read
    USER_FAULT 6, user_write

    CHECK 2                         ; supervisor page from level 3
    MAP FRAME_A | P_P | P_W
    USER_FAULT 5, user_read
    USER_FAULT 7, user_write
    ENTRY_IS P_P | P_W              ; a fault sets neither A nor D

    CHECK 3                         ; read-only user page
    MAP FRAME_A | P_P | P_U
    USER_FAULT 7, user_write
    USER_RUNS user_read
    ENTRY_IS P_P | P_U | P_A

    CHECK 4                         ; level 0 writes to read-only pages unless CR0.WP is set
    MAP FRAME_A | P_P
    mov byte [TARGET], 0x5A
    EQUAL byte [FRAME_A], 0x5A
    ENTRY_IS P_P | P_A | P_D
    mov eax, cr0
    or eax, 0x10000
    mov cr0, eax
    PAGE_FAULT 3, {mov [TARGET], al}
    mov eax, cr0
    and eax, ~0x10000
    mov cr0, eax

    CHECK 5                         ; A with the first read, D with the first write
    MAP FRAME_A | P_P | P_W
    mov al, [TARGET]
    ENTRY_IS P_P | P_W | P_A
    mov [TARGET], al
    ENTRY_IS P_P | P_W | P_A | P_D
    MAP FRAME_A | P_P | P_W
    and byte [TARGET + 4], 0xFF
    ENTRY_IS P_P | P_W | P_A | P_D
    test dword [PD + 4], P_A
    MUST nz
    test dword [PD + 4], P_D        ; directory entries have no D
    MUST z

    CHECK 6                         ; rights combine over both levels
    and dword [PD + 4], ~P_W
    MAP FRAME_A | P_P | P_W | P_U
    USER_FAULT 7, user_write
    or dword [PD + 4], P_W
    and dword [PD + 4], ~P_U
    MAP FRAME_A | P_P | P_W | P_U
    USER_FAULT 5, user_read
    or dword [PD + 4], P_U

    CHECK 7                         ; a stale translation lives until INVLPG or MOV CR3
    MAP FRAME_A | P_P | P_W
    mov dword [FRAME_A], 0xAAAAAAAA
    mov dword [FRAME_B], 0xBBBBBBBB
    EQUAL dword [TARGET], 0xAAAAAAAA
    mov dword [PT1], FRAME_B | P_P | P_W
    invlpg [TARGET + 0xABC]           ; any address in the page
    EQUAL dword [TARGET], 0xBBBBBBBB
    mov dword [PT1], FRAME_A | P_P | P_W
    mov eax, cr3
    mov cr3, eax
    EQUAL dword [TARGET], 0xAAAAAAAA

    CHECK 8                         ; global pages survive MOV CR3, not INVLPG
    mov eax, cr4
    or eax, 0x80
    mov cr4, eax
    MAP FRAME_A | P_P | P_W | P_G
    EQUAL dword [TARGET], 0xAAAAAAAA
    mov dword [PT1], FRAME_B | P_P | P_W
    invlpg [TARGET]
    EQUAL dword [TARGET], 0xBBBBBBBB

    CHECK 9                         ; 4 MiB pages
    mov eax, cr4
    or eax, 0x10
    mov cr4, eax
    mov dword [PD + 4], P_P | P_W | P_PS ; linear 4 MiB -> physical 0
    mov eax, cr3
    mov cr3, eax
    invlpg [TARGET]
    EQUAL dword [TARGET + FRAME_B], 0xBBBBBBBB
    mov [TARGET + FRAME_A], eax
    mov eax, [PD + 4]
    EQUAL eax, P_P | P_W | P_PS | P_A | P_D
    mov dword [PD + 4], P_P | P_W | P_PS | (1 << 21) ; reserved bit
    invlpg [TARGET]
    PAGE_FAULT 9, {mov al, [TARGET]}
    PAGE_FAULT 11, {mov [TARGET], al}
    USER_FAULT 13, user_read
    mov dword [PD + 4], PT1 | P_P | P_W | P_U
    invlpg [TARGET]

    CHECK 10                        ; an access that crosses into a missing page changes neither page
    MAP 0
    mov dword [TARGET - 4], 0x11223344
    PAGE_FAULT 2, {mov dword [TARGET - 2], 0x55667788}
    EQUAL dword [TARGET - 4], 0x11223344
    mov ebx, TARGET - 2
    PAGE_FAULT 0, {mov eax, [ebx]}
    CHECK 12                        ; code that runs into a missing page: CR2 is the page, not the instruction
    MAP 0
    mov byte [TARGET - 1], 0xB8       ; MOV EAX, imm32
    EXPECT_NEXT 14, 0, .after_fetch
    mov eax, TARGET - 1
    jmp eax
.after_fetch:
    EQUAL dword [fault_eip], TARGET - 1
    mov eax, cr2
    EQUAL eax, TARGET

    CHECK 13                        ; descriptor tables are read as the supervisor, whatever the level
    MAP 0
    mov esi, gdt
    mov edi, TARGET - GDT_SIZE
    mov ecx, GDT_SIZE
    rep movsb
    lgdt [high_gdt]
    USER_FAULT 0, user_load
    MAP FRAME_A | P_P | P_W         ; the loaded descriptor gets its accessed bit
    mov dword [FRAME_A], 0x0000FFFF
    mov dword [FRAME_A + 4], 0x00CFF200
    USER_RUNS user_load
    EQUAL dword [FRAME_A + 4], 0x00CFF300
    ENTRY_IS P_P | P_W | P_A | P_D
    lgdt [gdt_pointer]

    CHECK 20                        ; PAE
    mov eax, cr0
    and eax, 0x7FFFFFFF
    mov cr0, eax
    call build_pae
    mov eax, cr4
    or eax, 0x20
    mov cr4, eax
    mov eax, PDPT
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    jmp short .pae
.pae:
    EQUAL dword [TARGET], 0xAAAAAAAA
    mov dword [PAE_PT], FRAME_B | P_P | P_W
    invlpg [TARGET]
    EQUAL dword [TARGET], 0xBBBBBBBB
    mov eax, [PAE_PT]
    and eax, 0xFFF
    EQUAL eax, P_P | P_W | P_A
    CHECK 21                        ; the pointers are registers: a changed one counts after MOV CR3
    mov dword [PDPT], 0
    EQUAL dword [TARGET], 0xBBBBBBBB
    mov dword [PDPT], PAE_PD | P_P
    CHECK 22                        ; reserved bits of a pointer: #GP of MOV CR3
    mov dword [PDPT + 8], PAE_PD | P_P | P_W
    mov ebx, PDPT
    EXPECT 13, 0, {mov cr3, ebx}
    mov dword [PDPT + 8], PAE_PD | P_W ; not of one that is absent
    mov cr3, ebx
    mov dword [PDPT + 8], 0
    CHECK 23                        ; reserved address bits of an entry
    mov dword [PAE_PT + 4], 0x80000
    invlpg [TARGET]
    PAGE_FAULT 9, {mov al, [TARGET]}
    mov dword [PAE_PT + 4], 0
    CHECK 24                        ; no directory
    xor eax, eax
    mov ebx, 0x40000000
    EXPECT 14, 0, {mov al, [ebx]}
    mov eax, cr2
    EQUAL eax, 0x40000000
    mov eax, cr0
    and eax, 0x7FFFFFFF
    mov cr0, eax
    ret

build_tables:
    MAP_LOW P_P | P_W | P_U, 0x6000
    mov dword [PT1 + 4], FRAME_B | P_P | P_W
    ret

; 0-3FFFFFh by two 2 MiB pages, the test page by a table
build_pae:
    mov dword [PDPT], PAE_PD | P_P
    mov dword [PAE_PD], P_P | P_W | P_PS
    mov dword [PAE_PD + 8], 0x200000 | P_P | P_W | P_PS
    mov dword [PAE_PD + 16], PAE_PT | P_P | P_W
    mov dword [PAE_PT], FRAME_A | P_P | P_W
    mov dword [FRAME_A], 0xAAAAAAAA
    mov dword [FRAME_B], 0xBBBBBBBB
    ret

high_gdt:
    dw 2 * GDT_SIZE - 1
    dd TARGET - GDT_SIZE

user_read:
    mov al, [TARGET]
    int3
user_write:
    mov [TARGET], al
    int3
user_load:
    mov gs, [user_selector]
    int3
user_selector: dw GDT_SIZE | 3

GUEST_END
