; SPDX-License-Identifier: MIT
; models: pentium pentiumpro pentium2 pentium4 core2 max
; Model-specific registers: which values WRMSR refuses, what sticks, the privilege rules (SDM 2B WRMSR; 3A 11.11, 11.12;
; 3B 15.3, 17.4, 17.17, 18.6; 4).
%include "guest.inc"

; READ index -> EDX:EAX; WRITE index, high, low; REFUSED: the same must be #GP(0); KEEPS: it must read back
%macro READ 1
    mov ecx, %1
    rdmsr
%endmacro
%macro WRITE 3
    mov ecx, %1
    mov edx, %2
    mov eax, %3
    wrmsr
%endmacro
%macro REFUSED 3
    mov ecx, %1
    mov edx, %2
    mov eax, %3
    EXPECT 13, 0, wrmsr
%endmacro
%macro KEEPS 3
    WRITE %1, %2, %3
    xor eax, eax
    xor edx, edx
    rdmsr
    EQUAL eax, %3
    EQUAL edx, %2
%endmacro
%macro ABSENT 1
    mov ecx, %1
    xor eax, eax
    xor edx, edx
    EXPECT 13, 0, rdmsr
    EXPECT 13, 0, wrmsr
%endmacro

main32:
    mov byte [IDT_BASE + 8 * 3 + 5], 0xEE
    CHECK 1                         ; indices that nobody has, and level 3
    ABSENT 0x3FFF
    ABSENT 0xDEADBEEF
    EXPECT_NEXT 13, 0, .user_read
    ENTER_USER user_rdmsr
.user_read:
    EXPECT_NEXT 13, 0, .user_write
    ENTER_USER user_wrmsr
.user_write:

    CHECK 2                         ; the time-stamp counter: before long mode only its low half can be set
    WRITE 0x10, 0x1234, 0x1000
    rdtsc
    mov esi, edx
    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb .narrow
    mov eax, 0x80000001
    cpuid
    bt edx, 29
    jnc .narrow
    EQUAL esi, 0x1234
    jmp .tsc_done
.narrow:
    EQUAL esi, 0
.tsc_done:

    mov eax, 1
    cpuid
    mov [features], edx
    bt edx, 12
    jnc no_mtrr
    CHECK 10                        ; variable ranges
    KEEPS 0x200, 0, 0x80000000
    KEEPS 0x200, 0, 0x00100006
    KEEPS 0x20E, 0xF, 0xFFFFF005
    REFUSED 0x200, 0, 2
    REFUSED 0x200, 0, 3
    REFUSED 0x200, 0, 7
    REFUSED 0x200, 0, 8
    REFUSED 0x200, 0, 0x100
    REFUSED 0x200, 0, 0x800
    REFUSED 0x200, 0x80000000, 0
    KEEPS 0x201, 0xF, 0xFFF00800
    KEEPS 0x20F, 0, 0
    REFUSED 0x201, 0, 1
    REFUSED 0x201, 0, 0x400
    REFUSED 0x201, 0x80000000, 0x800
    READ 0x201                      ; a refused write changes nothing
    EQUAL eax, 0xFFF00800
    EQUAL edx, 0xF
    CHECK 11                        ; fixed ranges: eight types
    KEEPS 0x250, 0x06050401, 0x00060504
    KEEPS 0x258, 0, 0x01010101
    KEEPS 0x259, 0x06060606, 0x06060606
    KEEPS 0x268, 0x05050505, 0
    KEEPS 0x26F, 0, 0x04040404
    REFUSED 0x250, 0, 2
    REFUSED 0x250, 0x02000000, 0
    REFUSED 0x26F, 0, 0x00070000
    REFUSED 0x268, 0, 0x80000000
    CHECK 12                        ; default type
    KEEPS 0x2FF, 0, 0xC06
    KEEPS 0x2FF, 0, 0
    REFUSED 0x2FF, 0, 2
    REFUSED 0x2FF, 0, 0x100
    REFUSED 0x2FF, 0, 0x1000
    REFUSED 0x2FF, 1, 0
    CHECK 13                        ; capabilities: eight variable ranges, fixed ones, write-combining; read only
    READ 0xFE
    EQUAL eax, 0x508
    EQUAL edx, 0
    REFUSED 0xFE, 0, 0x508
    CHECK 14                        ; machine check
    REFUSED 0x179, 0, 0
    KEEPS 0x17A, 0, 4
    KEEPS 0x17A, 0, 0
    REFUSED 0x17A, 0, 8
    WRITE 0x401, 0, 0
    REFUSED 0x401, 0, 1
    REFUSED 0x402, 1, 0
    CHECK 15                        ; debug control
    KEEPS 0x1D9, 0, 0x43
    KEEPS 0x1D9, 0, 0
    REFUSED 0x1D9, 0, 0x80000000
    REFUSED 0x1D9, 1, 0
    CHECK 16                        ; counters: 40 bits, of which the low 32 are written, with their sign
    WRITE 0xC1, 0, 0x7FFFFFFF
    READ 0xC1
    EQUAL eax, 0x7FFFFFFF
    EQUAL edx, 0
    WRITE 0xC2, 0x12, 0x80000001
    READ 0xC2
    EQUAL eax, 0x80000001
    EQUAL edx, 0xFF
    mov ecx, 1
    rdpmc
    EQUAL eax, 0x80000001
    EQUAL edx, 0xFF
    mov ecx, 2
    EXPECT 13, 0, rdpmc
    xor ecx, ecx
    EXPECT_NEXT 13, 0, .user_pmc
    ENTER_USER user_rdpmc
.user_pmc:
    mov eax, cr4
    or eax, 0x100                   ; PCE
    mov cr4, eax
    EXPECT_NEXT 3, NO_ERROR, .user_pmc_done
    ENTER_USER user_rdpmc
.user_pmc_done:
    CHECK 17                        ; SYSENTER
    KEEPS 0x174, 0, 8
    KEEPS 0x175, 0, 0x12345678
    KEEPS 0x176, 0, 0x87654321
    KEEPS 0x174, 0, 0
    jmp pat
no_mtrr:
    CHECK 20                        ; not before the P6
    ABSENT 0xFE
    ABSENT 0x200
    ABSENT 0x2FF
    ABSENT 0x174
pat:
    bt dword [features], 16
    jnc .none
    CHECK 30
    READ 0x277                      ; as after reset
    EQUAL eax, 0x00070406
    EQUAL edx, 0x00070406
    KEEPS 0x277, 0x07060504, 0x01000706
    REFUSED 0x277, 0, 2
    REFUSED 0x277, 0x03000000, 0
    REFUSED 0x277, 0, 0x00080000
    ret
.none:
    CHECK 31
    ABSENT 0x277
    ret

user_rdmsr:
    mov ecx, 0x10
    rdmsr
user_wrmsr:
    mov ecx, 0x10
    wrmsr
user_rdpmc:
    xor ecx, ecx
    rdpmc
    int3

align 4
features: dd 0

GUEST_END
