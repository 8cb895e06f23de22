; SPDX-License-Identifier: MIT
; models: pentiumpro 386 max
; Loads of segment registers, LDT and task register; LAR, LSL, VERR, VERW, ARPL; accessed bits; the ends of the descriptor
; tables (SDM 2A MOV, LLDT, LTR, LAR, LSL, VERR, ARPL; 3A 5.3-5.7, 5.10).
%include "guest.inc"

SEL_X       equ SEL_FREE            ; whatever a check needs
SEL_Y       equ SEL_FREE + 0x08
SEL_LDT     equ SEL_FREE + 0x10
SEL_LDT2    equ SEL_FREE + 0x18
SEL_TSS_B   equ SEL_FREE + 0x20
SEL_CODE1   equ SEL_FREE + 0x28
SEL_DATA1   equ SEL_FREE + 0x30
LDT_AT      equ 0x10000
LDT_SEL     equ 4                   ; first descriptor of the LDT

; LOAD vector, error, register, attributes, RPL: the load of a descriptor with these attributes must fault so
%macro LOAD 5
    SET_DESCRIPTOR SEL_X, 0, 0xFFFFF, %4
    mov ecx, [gdt + SEL_X + 4]
    mov ax, SEL_X | %5
    EXPECT %1, %2, {mov %3, ax}
    EQUAL dword [gdt + SEL_X + 4], ecx ; no accessed bit
%endmacro

; LOADS register, attributes, RPL: it must succeed and set the accessed bit
%macro LOADS 3
    SET_DESCRIPTOR SEL_X, 0, 0xFFFFF, %2
    mov ax, SEL_X | %3
    mov %1, ax
    test byte [gdt + SEL_X + 5], 1
    MUST nz
%endmacro

; USER vector, error, label
%macro USER 3
    EXPECT_NEXT %1, %2, %%after
    ENTER_USER %3
%%after:
    EQUAL dword [fault_eip], %3
%endmacro

; RIGHTS attributes, RPL, LAR, LSL, VERR, VERW: ZF of the four at level 0
%macro RIGHTS 6
    SET_DESCRIPTOR SEL_X, 0, 0x1234, %1
    mov bx, SEL_X | %2
    call probe
    EQUAL byte [zf_lar], %3
    EQUAL byte [zf_lsl], %4
    EQUAL byte [zf_verr], %5
    EQUAL byte [zf_verw], %6
%endmacro

; USER_RIGHTS: the same, at level 3
%macro USER_RIGHTS 6
    SET_DESCRIPTOR SEL_X, 0, 0x1234, %1
    mov ebx, SEL_X | %2
    EXPECT_NEXT 3, NO_ERROR, %%after
    ENTER_USER user_probe
%%after:
    EQUAL byte [zf_lar], %3
    EQUAL byte [zf_lsl], %4
    EQUAL byte [zf_verr], %5
    EQUAL byte [zf_verw], %6
%endmacro

