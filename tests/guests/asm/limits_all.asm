; SPDX-License-Identifier: MIT
; models: pentiumpro pentium3 386
; Operands of every size at the end of an expand-up segment, at the start of an expand-down one and at the top of it; the
; stack instructions at the same places; code that ends with its segment; wrapping at 64 KiB and 4 GiB (SDM 3A 5.3, 5.4).
%include "guest.inc"

SEL_UP      equ SEL_FREE            ; 0-0FFFh
SEL_DOWN    equ SEL_FREE + 0x08     ; 1000h-FFFFFFFFh
SEL_DOWN16  equ SEL_FREE + 0x10     ; 1000h-FFFFh
SEL_DOWN_G  equ SEL_FREE + 0x18     ; page granular, limit 1: 2000h-FFFFFFFFh
SEL_UP16    equ SEL_FREE + 0x20     ; 16-bit stack, 0-FFFFh
SEL_CODE_E  equ SEL_FREE + 0x28     ; code that ends with a RETF
SEL_EMPTY   equ SEL_FREE + 0x30     ; expand down with limit FFFFFFFFh: nothing
SEL_BYTE    equ SEL_FREE + 0x38     ; limit 0: one byte
DATA_AT     equ 0x20000

; SIZE n, instruction: with its operand of n bytes at FS:EBX; fits and does not, by one byte, in every segment
%macro SIZE 2+
    jmp %%over
%%code:
    %2
    ret
%%over:
    mov ebp, %1
    mov dword [tried], %%code
    call sizes
%endmacro

; FITS selector, offset; MISSES selector, offset: of the operand under trial
%macro FITS 2
    mov cx, %1
    lea ebx, [%2]
    mov fs, cx
    call [tried]
%endmacro
%macro MISSES 2
    mov cx, %1
    lea ebx, [%2]
    call misses
%endmacro

; STACK selector, ESP, instruction: must be #SS(0) with ESP unchanged, at level 3
%macro STACK_FAULT 3
    mov dword [stack_esp], %2
    mov word [stack_ss], (%1) | 3
    EXPECT_NEXT 12, 0, %%after
    mov dword [stack_eip], %3
    ENTER_USER user_stack
%%after:
    EQUAL dword [fault_eip], %3
    EQUAL dword [fault_esp], %2
%endmacro
%macro STACK_RUNS 4                 ; and the new ESP
    mov dword [stack_esp], %2
    mov word [stack_ss], (%1) | 3
    EXPECT_NEXT 3, NO_ERROR, %%after
    mov dword [stack_eip], %3
    ENTER_USER user_stack
%%after:
    EQUAL dword [fault_esp], %4
%endmacro

