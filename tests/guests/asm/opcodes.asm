; SPDX-License-Identifier: MIT
; models: 386 486 pentium pentium-mmx pentiumpro pentium2 pentium3 core2 max
; Encodings that must raise #UD: LOCK before every opcode and every /digit that does not take it, the holes of the opcode
; maps, register forms of memory instructions, and what came with later processors (SDM 2A 2.1.1, LOCK; 2D A).
;
; A failure prints opcode bytes, in the order of the code, in the upper 24 bits of the check number.
%include "guest.inc"

CODE equ 0x20000

; LIST label: tries each entry (length, bytes), up to a zero
%macro LIST 1
    mov esi, %1
    call try_list
%endmacro

main32:
    cld
    xor eax, eax
    mov [family], eax
    mov [features], eax
    pushfd
    pop eax
    mov ecx, eax
    xor eax, 0x200000               ; EFLAGS.ID
    push eax
    popfd
    pushfd
    pop eax
    xor eax, ecx
    test eax, 0x200000
    jz .no_cpuid
    mov eax, 1
    cpuid
    mov [features], edx
    mov [features_ecx], ecx
    shr eax, 8
    and eax, 15
    mov [family], eax
    jmp .known
.no_cpuid:
    mov dword [family], 3           ; the only model without CPUID here
.known:

    CHECK 1                         ; LOCK, one-byte opcodes with a memory operand, all eight digits
    xor edi, edi                    ; opcode | digit << 8
.lock_memory:
    call is_prefix
    je .next_memory
    mov eax, edi
    movzx edx, ah
    and eax, 0xFF
    call takes_lock
    jc .next_memory
    mov byte [entry], 3
    mov byte [entry + 1], 0xF0
    mov [entry + 2], al
    shl dl, 3
    or dl, 3                        ; [EBX]
    mov [entry + 3], dl
    mov esi, entry
    call try
.next_memory:
    inc edi
    cmp edi, 0x800
    jb .lock_memory

    CHECK 2                         ; LOCK with a register operand never
    xor edi, edi
.lock_register:
    call is_prefix
    je .next_register
    mov eax, edi
    movzx edx, ah
    mov byte [entry], 3
    mov byte [entry + 1], 0xF0
    mov [entry + 2], al
    shl dl, 3
    or dl, 0xC1
    mov [entry + 3], dl
    mov esi, entry
    call try
.next_register:
    inc edi
    cmp edi, 0x800
    jb .lock_register

    CHECK 3                         ; the same for 0F
    xor edi, edi
.lock_0f:
    mov eax, edi
    movzx edx, ah
    and eax, 0xFF
    mov byte [entry], 4
    mov byte [entry + 1], 0xF0
    mov byte [entry + 2], 0x0F
    mov [entry + 3], al
    call takes_lock_0f
    jc .registers_0f
    mov cl, dl
    shl cl, 3
    or cl, 3
    mov [entry + 4], cl
    mov esi, entry
    call try
.registers_0f:
    mov eax, edi
    mov cl, ah
    shl cl, 3
    or cl, 0xC1
    mov [entry + 4], cl
    mov esi, entry
    call try
    inc edi
    cmp edi, 0x800
    jb .lock_0f

    CHECK 10                        ; holes of every processor
    LIST holes
    CHECK 11                        ; 0F map: what no model here has
    LIST holes_0f
    CHECK 12                        ; MOV CR: numbers that do not exist, in both directions
    mov byte [entry], 3
    mov byte [entry + 1], 0x0F
    mov edi, 0
.control:
    mov eax, edi
    and al, 7
    cmp al, 1
    je .try_control
    cmp al, 5
    jb .next_control
.try_control:
    shl al, 3
    or al, 0xC0
    mov [entry + 3], al
    mov byte [entry + 2], 0x20
    mov esi, entry
    call try
    mov byte [entry + 2], 0x22
    mov esi, entry
    call try
.next_control:
    inc edi
    cmp edi, 8
    jb .control

    cmp dword [family], 4
    jae .has_486
    CHECK 20
    LIST since_486
.has_486:
    cmp dword [family], 5
    jae .has_586
    CHECK 21
    LIST since_586
