; SPDX-License-Identifier: MIT
; Addresses that are not canonical: #SS through the stack, #GP everywhere else, at the instruction that would go there
; (SDM 1 3.3.7.1; SDM 2, 64-bit mode exceptions).
; models: core2 max
%include "long.inc"

NOT_CANONICAL equ 0x0000800000000000
LAST_PAGE     equ 0x00007FFFFFFFF000
PDPT_TOP      equ 0x105000          ; maps the last 2 MiB of the lower half onto the first of memory
PD_TOP        equ 0x106000

main64:
    mov r15, rsp
    mov qword [PML4 + 255 * 8], PDPT_TOP | P_P | P_W | P_U
    mov qword [PDPT_TOP + 511 * 8], PD_TOP | P_P | P_W | P_U
    mov qword [PD_TOP + 511 * 8], P_P | P_W | P_U | P_PS
    mov rbx, NOT_CANONICAL
    mov rdi, rbx

    CHECK 1                         ; data
    EXPECT 13, 0, {mov al, [rbx]}
    EXPECT 13, 0, {mov [rbx], al}
    EXPECT 13, 0, {inc byte [rbx]}
    mov rax, 0xFFFF7FFFFFFFFFFF
    EXPECT 13, 0, {mov al, [rax]}
    EXPECT 13, 0, {stosb}
    EXPECT 13, 0, {fld qword [rbx]}
    EXPECT 13, 0, {mov al, [abs qword NOT_CANONICAL]}
    EXPECT 13, 0, {lgdt [rbx]}
    EXPECT 13, 0, {lock cmpxchg16b [rbx]}
    EXPECT 13, 0, {mov al, [rbx + rcx * 8]}

    CHECK 2                         ; the stack segment: RSP, RBP and what defaults to it
    mov rbp, rbx
    EXPECT 12, 0, {mov al, [rbp]}
    xor eax, eax
    EXPECT 12, 0, {mov al, [rbp + rax]}
    EXPECT 13, 0, {db 0x8A, 0x04, 0x28} ; MOV AL, [RAX + RBP]: RAX is the base
    EXPECT 12, 0, {db 0x3E, 0x8A, 0x45, 0x00} ; MOV AL, DS:[RBP]: no override here
    GATE64 12, stubs64 + 12 * 16, 0x8E, 1
    lea rsp, [rbx + 64]
    mov dword [expected_vector], 12
    mov dword [expected_error], 0
    mov [resume_rsp], r15
    mov qword [resume_rip], .pushed
    push rax
.pushed:
    lea rax, [rbx + 64]
    EQUAL [fault_rsp], rax
    mov dword [expected_vector], 12
    mov qword [resume_rip], .popped
    mov rsp, rbx
    pop rax
.popped:
    EQUAL [fault_rsp], rbx

    CHECK 3                         ; an operand that begins below the hole and ends in it
    EXPECT 13, 0, {mov eax, [rbx - 2]}
    mov eax, [rbx - 4]
    EXPECT 13, 0, {mov [rbx - 7], rax}
    EXPECT 12, 0, {mov eax, [rbp - 2]}

    CHECK 4                         ; near transfers fault where they are
    EXPECT 13, 0, {jmp rbx}
    EXPECT 13, 0, {call rbx}
    EQUAL rsp, r15                  ; nothing was pushed
    push rbx
    EXPECT 13, 0, {ret}
    lea rax, [rsp]
    add rax, 8
    EQUAL rax, r15
    EXPECT 13, 0, {jmp [rsp]}
    EXPECT 13, 0, {ret 8}
    add rsp, 8

    CHECK 5                         ; a relative jump across the edge, and falling over it
    mov rax, LAST_PAGE
    mov word [0x1FF000 + 0xFE0], 0x7EEB ; JMP +7Eh
    EXPECT_NEXT 13, 0, .jumped
    add rax, 0xFE0
    jmp rax
.jumped:
    EQUAL [fault_rip], rax
    mov byte [0x1FF000 + 0xFFF], 0x90
    EXPECT_NEXT 13, 0, .fell
    lea rax, [rbx - 1]
    jmp rax
.fell:
    EQUAL [fault_rip], rbx
    mov byte [0x1FF000 + 0xFFF], 0xB8 ; an immediate that goes on beyond
    EXPECT_NEXT 13, 0, .cut
    jmp rax
.cut:
    EQUAL [fault_rip], rax

    CHECK 6                         ; far transfers
    push SEL_CODE64
    push rbx
    EXPECT 13, 0, {o64 retf}
    add rsp, 16
    sub rsp, 16
    mov [rsp], rbx
    mov word [rsp + 8], SEL_CODE64
    EXPECT 13, 0, {jmp qword far [rsp]}
    EXPECT 13, 0, {call qword far [rsp]}
    add rsp, 16
    EQUAL rsp, r15

    CHECK 7                         ; INVLPG of such an address does nothing; LEA does not care
    invlpg [rbx]
    lea rax, [rbx]
    EQUAL rax, rbx
    prefetcht0 [rbx]

    CHECK 8                         ; RIP-relative: with 32-bit addresses, and at the ends of the displacement
    mov eax, [rel .value]
    EQUAL eax, 0x13579BDF
    mov eax, [a32 rel .value]
    EQUAL eax, 0x13579BDF
    cmp dword [rel .value], 0x13579BDF
    MUST e
    EXPECT_NEXT 14, 0, .far_displacement
    mov eax, [rel $ + 0x7FFFFFFF + 6]
.far_displacement:
    lea rax, [rel $ + 7 + 0x7FFFFFFF]
.after_lea:
    mov rdx, .after_lea + 0x7FFFFFFF
    EQUAL rax, rdx
    jmp .done
.value: dd 0x13579BDF
.done:
    ret

GUEST_END