main32:
    mov byte [IDT_BASE + 8 * 3 + 5], 0xEE
    SET_DESCRIPTOR SEL_UP, DATA_AT, 0xFFF, 0x40F3
    SET_DESCRIPTOR SEL_DOWN, DATA_AT, 0xFFF, 0x40F7
    SET_DESCRIPTOR SEL_DOWN16, DATA_AT, 0xFFF, 0x00F7
    SET_DESCRIPTOR SEL_DOWN_G, DATA_AT, 1, 0xC0F7
    SET_DESCRIPTOR SEL_UP16, DATA_AT, 0xFFFF, 0x00F3
    SET_DESCRIPTOR SEL_EMPTY, DATA_AT, 0xFFFFF, 0xC0F7
    SET_DESCRIPTOR SEL_BYTE, DATA_AT, 0, 0x40F3
    fninit

    CHECK 1
    SIZE 1, mov al, [fs:ebx]
    CHECK 2
    SIZE 1, mov [fs:ebx], al
    CHECK 3
    SIZE 2, mov ax, [fs:ebx]
    CHECK 4
    SIZE 2, add [fs:ebx], ax
    CHECK 5
    SIZE 4, mov eax, [fs:ebx]
    CHECK 6
    SIZE 4, mov [fs:ebx], eax
    CHECK 7
    SIZE 4, xchg [fs:ebx], eax
    CHECK 8
    SIZE 6, les eax, [fs:ebx]
    CHECK 9
    SIZE 8, fst qword [fs:ebx]
    CHECK 10
    SIZE 10, {fld tword [fs:ebx]}
    fninit
    CHECK 11
    SIZE 28, fnstenv [fs:ebx]
    CHECK 12
    SIZE 108, fnsave [fs:ebx]
    CHECK 13
    SIZE 6, sidt [fs:ebx]
    CHECK 14                        ; bit instructions reach beyond their operand
    mov edx, 32
    SIZE 8, bt [fs:ebx], edx
    CHECK 15
    mov dword [tried], one_byte
    FITS SEL_BYTE, 0
    MISSES SEL_BYTE, 1
    mov dword [tried], one_word
    MISSES SEL_BYTE, 0

    CHECK 20                        ; the stack of level 3
    STACK_RUNS SEL_UP, 4, user_push, 0
    STACK_FAULT SEL_UP, 0, user_push
    STACK_FAULT SEL_UP, 3, user_push
    STACK_RUNS SEL_UP, 0x1000, user_push, 0xFFC
    STACK_FAULT SEL_UP, 0x1001, user_push
    STACK_RUNS SEL_UP, 0xFFC, user_pop, 0x1000
    STACK_FAULT SEL_UP, 0xFFD, user_pop
    STACK_FAULT SEL_UP, 0x1000, user_pop
    CHECK 21
    STACK_RUNS SEL_DOWN, 0x1004, user_push, 0x1000
    STACK_FAULT SEL_DOWN, 0x1003, user_push
    STACK_RUNS SEL_DOWN, 0, user_push, 0xFFFFFFFC
    STACK_FAULT SEL_DOWN, 0xFFC, user_pop
    STACK_RUNS SEL_DOWN16, 0x10000 - 4, user_pop, 0
    STACK_FAULT SEL_DOWN16, 0x10000 - 3, user_pop
    CHECK 22                        ; PUSHA, POPA, ENTER, CALL, RET
    STACK_RUNS SEL_UP, 32, user_pusha, 0
    STACK_FAULT SEL_UP, 28, user_pusha
    STACK_FAULT SEL_UP, 31, user_pusha
    STACK_RUNS SEL_UP, 0x1000 - 32, user_popa, 0x1000
    STACK_FAULT SEL_UP, 0x1000 - 28, user_popa
    STACK_RUNS SEL_UP, 20, user_enter, 0
    STACK_FAULT SEL_UP, 0, user_enter
    STACK_FAULT SEL_UP, 0, user_call
    STACK_RUNS SEL_UP, 4, user_call, 0
    STACK_FAULT SEL_UP, 0xFFE, user_ret
    STACK_FAULT SEL_UP, 0xFFC, user_retf
    STACK_FAULT SEL_UP, 0xFF8, user_iretd
    CHECK 23                        ; 16-bit stack: SP wraps; an operand across the end is #SS
    STACK_RUNS SEL_UP16, 0x10000, user_push, 0x1FFFC
    STACK_RUNS SEL_UP16, 0x20004, user_push, 0x20000
    STACK_FAULT SEL_UP16, 2, user_push
    STACK_FAULT SEL_UP16, 0xFFFE, user_pop
    STACK_RUNS SEL_UP16, 0x3FFFC, user_pop, 0x30000
    CHECK 24                        ; operands through EBP and ESP are stack operands, unless a prefix says otherwise
    STACK_FAULT SEL_UP, 0x1000, user_mov_esp
    STACK_FAULT SEL_UP, 0x1000, user_mov_ebp
    STACK_RUNS SEL_UP, 0x1000, user_mov_ds_ebp, 0x1000

    CHECK 30                        ; code: the last byte of the segment may be executed
    SET_DESCRIPTOR SEL_CODE_E, ABSOLUTE_OF(code_end), code_end_last - code_end, 0x409B
    call SEL_CODE_E:0
    EQUAL eax, 0x600D
    SET_DESCRIPTOR SEL_CODE_E, ABSOLUTE_OF(code_end), code_end_last - code_end - 1, 0x409B
    EXPECT_NEXT 13, 0, .short
    call SEL_CODE_E:0