.has_586:
    cmp dword [family], 6
    jae .has_686
    CHECK 22
    LIST since_686
.has_686:
    bt dword [features], 23
    jc .has_mmx
    CHECK 23
    mov al, 0x60
    mov ah, 0x77
    call range_0f
    mov al, 0xD1
    mov ah, 0xFE
    call range_0f
    LIST since_mmx
.has_mmx:
    bt dword [features], 25
    jc .has_sse
    CHECK 24
    mov al, 0x10
    mov ah, 0x17
    call range_0f
    mov al, 0x28
    mov ah, 0x2F
    call range_0f
    mov al, 0x50
    mov ah, 0x5F
    call range_0f
    LIST since_sse
.has_sse:
    bt dword [features], 26
    jc .has_sse2
    CHECK 25
    LIST since_sse2
.has_sse2:
    bt dword [features_ecx], 9
    jc .has_ssse3
    CHECK 26
    LIST since_ssse3
.has_ssse3:
    CHECK 30                        ; MMX and SSE groups: digits that do not exist
    LIST group_holes
    ret

; ZF where the low byte of EDI is a prefix or 0F
is_prefix:
    mov eax, edi
    push edi
    mov edi, prefixes
    mov ecx, prefixes_end - prefixes
    repne scasb
    pop edi
    ret
prefixes: db 0x0F, 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3
prefixes_end:

; CF where opcode AL with digit DL takes LOCK. Keeps both.
takes_lock:
    cmp al, 0x32
    jae .not_alu
    mov cl, al
    and cl, 7
    cmp cl, 2                       ; ADD to XOR, Eb,Gb and Ev,Gv
    ret
.not_alu:
    cmp al, 0x80
    jb .no
    cmp al, 0x84
    jb .immediate
    cmp al, 0x86
    je .yes
    cmp al, 0x87
    je .yes
    cmp al, 0xF6
    jb .no
    cmp al, 0xF8
    jb .unary
    cmp al, 0xFE
    jb .no
    cmp dl, 2                       ; INC, DEC
    ret
.immediate:
    cmp dl, 7                       ; all but CMP
    ret
.unary:
    cmp dl, 2                       ; NOT, NEG
    je .yes
    cmp dl, 3
    je .yes
.no:
    clc
    ret
.yes:
    stc
    ret

takes_lock_0f:
    mov ecx, lockable_0f_end - lockable_0f
    push edi
    mov edi, lockable_0f
    repne scasb
    pop edi
    je takes_lock.yes
    cmp al, 0xBA
    jne .not_bits
    cmp dl, 5                       ; BTS, BTR, BTC
    cmc
    ret
.not_bits:
    cmp al, 0xC7
    jne takes_lock.no
    cmp dl, 1                       ; CMPXCHG8B
    je takes_lock.yes
    jmp takes_lock.no
; As one-byte patterns of /r forms. On processors without them LOCK changes nothing: they are #UD all the same.
lockable_0f: db 0xAB, 0xB3, 0xBB, 0xB0, 0xB1, 0xC0, 0xC1
lockable_0f_end:

; 0F AL to 0F AH, with a memory and a register operand
range_0f:
    mov byte [entry], 3
    mov byte [entry + 1], 0x0F
.next:
    mov [entry + 2], al
    push eax
    mov byte [entry + 3], 3
    mov esi, entry
    call try
    mov byte [entry + 3], 0xC1
    mov esi, entry
    call try
    pop eax
    inc al
    cmp al, ah
    jbe .next
    ret

try_list:
    cmp byte [esi], 0
    je .end
    call try
    jmp try_list
.end:
    ret

; Runs the entry at ESI, which must be #UD; ESI goes to the next one
try:
    push edi
    mov edi, CODE
    mov eax, 0xCCCCCCCC
    stosd
    stosd
    stosd
    stosd
    mov edi, CODE
    movzx ecx, byte [esi]
    inc esi
    mov eax, [esi]
    cmp al, 0xF0                    ; of LOCK, what it precedes is worth more
    jne .note
    shr eax, 8
.note:
    shl eax, 8
    mov al, [check_number]
    mov [check_number], eax
    rep movsb
    mov ebx, scratch
    EXPECT_NEXT 6, NO_ERROR, .done
    mov eax, CODE
    jmp eax