main32:
    mov byte [IDT_BASE + 8 * 3 + 5], 0xEE
    SET_DESCRIPTOR SEL_LDT, LDT_AT, 0x17, 0x0082
    SET_DESCRIPTOR SEL_CODE1, 0, 0xFFFFF, 0xC0BB
    SET_DESCRIPTOR SEL_DATA1, 0, 0xFFFFF, 0xC0B3

    CHECK 1                         ; data registers: type and presence
    LOADS es, 0xC090, 0             ; read only
    LOAD 13, SEL_X, es, 0xC092, 3   ; RPL counts as CPL does
    LOAD 13, SEL_X, es, 0xC092, 1
    CHECK 2
    LOADS fs, 0xC092, 0
    LOADS gs, 0xC096, 0             ; expand down
    LOADS ds, 0xC09A, 0             ; readable code
    mov ax, SEL_DATA0
    mov ds, ax
    LOADS es, 0xC09E, 0             ; readable conforming code
    LOADS es, 0xC09E, 3             ; conforming: neither DPL nor RPL counts
    LOADS es, 0xC0FE, 0
    LOADS es, 0xC0F2, 3             ; DPL 3
    LOADS es, 0xC0F2, 0
    LOADS es, 0xC0B2, 1             ; DPL 1 at RPL 1
    LOAD 13, SEL_X, es, 0xC0B2, 2   ; RPL 2
    LOAD 13, SEL_X, es, 0xC098, 0   ; execute only
    LOAD 13, SEL_X, es, 0xC09C, 0
    LOAD 13, SEL_X, fs, 0x0082, 0   ; system
    LOAD 13, SEL_X, gs, 0x008C, 0
    LOAD 11, SEL_X, es, 0xC012, 0   ; absent
    LOAD 11, SEL_X, gs, 0xC01A, 0
    LOAD 13, SEL_X, gs, 0xC018, 0   ; type comes before presence
    EXPECT 6, NO_ERROR, {mov cs, ax}
    CHECK 3                         ; null selectors, any RPL
    mov ax, 3
    mov es, ax
    mov ax, es
    EQUAL ax, 3
    EXPECT 13, 0, {mov al, [es:0]}
    CHECK 4                         ; SS
    LOADS ss, 0xC092, 0
    LOADS ss, 0xC096, 0
    mov ax, SEL_DATA0
    mov ss, ax
    LOAD 13, SEL_X, ss, 0xC090, 0   ; read only
    LOAD 13, SEL_X, ss, 0xC09A, 0
    LOAD 13, SEL_X, ss, 0xC092, 1   ; RPL
    LOAD 13, SEL_X, ss, 0xC0B2, 0   ; DPL
    LOAD 13, SEL_X, ss, 0xC0F2, 3
    LOAD 12, SEL_X, ss, 0xC012, 0   ; absent: #SS
    LOAD 13, SEL_X, ss, 0xC010, 0
    xor eax, eax
    EXPECT 13, 0, {mov ss, ax}
    mov al, 3
    EXPECT 13, 0, {mov ss, ax}
    CHECK 5                         ; POP and LDS do the same, and leave the registers alone
    SET_DESCRIPTOR SEL_X, 0, 0xFFFFF, 0xC012
    push dword SEL_X
    mov ebx, esp
    EXPECT 11, SEL_X, {pop es}
    EQUAL esp, ebx
    EXPECT 12, SEL_X, {pop ss}
    EQUAL esp, ebx
    add esp, 4
    mov dword [pointer], 0x55555555
    mov word [pointer + 4], SEL_X
    mov ecx, 0x66666666
    EXPECT 11, SEL_X, {lfs ecx, [pointer]}
    EQUAL ecx, 0x66666666
    EXPECT 12, SEL_X, {lss ecx, [pointer]}
    EQUAL ecx, 0x66666666
    mov word [pointer + 4], 0
    les ecx, [pointer]
    EQUAL ecx, 0x55555555
    EXPECT 13, 0, {lss ecx, [pointer]}
    CHECK 6                         ; level 3
    SET_DESCRIPTOR SEL_X, 0, 0xFFFFF, 0xC092
    USER 13, SEL_X, user_load
    SET_DESCRIPTOR SEL_X, 0, 0xFFFFF, 0xC0D2
    USER 13, SEL_X, user_load
    SET_DESCRIPTOR SEL_X, 0, 0xFFFFF, 0xC09A
    USER 13, SEL_X, user_load
    SET_DESCRIPTOR SEL_X, 0, 0xFFFFF, 0xC0D2
    USER 13, SEL_X, user_load_ss
    SET_DESCRIPTOR SEL_X, 0, 0xFFFFF, 0xC09E
    EXPECT_NEXT 3, NO_ERROR, .conforming
    ENTER_USER user_load
