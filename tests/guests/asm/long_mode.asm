; SPDX-License-Identifier: MIT
; Entering and leaving IA-32e mode: EFER, the consistency checks of CR0.PG and CR4.PAE, 64-bit control registers
; (SDM 3A 9.8.5, 2.2.1).
; models: core2 max
%define BEFORE_LONG
%include "long.inc"

SEL_TSS16   equ SEL_LONG
SEL_L_AND_D equ SEL_LONG + 8

bits 32
before_long:
    call prepare_long
    mov eax, PML4
    mov cr3, eax

    CHECK 1                         ; bits of EFER that do not exist
    mov ecx, MSR_EFER
    xor eax, eax
    mov edx, 1
    EXPECT 13, 0, {wrmsr}
    xor edx, edx
    mov eax, 2
    EXPECT 13, 0, {wrmsr}
    mov eax, EFER_LME | EFER_LMA    ; LMA is the processor's own
    wrmsr
    rdmsr
    EQUAL eax, EFER_LME

    CHECK 2                         ; no paging without PAE
    mov ebx, cr0
    or ebx, CR0_PG
    EXPECT 13, 0, {mov cr0, ebx}
    mov eax, cr4
    or eax, CR4_PAE
    mov cr4, eax

    CHECK 3                         ; not with a 286 TSS
    SET_DESCRIPTOR SEL_TSS16, 0x12000, 0x2B, 0x0081
    mov ax, SEL_TSS16
    ltr ax
    EXPECT 13, 0, {mov cr0, ebx}
    and byte [gdt + SEL_TSS + 5], ~2
    mov ax, SEL_TSS
    ltr ax

    CHECK 4                         ; not with L in CS
    SET_DESCRIPTOR SEL_L_AND_D, 0, 0xFFFFF, 0xE09B
    jmp SEL_L_AND_D:.l_is_set
.l_is_set:
    EXPECT 13, 0, {mov cr0, ebx}
    ret

bits 64
main64:
    CHECK 5
    MSR_IS MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE

    CHECK 6                         ; LME cannot change while paging is on
    mov eax, EFER_NXE
    xor edx, edx
    EXPECT 13, 0, {wrmsr}
    SET_MSR MSR_EFER, EFER_LME | EFER_NXE
    MSR_IS MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE

    CHECK 7                         ; nor PAE, nor PG from 64-bit code
    mov rax, cr4
    and eax, ~CR4_PAE
    EXPECT 13, 0, {mov cr4, rax}
    mov rax, cr0
    and eax, ~CR0_PG
    EXPECT 13, 0, {mov cr0, rax}

    CHECK 8                         ; upper halves of CR0, CR4, DR6 and DR7 are reserved
    mov rbx, 1 << 32
    mov rax, cr0
    or rax, rbx
    EXPECT 13, 0, {mov cr0, rax}
    mov rax, cr4
    or rax, rbx
    EXPECT 13, 0, {mov cr4, rax}
    EXPECT 13, 0, {mov dr6, rbx}
    EXPECT 13, 0, {mov dr7, rbx}
    mov dr0, rbx                    ; addresses have 64 bits
    mov rax, dr0
    EQUAL rax, rbx
    mov cr2, rbx
    mov rax, cr2
    EQUAL rax, rbx

    CHECK 9                         ; CR8 has four bits
    mov rax, cr8
    EQUAL rax, 0
    mov eax, 9
    mov cr8, rax
    mov rax, cr8
    EQUAL rax, 9
    mov eax, 16
    EXPECT 13, 0, {mov cr8, rax}
    xor eax, eax
    mov cr8, rax
    EXPECT 6, NO_ERROR, {db 0x44, 0x0F, 0x20, 0xC8} ; MOV RAX, CR9

    CHECK 10                        ; 32-bit results clear the upper halves, 16-bit ones do not
    mov rax, -1
    mov ecx, eax
    mov rdx, 0xFFFFFFFF
    EQUAL rcx, rdx
    mov ax, 0x1234
    shr rax, 32
    EQUAL eax, -1

    CHECK 11                        ; no hardware tasks
    EXPECT 13, SEL_TSS, {jmp dword far [abs .tss_pointer]}
    EXPECT 13, SEL_TSS64, {call dword far [abs .tss64_pointer]}
    jmp .leave
.tss_pointer:
    dd 0
    dw SEL_TSS
.tss64_pointer:
    dd 0
    dw SEL_TSS64

.leave:
    CHECK 12                        ; out and in again
    COMPATIBILITY .legacy
bits 32
.legacy:
    mov eax, cr0
    and eax, ~CR0_PG
    mov cr0, eax
    mov ecx, MSR_EFER
    rdmsr
    EQUAL eax, EFER_LME | EFER_NXE
    mov eax, 0x3FF000               ; physical now
    mov dword [eax], 0x12345678
    call enter_long
    rdmsr
    EQUAL eax, EFER_LME | EFER_LMA | EFER_NXE
    jmp SEL_CODE64:.again
bits 64
.again:
    EQUAL dword [0x3FF000], 0x12345678

    CHECK 13                        ; without 1 GiB pages their bit is reserved
    mov eax, 0x80000001
    cpuid
    test edx, 1 << 26
    jnz .has_1g_pages
    mov qword [PROBE_PDPTE], P_P | P_W | P_PS
    invlpg [PROBE]
    EXPECT 14, 9, {mov al, [PROBE]}
.has_1g_pages:
    ret

GUEST_END