.done:
    EQUAL dword [fault_eip], CODE
    and dword [check_number], 0xFF
    pop edi
    ret

%macro E 1+
    db %%end - %%start
%%start:
    db %1
%%end:
%endmacro

holes:
    E 0x8D, 0xC0
    E 0x62, 0xC0
    E 0xC4, 0xC0
    E 0xC5, 0xC0
%assign digit 1
%rep 7
    E 0x8F, 0x03 | digit << 3
    E 0x8F, 0xC1 | digit << 3
    E 0xC6, 0x03 | digit << 3, 0
    E 0xC7, 0x03 | digit << 3, 0, 0, 0, 0
    %if digit > 1
    E 0xFE, 0x03 | digit << 3
    E 0xFE, 0xC1 | digit << 3
    %endif
    %assign digit digit + 1
%endrep
    E 0xFF, 0x3B
    E 0xFF, 0xF9
    E 0xFF, 0xD9
    E 0xFF, 0xE9
    E 0x8C, 0x33
    E 0x8C, 0x3B
    E 0x8C, 0xF1
    E 0x8E, 0x0B
    E 0x8E, 0xC9
    E 0x8E, 0x33
    E 0x8E, 0xF9
    db 0
holes_0f:
    E 0x0F, 0x04
    E 0x0F, 0x0A
    E 0x0F, 0x0B
    E 0x0F, 0x0C
    E 0x0F, 0x24, 0xC0
    E 0x0F, 0x25, 0xC0
    E 0x0F, 0x26, 0xC0
    E 0x0F, 0x27, 0xC0
    E 0x0F, 0x36
    E 0x0F, 0x39
    E 0x0F, 0x3B
    E 0x0F, 0x3C
    E 0x0F, 0x3D
    E 0x0F, 0x3E
    E 0x0F, 0x3F
    E 0x0F, 0xA6, 0xC1
    E 0x0F, 0xA7, 0xC1
    E 0x0F, 0xB9, 0xC1
    E 0x0F, 0xFF, 0xC1
    E 0x0F, 0x00, 0x33
    E 0x0F, 0x00, 0x3B
    E 0x0F, 0x00, 0xF1
    E 0x0F, 0x00, 0xF9
    E 0x0F, 0x01, 0x2B
    E 0x0F, 0x01, 0xC0
    E 0x0F, 0x01, 0xC1
    E 0x0F, 0x01, 0xC4
    E 0x0F, 0x01, 0xD2
    E 0x0F, 0x01, 0xDB
    E 0x0F, 0x01, 0xE8
    E 0x0F, 0x01, 0xFB
    E 0x0F, 0xBA, 0x03, 0
    E 0x0F, 0xBA, 0x0B, 0
    E 0x0F, 0xBA, 0x13, 0
    E 0x0F, 0xBA, 0x1B, 0
    E 0x0F, 0xBA, 0xC1, 0
    E 0x0F, 0xBA, 0xD9, 0
    E 0x0F, 0xC7, 0x03
    E 0x0F, 0xC7, 0x13
    E 0x0F, 0xC7, 0xC9
    E 0x0F, 0xB2, 0xC0
    E 0x0F, 0xB4, 0xC0
    E 0x0F, 0xB5, 0xC0
    db 0
since_486:
    E 0x0F, 0x08
    E 0x0F, 0x09
    E 0x0F, 0x01, 0x3B
    E 0x0F, 0xA2
    E 0x0F, 0xB0, 0x03
    E 0x0F, 0xB1, 0x03
    E 0x0F, 0xC0, 0x03
    E 0x0F, 0xC1, 0x03
    E 0x0F, 0xC8
    E 0x0F, 0xCF
    E 0x0F, 0x20, 0xE0
    E 0x0F, 0x22, 0xE0
    db 0
since_586:
    E 0x0F, 0x30
    E 0x0F, 0x31
    E 0x0F, 0x32
    E 0x0F, 0xC7, 0x0B
    E 0x0F, 0xAA
    db 0
since_686:
%assign condition 0
%rep 16
    E 0x0F, 0x40 | condition, 0xC1
    %assign condition condition + 1
