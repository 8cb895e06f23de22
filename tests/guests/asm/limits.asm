; SPDX-License-Identifier: MIT
; Segment limits and rights on each access: byte, word and dword at every boundary, expand-up and expand-down, both
; granularities, code fetch, stack width (SDM 3A 5.3, 5.4).
%include "guest.inc"

SEL_SMALL   equ SEL_FREE            ; data, 0-0FFFh
SEL_DOWN    equ SEL_FREE + 0x08     ; expand down, 32-bit: 1000h-FFFFFFFFh
SEL_DOWN16  equ SEL_FREE + 0x10     ; expand down, 16-bit: 1000h-FFFFh
SEL_PAGES   equ SEL_FREE + 0x18     ; page granular, limit 1: 0-1FFFh
SEL_RO      equ SEL_FREE + 0x20     ; read only
SEL_XO      equ SEL_FREE + 0x28     ; execute only
SEL_XR      equ SEL_FREE + 0x30     ; code, readable
SEL_TINY    equ SEL_FREE + 0x38     ; 16-bit code that ends within an instruction
SEL_STACK16 equ SEL_FREE + 0x40
SEL_SS_DOWN equ SEL_FREE + 0x48
DATA_AT     equ 0x10000

; EXPECT_DS vector, instruction: it must fault with error 0; DS is put back, for the handler loads its own
%macro EXPECT_DS 2+
    mov bx, ds
    mov cx, SEL_DATA0
    mov ds, cx
    EXPECT_NEXT %1, 0, %%after
    mov ds, bx
%%insn:
    %2
    jmp fail_flat
%%after:
    EQUAL dword [fault_eip], %%insn
    mov ds, bx
%endmacro

%macro EXPECT_FS_SMALL 1
    mov cx, SEL_SMALL
    mov fs, cx
    EXPECT 13, 0, %1
%endmacro

%macro FLAT_DS 0
    mov cx, SEL_DATA0
    mov ds, cx
%endmacro

main32:
    SET_DESCRIPTOR SEL_SMALL, DATA_AT, 0xFFF, 0x4093
    SET_DESCRIPTOR SEL_DOWN, DATA_AT, 0xFFF, 0x4097
    SET_DESCRIPTOR SEL_DOWN16, DATA_AT, 0xFFF, 0x0097
    SET_DESCRIPTOR SEL_PAGES, DATA_AT, 1, 0xC093
    SET_DESCRIPTOR SEL_RO, DATA_AT, 0xFFF, 0x4091
    SET_DESCRIPTOR SEL_XO, DATA_AT, 0xFFF, 0x4099
    SET_DESCRIPTOR SEL_XR, DATA_AT, 0xFFF, 0x409B
    SET_DESCRIPTOR SEL_TINY, ABSOLUTE_OF(tiny), tiny_end - tiny - 2, 0x009B
    SET_DESCRIPTOR SEL_STACK16, DATA_AT, 0xFFFF, 0x0093
    SET_DESCRIPTOR SEL_SS_DOWN, DATA_AT, 0xFFF, 0x4097

    CHECK 1                         ; expand up
    mov ax, SEL_SMALL
    mov ds, ax
    mov al, [0xFFF]
    mov ax, [0xFFE]
    mov eax, [0xFFC]
    mov [0xFFC], eax
    EXPECT_DS 13, {mov al, [0x1000]}
    EXPECT_DS 13, {mov ax, [0xFFF]}
    EXPECT_DS 13, {mov eax, [0xFFD]}
    EXPECT_DS 13, {mov [0xFFE], eax}
    EXPECT_DS 13, {mov eax, [0xFFFFFFFE]}
    EXPECT_DS 13, {add dword [0xFFE], 1}

    FLAT_DS
    CHECK 2                         ; expand down, 32-bit
    mov ax, SEL_DOWN
    mov ds, ax
    mov al, [0x1000]
    mov eax, [0x1000]
    mov [0x1FFFF], eax
    EXPECT_DS 13, {mov al, [0xFFF]}
    EXPECT_DS 13, {mov ax, [0xFFF]}
    EXPECT_DS 13, {mov [0], al}

    FLAT_DS
    CHECK 3                         ; expand down, 16-bit: ends at FFFFh
    mov ax, SEL_DOWN16
    mov ds, ax
    mov al, [0x1000]
    mov ax, [0xFFFE]
    EXPECT_DS 13, {mov ax, [0xFFFF]}
    EXPECT_DS 13, {mov al, [0x10000]}
    EXPECT_DS 13, {mov al, [0xFFF]}

    FLAT_DS
    CHECK 4                         ; page granular
    mov ax, SEL_PAGES
    mov ds, ax
    mov al, [0x1FFF]
    EXPECT_DS 13, {mov al, [0x2000]}
    EXPECT_DS 13, {mov ax, [0x1FFF]}

    FLAT_DS
    CHECK 5                         ; rights
    mov ax, SEL_RO
    mov ds, ax
    mov al, [0]
    EXPECT_DS 13, {mov [0], al}
    EXPECT_DS 13, {or byte [0], 0}
    mov ax, SEL_DATA0
    mov ds, ax
    EXPECT 13, SEL_XO, {mov gs, [selector_xo]}
    mov ax, SEL_XR
    mov fs, ax
    mov al, [fs:0]
    EXPECT 13, 0, {mov [fs:0], al}
    xor eax, eax
    mov gs, ax
    EXPECT 13, 0, {mov al, [gs:0]}  ; null; the handler reloads ES, FS and GS
    xor eax, eax
    mov gs, ax
    EXPECT 13, 0, {mov [gs:0], al}
    EXPECT 13, 0, {mov [cs:0x500], al} ; code is never writable

    CHECK 6                         ; string instructions name both segments
    mov ax, SEL_SMALL
    mov es, ax
    mov esi, 0x500
    mov edi, 0xFFE
    mov ecx, 4
    cld
    EXPECT_NEXT 13, 0, .after_movs
