; SPDX-License-Identifier: MIT
; models: pentiumpro 486 pentium3 max
; Alignment checks, type by type (SDM 3A 6.15 #AC, table 6-7): each access at its own alignment runs, one step off it is
; #AC(0); below level 3, without EFLAGS.AC or without CR0.AM nothing is checked.
%include "guest.inc"

AREA    equ 0x20000                 ; a multiple of 64

; ALIGNS n, instruction: with its operand at EBX. Multiples of n are aligned, n/2 off is not
%macro ALIGNS 2+
    jmp %%over
%%code:
    %2
    int3
%%over:
    mov dword [user_code], %%code
    mov dword [user_ebx], AREA + 0x100 + (%1)
    EXPECT_NEXT 3, NO_ERROR, %%aligned
    ENTER_USER user_entry
%%aligned:
    mov dword [user_ebx], AREA + 0x100 + (%1) / 2
    EXPECT_NEXT 17, 0, %%unaligned
    ENTER_USER user_entry
%%unaligned:
    EQUAL dword [fault_eip], %%code
%endmacro

; ANYWHERE instruction: never #AC
%macro ANYWHERE 1+
    jmp %%over
%%code:
    %1
    int3
%%over:
    mov dword [user_code], %%code
    mov dword [user_ebx], AREA + 0x101
    EXPECT_NEXT 3, NO_ERROR, %%done
    ENTER_USER user_entry
%%done:
%endmacro

main32:
    mov byte [IDT_BASE + 8 * 3 + 5], 0xEE
    fninit
    mov eax, 1
    cpuid
    mov [features], edx
    mov eax, cr0
    or eax, 1 << 18
    mov cr0, eax

    CHECK 1
    ALIGNS 2, mov ax, [ebx]
    CHECK 2
    ALIGNS 2, mov [ebx], ax
    CHECK 3
    ALIGNS 4, mov eax, [ebx]
    CHECK 4
    ALIGNS 4, add [ebx], eax
    CHECK 5
    ALIGNS 4, xchg [ebx], eax
    CHECK 6
    ALIGNS 4, lock inc dword [ebx]
    CHECK 7
    ANYWHERE mov al, [ebx]
    CHECK 8                         ; far pointers: 32 bits at 2, 48 bits at 4
    mov dword [AREA + 0x102], 0
    mov dword [AREA + 0x104], 0
    mov dword [AREA + 0x108], 0
    ALIGNS 2, o16 lfs ax, [ebx]
    CHECK 9
    ALIGNS 4, lfs eax, [ebx]
    CHECK 10                        ; BOUND: by its operand size
    mov dword [AREA + 0x100], 0x80000000
    mov dword [AREA + 0x104], 0x80000000
    mov dword [AREA + 0x108], 0x7FFFFFFF
    ALIGNS 4, bound eax, [ebx]
    CHECK 11                        ; bit strings
    ALIGNS 4, bts [ebx], ecx
    CHECK 12
    ALIGNS 2, bts [ebx], cx
    CHECK 13                        ; table registers
    ALIGNS 4, sidt [ebx]
    CHECK 14
    ALIGNS 2, smsw [ebx]
    CHECK 20                        ; x87
    ALIGNS 2, fild word [ebx]
    CHECK 21
    ALIGNS 4, fild dword [ebx]
    CHECK 22
    ALIGNS 4, fld dword [ebx]
    CHECK 23
    ALIGNS 8, fld qword [ebx]
    CHECK 24
    ALIGNS 8, fild qword [ebx]
    CHECK 25
    ALIGNS 8, fld tword [ebx]
    CHECK 26
    fninit
    ALIGNS 4, fnstenv [ebx]
    CHECK 27
    ALIGNS 4, fnsave [ebx]
    CHECK 28
    ALIGNS 2, o16 fnsave [ebx]
    CHECK 29
    ALIGNS 4, frstor [ebx]
    fninit
    CHECK 30                        ; strings, each side
    ALIGNS 4, lodsd
    CHECK 31
    ALIGNS 4, stosd
    CHECK 32
    ALIGNS 4, cmpsd
    CHECK 33
    bt dword [features], 8
    jnc .no_cx8
    ALIGNS 8, cmpxchg8b [ebx]
.no_cx8:
    CHECK 34
    bt dword [features], 23
    jnc .no_mmx
    ALIGNS 8, movq mm0, [ebx]
    CHECK 35
    ALIGNS 4, movd mm0, [ebx]
.no_mmx:
    CHECK 36                        ; the stack
    mov dword [user_code], user_push
    mov dword [user_ebx], AREA + 0x102
    EXPECT_NEXT 17, 0, .pushed
    ENTER_USER user_entry
.pushed:
    EQUAL dword [fault_eip], user_push.at
    CHECK 40                        ; each of the three conditions is needed
    mov ebx, AREA + 1
    pushfd
    or dword [esp], EFLAGS_AC
    popfd
    mov eax, [ebx]                  ; level 0
    mov eax, [AREA + 0x8001]        ; and the first touch of a page
    mov [AREA + 0x9001], eax
    pushfd
    and dword [esp], ~EFLAGS_AC
    popfd
    mov dword [user_ebx], AREA + 1
    mov dword [user_code], user_read
    mov eax, cr0
    and eax, ~(1 << 18)
    mov cr0, eax
    EXPECT_NEXT 3, NO_ERROR, .no_am
    ENTER_USER user_entry
.no_am:
    mov eax, cr0
    or eax, 1 << 18
    mov cr0, eax
    EXPECT_NEXT 17, 0, .with_am
    ENTER_USER user_entry
.with_am:
    CHECK 41                        ; an operand beyond the limit is #GP whatever its alignment
    SET_DESCRIPTOR SEL_FREE, AREA, 0xFFF, 0x40F3
    mov dword [user_code], user_limit
    EXPECT_NEXT 13, 0, .limit
    ENTER_USER user_entry
.limit:
    CHECK 42                        ; the handler sees AC as it was, and clears nothing
    mov dword [user_code], user_read
    EXPECT_NEXT 17, 0, .image
    ENTER_USER user_entry
.image:
    test dword [fault_eflags], EFLAGS_AC
    MUST nz
    pushfd
    pop eax
    test eax, EFLAGS_AC
    MUST nz
    push dword 2
    popfd
    mov eax, cr0
    and eax, ~(1 << 18)
    mov cr0, eax
    ret

user_read:
    mov eax, [ebx]
    int3
user_push:
    mov esp, ebx
.at:
    push eax
user_limit:
    mov cx, SEL_FREE | 3
    mov fs, cx
    mov eax, [fs:0xFFD]

user_entry:
    mov ebx, [user_ebx]
    mov esi, ebx
    mov edi, ebx
    xor ecx, ecx
    pushfd
    or dword [esp], EFLAGS_AC
    popfd
    jmp [user_code]

align 4
user_code: dd 0
user_ebx:  dd 0
features:  dd 0

GUEST_END