%endrep
    E 0x0F, 0x34
    E 0x0F, 0x35
    E 0x0F, 0x1F, 0x00
    E 0xDA, 0xC1
    E 0xDA, 0xD9
    E 0xDB, 0xC1
    E 0xDB, 0xE9
    E 0xDB, 0xF1
    E 0xDF, 0xE9
    E 0xDF, 0xF1
    db 0
since_mmx:
    E 0x0F, 0x7E, 0xC1
    E 0x0F, 0x7F, 0x03
    db 0
since_sse:
    E 0x0F, 0xC2, 0xC1, 0
    E 0x0F, 0xC4, 0xC1, 0
    E 0x0F, 0xC5, 0xC1, 0
    E 0x0F, 0xC6, 0xC1, 0
    E 0x0F, 0xD7, 0xC1
    E 0x0F, 0xDA, 0xC1
    E 0x0F, 0xDE, 0xC1
    E 0x0F, 0xE0, 0xC1
    E 0x0F, 0xE3, 0xC1
    E 0x0F, 0xE4, 0xC1
    E 0x0F, 0xE7, 0x03
    E 0x0F, 0xEA, 0xC1
    E 0x0F, 0xEE, 0xC1
    E 0x0F, 0xF6, 0xC1
    E 0x0F, 0xF7, 0xC1
    E 0x0F, 0x70, 0xC1, 0
    E 0x0F, 0xAE, 0x13
    E 0x0F, 0xAE, 0x1B
    E 0x0F, 0xAE, 0xF8
    db 0
since_sse2:
    E 0x0F, 0xD4, 0xC1
    E 0x0F, 0xF4, 0xC1
    E 0x0F, 0xFB, 0xC1
    E 0x0F, 0x5A, 0xC1
    E 0x0F, 0x5B, 0xC1
    E 0x66, 0x0F, 0x58, 0xC1
    E 0xF2, 0x0F, 0x58, 0xC1
    E 0x66, 0x0F, 0x6F, 0xC1
    E 0xF3, 0x0F, 0x6F, 0xC1
    E 0x66, 0x0F, 0xD4, 0xC1
    E 0x0F, 0xC3, 0x03
    E 0x0F, 0xAE, 0x3B
    E 0x0F, 0xAE, 0xE8
    E 0x0F, 0xAE, 0xF0
    db 0
since_ssse3:
    E 0x0F, 0x38, 0x00, 0xC1
    E 0x0F, 0x38, 0x1C, 0xC1
    E 0x0F, 0x38, 0xF0, 0x03
    E 0x0F, 0x3A, 0x0F, 0xC1, 0
    E 0x66, 0x0F, 0x38, 0x00, 0xC1
    E 0x66, 0x0F, 0x3A, 0x0F, 0xC1, 0
    db 0
group_holes:
    E 0x0F, 0x71, 0xC1, 1
    E 0x0F, 0x71, 0xC9, 1
    E 0x0F, 0x71, 0xD9, 1
    E 0x0F, 0x71, 0xE9, 1
    E 0x0F, 0x71, 0xF9, 1
    E 0x0F, 0x71, 0x13, 1
    E 0x0F, 0x72, 0xC1, 1
    E 0x0F, 0x72, 0xF9, 1
    E 0x0F, 0x72, 0x33, 1
    E 0x0F, 0x73, 0xC1, 1
    E 0x0F, 0x73, 0xD9, 1
    E 0x0F, 0x73, 0xF9, 1
    E 0x0F, 0x73, 0xE1, 1
    E 0x0F, 0x73, 0x13, 1
    E 0x0F, 0xAE, 0xC1
    E 0x0F, 0xAE, 0xC9
    E 0x0F, 0xAE, 0xD1
    E 0x0F, 0xAE, 0xE1
    E 0x0F, 0xC7, 0xF1
    E 0x0F, 0xC7, 0xF9
    E 0x0F, 0x7A, 0xC1
    E 0x0F, 0x7B, 0xC1
    E 0x0F, 0xB8, 0xC1
    db 0

align 4
features:     dd 0
features_ecx: dd 0
family:       dd 0
scratch:      times 16 dd 0
entry:        times 8 db 0

GUEST_END
