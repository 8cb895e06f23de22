; SPDX-License-Identifier: MIT
; FS and GS bases, SWAPGS, RDTSCP, segment loads in 64-bit mode (SDM 3A 3.4.4; SDM 2B SWAPGS, RDTSCP).
; models: x86-64-v2 max
%include "long.inc"

MSR_FS_BASE        equ 0xC0000100
MSR_GS_BASE        equ 0xC0000101
MSR_KERNEL_GS_BASE equ 0xC0000102
MSR_TSC_AUX        equ 0xC0000103
SEL_BASED          equ SEL_LONG
NOT_CANONICAL      equ 0x0000800000000000
HIGH               equ 0xFFFF800000000000

main64:
    GATE64 3, stubs64 + 3 * 16, 0xEE, 0
    mov dword [FRAME_A], 0x11111111
    mov dword [FRAME_A + 0x100], 0x22222222
    mov rax, PDPT_LOW | P_P | P_W | P_U
    mov [PML4 + 256 * 8], rax       ; the first GiB once more at the bottom of the upper half

    CHECK 1                         ; bases have 64 bits and must be canonical
    mov ecx, MSR_FS_BASE
    xor eax, eax
    mov edx, NOT_CANONICAL >> 32
    EXPECT 13, 0, {wrmsr}
    mov ecx, MSR_GS_BASE
    EXPECT 13, 0, {wrmsr}
    mov ecx, MSR_KERNEL_GS_BASE
    EXPECT 13, 0, {wrmsr}
    SET_MSR MSR_FS_BASE, HIGH + FRAME_A
    SET_MSR MSR_GS_BASE, FRAME_A + 0x80
    EQUAL dword [fs:0], 0x11111111
    EQUAL dword [gs:0x80], 0x22222222
    EQUAL dword [fs:0x100], 0x22222222
    MSR_IS MSR_FS_BASE, HIGH + FRAME_A

    CHECK 2                         ; base + offset wraps at 64 bits; the address size cuts the offset only
    mov rbx, -0x80
    EQUAL dword [gs:rbx], 0x11111111
    mov rbx, 0x1234567800000100
    EQUAL dword [fs:ebx], 0x22222222

    CHECK 3                         ; other overrides do nothing
    mov ebx, FRAME_A
    db 0x2E
    EQUAL dword [rbx], 0x11111111
    xor ebx, ebx
    db 0x36
    EQUAL dword [fs:rbx], 0x11111111

    CHECK 4                         ; a load replaces the base by the descriptor's, a null one by zero
    SET_DESCRIPTOR SEL_BASED, FRAME_A + 0x100, 0, 0x4093
    mov ax, SEL_BASED
    mov fs, ax
    EQUAL dword [fs:0], 0x22222222  ; beyond the limit, which counts for nothing
    MSR_IS MSR_FS_BASE, FRAME_A + 0x100
    mov ax, SEL_BASED
    mov ds, ax
    EQUAL dword [abs FRAME_A], 0x11111111
    xor eax, eax
    mov fs, ax
    mov ds, ax
    mov es, ax
    EQUAL dword [fs:FRAME_A], 0x11111111
    EQUAL dword [FRAME_A], 0x11111111
    MSR_IS MSR_FS_BASE, 0

    CHECK 5                         ; SS may be null with RPL = CPL below level 3
    mov ss, ax
    push rax
    pop rax
    mov ax, 1
    EXPECT 13, 0, {mov ss, ax}
    mov ax, SEL_DATA0
    mov ss, ax

    CHECK 6                         ; SWAPGS
    SET_MSR MSR_KERNEL_GS_BASE, FRAME_A
    swapgs
    EQUAL dword [gs:0], 0x11111111
    MSR_IS MSR_KERNEL_GS_BASE, FRAME_A + 0x80
    MSR_IS MSR_GS_BASE, FRAME_A
    swapgs
    EQUAL dword [gs:0x80], 0x22222222
    EXPECT_NEXT 13, 0, .swapgs_at_3
    ENTER_USER user_swapgs
.swapgs_at_3:

    CHECK 7                         ; a base under a null selector survives IRETQ to level 3
    SET_MSR MSR_FS_BASE, FRAME_A
    EXPECT_NEXT 3, NO_ERROR, .from_user
    ENTER_USER user_read_fs
.from_user:
    EQUAL eax, 0x11111111

    CHECK 8                         ; RDTSCP
    mov ecx, MSR_TSC_AUX
    xor eax, eax
    mov edx, 1
    EXPECT 13, 0, {wrmsr}
    SET_MSR MSR_TSC_AUX, 0x87654321
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov rbx, rax
    rdtscp
    shl rdx, 32
    or rax, rdx
    mov rdx, 0x87654321
    EQUAL rcx, rdx
    cmp rax, rbx
    MUST ae
    mov rax, cr4
    or eax, 1 << 2                  ; TSD
    mov cr4, rax
    EXPECT_NEXT 13, 0, .tsd
    ENTER_USER user_rdtscp
.tsd:
    mov rax, cr4
    and eax, ~(1 << 2)
    mov cr4, rax

    CHECK 9                         ; 64-bit LGDT, SGDT, LIDT
    sub rsp, 32
    sgdt [rsp]
    mov ax, [rsp]
    EQUAL ax, GDT_SIZE - 1
    mov rax, [rsp + 2]
    EQUAL rax, gdt
    mov rax, NOT_CANONICAL
    mov word [rsp], GDT_SIZE - 1
    mov [rsp + 2], rax
    EXPECT 13, 0, {lgdt [rsp]}
    EXPECT 13, 0, {lidt [rsp]}
    mov rax, HIGH
    lea rax, [rax + gdt]
    mov [rsp + 2], rax
    db 0x66                         ; no 24-bit bases here
    lgdt [rsp]
    sgdt [rsp + 16]
    EQUAL [rsp + 18], rax
    mov ax, SEL_BASED
    mov fs, ax
    EQUAL dword [fs:0], 0x22222222
    add rsp, 32
    ret

user_swapgs:
    swapgs
user_read_fs:
    mov eax, [fs:0]
    int3
user_rdtscp:
    rdtscp

GUEST_END