.movs:
    rep movsb
    jmp fail
.after_movs:
    EQUAL dword [fault_eip], .movs
    EQUAL ecx, 2
    EQUAL edi, 0x1000
    EQUAL esi, 0x502

    CHECK 7                         ; the stack raises #SS, with any base register that implies it
    mov [saved_esp], esp
    mov ax, SEL_SS_DOWN
    mov ss, ax
    mov esp, 0x8000
    mov ebp, 0xFFE
    EXPECT 12, 0, {mov eax, [ebp]}
    mov ax, SEL_SS_DOWN
    mov ss, ax
    mov esp, 0x8000
    EXPECT 12, 0, {mov al, [esp + 0xFFFF8000]}
    mov ax, SEL_DATA0
    mov ss, ax
    mov esp, [saved_esp]

    CHECK 8                         ; 16-bit stack: SP wraps, the upper half of ESP is left alone
    mov ax, SEL_STACK16
    mov ss, ax
    mov esp, 0xABCD0000
    push dword 0x12345678
    EQUAL esp, 0xABCDFFFC
    EQUAL dword [DATA_AT + 0xFFFC], 0x12345678
    pop ebx
    EQUAL esp, 0xABCD0000
    EQUAL ebx, 0x12345678
    mov esp, 0x8000
    enter 16, 0
    leave
    EQUAL esp, 0x8000
    mov ax, SEL_DATA0
    mov ss, ax
    mov esp, [saved_esp]

    CHECK 9                         ; code: the last instruction does not fit
    EXPECT_NEXT 13, 0, .after_tiny
    jmp SEL_TINY:0
.after_tiny:
    EQUAL dword [fault_cs], SEL_TINY
    EQUAL dword [fault_eip], tiny_last - tiny
    EQUAL ebx, 0x77
    CHECK 10                        ; jumps beyond the limit fault at the jump
    EXPECT_NEXT 13, 0, .after_jump
    jmp SEL_TINY:tiny_jump - tiny
.after_jump:
    EQUAL dword [fault_cs], SEL_TINY
    EQUAL dword [fault_eip], tiny_jump - tiny

    CHECK 11                        ; a two-page access across a boundary within limits is one access
    mov ax, SEL_PAGES
    mov fs, ax
    mov dword [fs:0xFFE], 0xCAFEBABE
    EQUAL dword [DATA_AT + 0xFFE], 0xCAFEBABE

    CHECK 12                        ; BOUND, far pointers and table operands check their whole length
    EXPECT_FS_SMALL {bound eax, [fs:0xFFC]}
    EXPECT_FS_SMALL {les eax, [fs:0xFFC]}
    EXPECT_FS_SMALL {sgdt [fs:0xFFC]}
    EXPECT_FS_SMALL {jmp far [fs:0xFFC]}
    EXPECT_FS_SMALL {cmpxchg8b [fs:0xFFC]}
    ret

fail_flat:
    mov ax, SEL_DATA0
    mov ds, ax
    mov ss, ax
    mov esp, STACK0_TOP
    jmp fail

selector_xo: dw SEL_XO
saved_esp:   dd 0

bits 16
tiny:
    mov ebx, 0x77
    jmp short tiny_last
tiny_jump:
    jmp near tiny_jump + 0x4000
tiny_last:
    mov ax, 0x1234
tiny_end:
bits 32

GUEST_END