.short:
    EQUAL dword [fault_cs], SEL_CODE_E
    EQUAL dword [fault_eip], code_end_last - code_end
    CHECK 31                        ; near transfers beyond the limit fault before they move
    SET_DESCRIPTOR SEL_CODE_E, ABSOLUTE_OF(near_code), near_end - near_code - 1, 0x409B
%macro NEAR_FAULT 1
    EXPECT_NEXT 13, 0, %%after
    mov edi, esp
    mov esi, near_end - near_code
    jmp SEL_CODE_E:(%1) - near_code
%%after:
    EQUAL dword [fault_cs], SEL_CODE_E
    EQUAL dword [fault_eip], (%1) - near_code
    EQUAL edi, esp
%endmacro
    NEAR_FAULT near_jmp
    NEAR_FAULT near_jcc
    NEAR_FAULT near_call
    NEAR_FAULT near_jmp_r
    NEAR_FAULT near_call_r
    NEAR_FAULT near_loop
    EXPECT_NEXT 13, 0, .near_ret
    mov edi, esp
    push dword near_end - near_code
    jmp SEL_CODE_E:near_ret - near_code
.near_ret:
    EQUAL dword [fault_eip], near_ret - near_code
    CHECK 32                        ; 16-bit operand size cuts EIP
    EXPECT_NEXT 3, NO_ERROR, .cut
    mov eax, 0x00010000 | ABSOLUTE_OF(cut_target)
    db 0x66
    jmp eax                         ; JMP AX
.cut:
    EQUAL dword [fault_eip], cut_target + 1
    ret

sizes:
    mov esi, 0x1000
    sub esi, ebp                    ; the last offset that fits
    FITS SEL_UP, esi
    MISSES SEL_UP, esi + 1
    MISSES SEL_UP, 0x1000
    MISSES SEL_UP, 0xFFFFFFFF
    FITS SEL_DOWN, 0x1000
    MISSES SEL_DOWN, 0xFFF
    MISSES SEL_DOWN, 0
    add esi, 0xF000
    FITS SEL_DOWN16, esi
    FITS SEL_DOWN16, 0x1000
    MISSES SEL_DOWN16, esi + 1
    MISSES SEL_DOWN16, 0xFFF
    MISSES SEL_DOWN16, 0x10000
    FITS SEL_DOWN_G, 0x2000
    MISSES SEL_DOWN_G, 0x1FFF
    MISSES SEL_EMPTY, 0x2000
    MISSES SEL_EMPTY, 0xFFFFF000
    ret

; The code at [tried] must be #GP(0) at its first byte
misses:
    EXPECT_NEXT 13, 0, .after
    mov fs, cx
    jmp [tried]
.after:
    mov eax, [fault_eip]
    EQUAL eax, [tried]
    ret

one_byte:
    mov al, [fs:ebx]
    ret
one_word:
    mov ax, [fs:ebx]
    ret

cut_target:
    int3
code_end:
    mov eax, 0x600D
code_end_last:
    retf

near_code:
near_jmp:
    jmp near_end
near_jcc:
    jno near near_end
near_call:
    call near_end
near_jmp_r:
    jmp esi
near_call_r:
    call esi
near_loop:
    loop near_end
near_ret:
    ret
near_end:

user_stack:
    mov edi, [stack_esp]
    mov esi, [stack_eip]
    mov ss, [stack_ss]
    mov esp, edi
    mov ebp, edi
    jmp esi
user_push:
    push eax
    int3
user_pop:
    pop eax
    int3
user_pusha:
    pushad
    int3
user_popa:
    popad
    int3
user_enter:
    enter 16, 0
    int3
user_call:
    call .next
.next:
    int3
user_ret:
    ret
user_retf:
    retf
user_iretd:
    iretd
user_mov_esp:
    mov al, [esp]
user_mov_ebp:
    mov al, [ebp]
user_mov_ds_ebp:
    mov al, [ds:ebp]
    int3

align 4
tried:     dd 0
stack_esp: dd 0
stack_eip: dd 0
stack_ss:  dw 0

GUEST_END