.conforming:

    CHECK 10                        ; the end of the GDT: a descriptor must lie in it as a whole
    SET_DESCRIPTOR SEL_X, 0, 0xFFFFF, 0xC093
    lgdt [exact_gdt]
    mov ax, SEL_X
    mov es, ax
    lgdt [short_gdt]
    mov ax, SEL_X
    EXPECT 13, SEL_X, {mov es, ax}
    mov ax, SEL_X | 1
    EXPECT 13, SEL_X, {mov ss, ax}
    lgdt [gdt_pointer]

    CHECK 20                        ; LLDT
    mov ax, SEL_LDT
    lldt ax
    sldt bx
    EQUAL bx, SEL_LDT
    mov dword [LDT_AT], 0x0000FFFF
    mov dword [LDT_AT + 4], 0x00CF9200
    mov dword [LDT_AT + 16], 0x0000FFFF
    mov dword [LDT_AT + 20], 0x00CF9200
    mov ax, LDT_SEL                 ; index 0 of the LDT is a descriptor like others
    mov es, ax
    test byte [LDT_AT + 5], 1
    MUST nz
    mov ax, 0x10 | LDT_SEL
    mov es, ax
    mov ax, 0x18 | LDT_SEL          ; its end
    EXPECT 13, 0x18 | LDT_SEL, {mov es, ax}
    SET_DESCRIPTOR SEL_LDT, LDT_AT, 0x16, 0x0082
    mov ax, SEL_LDT
    lldt ax
    mov ax, 0x10 | LDT_SEL
    EXPECT 13, 0x10 | LDT_SEL, {mov es, ax}
    mov ax, 3
    lldt ax                         ; null: no LDT
    mov ax, LDT_SEL
    EXPECT 13, LDT_SEL, {mov es, ax}
    CHECK 21
    mov ax, SEL_LDT | LDT_SEL
    EXPECT 13, SEL_LDT | LDT_SEL, {lldt ax}
    mov ax, SEL_DATA0
    EXPECT 13, SEL_DATA0, {lldt ax}
    mov ax, SEL_TSS
    EXPECT 13, SEL_TSS, {lldt ax}
    mov ax, GDT_SIZE
    EXPECT 13, GDT_SIZE, {lldt ax}
    SET_DESCRIPTOR SEL_LDT2, LDT_AT, 0x17, 0x0002
    mov ax, SEL_LDT2
    EXPECT 11, SEL_LDT2, {lldt ax}
    SET_DESCRIPTOR SEL_LDT2, LDT_AT, 0x17, 0x0092 ; the type of an LDT, but not a system segment
    mov ax, SEL_LDT2
    EXPECT 13, SEL_LDT2, {lldt ax}
    USER 13, 0, user_lldt

    CHECK 30                        ; LTR
    xor eax, eax
    EXPECT 13, 0, {ltr ax}
    mov ax, SEL_TSS
    EXPECT 13, SEL_TSS, {ltr ax}    ; busy
    mov ax, SEL_TSS | LDT_SEL
    EXPECT 13, SEL_TSS | LDT_SEL, {ltr ax}
    mov ax, SEL_LDT
    EXPECT 13, SEL_LDT, {ltr ax}
    mov ax, GDT_SIZE
    EXPECT 13, GDT_SIZE, {ltr ax}
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss), 0x67, 0x0009
    mov ax, SEL_TSS_B
    EXPECT 11, SEL_TSS_B, {ltr ax}
    EQUAL byte [gdt + SEL_TSS_B + 5], 0x09
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss), 0x67, 0x0089
    mov ax, SEL_TSS_B
    ltr ax
    EQUAL byte [gdt + SEL_TSS_B + 5], 0x8B
    EQUAL byte [gdt + SEL_TSS + 5], 0x8B ; the old one stays busy
    str bx
    EQUAL bx, SEL_TSS_B
    mov byte [gdt + SEL_TSS + 5], 0x89
    mov ax, SEL_TSS
    ltr ax
    USER 13, 0, user_ltr

    CHECK 40                        ; LAR, LSL, VERR, VERW at level 0
    RIGHTS 0xC092, 0, 1, 1, 1, 1
    RIGHTS 0xC090, 0, 1, 1, 1, 0
    RIGHTS 0xC096, 0, 1, 1, 1, 1
    RIGHTS 0xC09A, 0, 1, 1, 1, 0
    RIGHTS 0xC098, 0, 1, 1, 0, 0
    RIGHTS 0xC09E, 0, 1, 1, 1, 0
    RIGHTS 0xC09C, 0, 1, 1, 0, 0
    RIGHTS 0xC012, 0, 1, 1, 1, 1    ; presence does not count
    RIGHTS 0xC092, 1, 0, 0, 0, 0    ; RPL above DPL
    RIGHTS 0xC09A, 3, 0, 0, 0, 0
    RIGHTS 0xC09E, 3, 1, 1, 1, 0    ; conforming
    RIGHTS 0xC0B2, 1, 1, 1, 1, 1
    RIGHTS 0xC0B2, 2, 0, 0, 0, 0
    CHECK 41                        ; system types
    RIGHTS 0x0080, 0, 0, 0, 0, 0
    RIGHTS 0x0081, 0, 1, 1, 0, 0
    RIGHTS 0x0082, 0, 1, 1, 0, 0
    RIGHTS 0x0083, 0, 1, 1, 0, 0
    RIGHTS 0x0084, 0, 1, 0, 0, 0
    RIGHTS 0x0085, 0, 1, 0, 0, 0
    RIGHTS 0x0086, 0, 0, 0, 0, 0
    RIGHTS 0x0087, 0, 0, 0, 0, 0
    RIGHTS 0x0088, 0, 0, 0, 0, 0
    RIGHTS 0x0089, 0, 1, 1, 0, 0
    RIGHTS 0x008A, 0, 0, 0, 0, 0
    RIGHTS 0x008B, 0, 1, 1, 0, 0
    RIGHTS 0x008C, 0, 1, 0, 0, 0
    RIGHTS 0x008D, 0, 0, 0, 0, 0
    RIGHTS 0x008E, 0, 0, 0, 0, 0
    RIGHTS 0x008F, 0, 0, 0, 0, 0
    CHECK 42                        ; level 3
    USER_RIGHTS 0xC0F2, 3, 1, 1, 1, 1
    USER_RIGHTS 0xC0F2, 0, 1, 1, 1, 1
    USER_RIGHTS 0xC0D2, 0, 0, 0, 0, 0
    USER_RIGHTS 0xC09E, 0, 1, 1, 1, 0
    USER_RIGHTS 0xC09A, 0, 0, 0, 0, 0
    USER_RIGHTS 0x0082, 0, 0, 0, 0, 0
    USER_RIGHTS 0x00E2, 3, 1, 1, 0, 0
    CHECK 43                        ; no descriptor: null, beyond the table, no LDT
    xor ebx, ebx
    call probe
    EQUAL dword [zf_lar], 0
    mov ebx, GDT_SIZE
    call probe
    EQUAL dword [zf_lar], 0
    mov ebx, LDT_SEL
    call probe
    EQUAL dword [zf_lar], 0
    CHECK 44                        ; values; a failure leaves the register alone
    SET_DESCRIPTOR SEL_X, 0x12345678, 0x12345, 0xF0F3 ; G, D, AVL and bit 21
    mov ebx, SEL_X
    lar eax, ebx
    EQUAL eax, 0x00F1F300
    lsl eax, ebx
    EQUAL eax, 0x12345FFF
    mov ecx, 0xFFFFFFFF
    lar cx, bx
    EQUAL ecx, 0xFFFFF300
    lsl cx, bx
    EQUAL ecx, 0xFFFF5FFF
    SET_DESCRIPTOR SEL_X, 0, 0x12345, 0x4093
    lsl eax, ebx
    EQUAL eax, 0x12345
    mov eax, 0x77777777
    mov ebx, GDT_SIZE
    lar eax, ebx
    EQUAL eax, 0x77777777
    lsl eax, ebx
    EQUAL eax, 0x77777777
    CHECK 45                        ; ARPL
    mov eax, 0x12340008
    mov ecx, 3
    arpl ax, cx
    MUST z
    EQUAL eax, 0x1234000B
    mov ecx, 2
    arpl ax, cx
    MUST nz
    EQUAL eax, 0x1234000B
    mov ecx, 3
    arpl ax, cx
    MUST nz
    mov word [pointer], 0x21
    mov ecx, 2
    arpl [pointer], cx
    MUST z
    EQUAL word [pointer], 0x22

    CHECK 50                        ; the hidden part stays until the next load
    SET_DESCRIPTOR SEL_X, LDT_AT, 0xFF, 0x4093
    mov ax, SEL_X
    mov fs, ax
    mov byte [LDT_AT + 0xFF], 0x77
    SET_DESCRIPTOR SEL_X, 0, 0, 0x0000
    EQUAL byte [fs:0xFF], 0x77
    mov ax, fs
    EXPECT 13, SEL_X, {mov fs, ax}
    ret

; ZF of LAR, LSL, VERR and VERW for the selector in BX
probe:
    lar eax, ebx
    setz [zf_lar]
    lsl eax, ebx
    setz [zf_lsl]
    verr bx
    setz [zf_verr]
    verw bx
    setz [zf_verw]
    ret

user_probe:
    call probe
    int3
user_load:
    mov gs, [selector_x]
    int3
user_load_ss:
    mov ss, [selector_x3]
    int3
user_lldt:
    lldt ax
user_ltr:
    ltr ax

align 4
selector_x:  dw SEL_X
selector_x3: dw SEL_X | 3
pointer:     dd 0, 0
zf_lar:      db 0
zf_lsl:      db 0
zf_verr:     db 0
zf_verw:     db 0
exact_gdt:
    dw SEL_X + 7
    dd gdt
short_gdt:
    dw SEL_X + 6
    dd gdt

GUEST_END
