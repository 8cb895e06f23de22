; SPDX-License-Identifier: MIT
; Virtual-8086 mode: IOPL-sensitive instructions, VME, I/O permission, interrupts out and IRET back (SDM 3A 20).
;
; Every piece of V86 code ends with an instruction that faults or with INT3, which no IOPL stops.
%include "guest.inc"

V86_SEG     equ 0x1000              ; V86 code and data are copied to 10000h
V86_STACK   equ 0x0800              ; SP in the same segment
DONE        equ 3
MONITOR_INT equ 0x60
IOPL_3      equ 3 << 12

; V86_RUN label, extra EFLAGS, vector, error: runs V86 code until that fault
%macro V86_RUN 4
    EXPECT_NEXT %3, %4, %%after
    push dword 0x4444               ; GS
    push dword 0x3333               ; FS
    push dword V86_SEG              ; DS
    push dword 0x2222               ; ES
    push dword V86_SEG              ; SS
    push dword V86_STACK
    push dword EFLAGS_VM | 2 | (%2)
    push dword V86_SEG
    push dword (%1) - v86_code
    iretd
%%after:
    test dword [fault_eflags], EFLAGS_VM
    MUST nz
    EQUAL word [fault_cs], V86_SEG
    EQUAL word [fault_ss], V86_SEG
%endmacro

; The last fault was at `label`
%macro AT 1
    EQUAL dword [fault_eip], (%1) - v86_code
%endmacro

; A word that the V86 code left in its segment
%macro V86_WORD 2
    EQUAL word [(V86_SEG << 4) + (%1) - v86_code], %2
%endmacro

%macro CR4_IS 1
    mov eax, %1
    mov cr4, eax
%endmacro

main32:
    mov esi, v86_code
    mov edi, V86_SEG << 4
    mov ecx, v86_end - v86_code
    rep movsb
    SET_GATE IDT_BASE + 8 * MONITOR_INT, SEL_CODE0, stubs + 8 * MONITOR_INT, 0xEE, 0
    SET_GATE IDT_BASE + 8 * DONE, SEL_CODE0, stubs + 8 * DONE, 0xEE, 0

    ; Out through an interrupt gate, with segments and flags as they were.
    CHECK 1
    V86_RUN v86_segments, EFLAGS_CF, 13, 0
    AT v86_segments_end
    V86_WORD seen_es, 0x2222
    V86_WORD seen_fs, 0x3333
    V86_WORD seen_gs, 0x4444
    EQUAL dword [fault_esp], V86_STACK
    mov eax, [fault_eflags]
    and eax, ~EFLAGS_RF
    EQUAL eax, EFLAGS_VM | 2 | EFLAGS_CF

    ; IOPL 0 without VME: #GP(0) on the instruction.
    CHECK 2
%macro SENSITIVE 1
    V86_RUN %1, 0, 13, 0
    AT %1
    EQUAL dword [fault_esp], V86_STACK
%endmacro
    SENSITIVE v86_cli
    SENSITIVE v86_sti
    SENSITIVE v86_pushf
    SENSITIVE v86_popf
    SENSITIVE v86_iret
    SENSITIVE v86_int
    SENSITIVE v86_hlt
    SENSITIVE v86_mov_cr0
    SENSITIVE v86_lgdt
    SENSITIVE v86_in                ; the map forbids every port
    CHECK 3                         ; not in V86 mode at all
    V86_RUN v86_lar, 0, 6, NO_ERROR
    AT v86_lar
    V86_RUN v86_str, 0, 6, NO_ERROR
    AT v86_str
    V86_RUN v86_arpl, 0, 6, NO_ERROR
    AT v86_arpl

    ; IOPL 3: the real flags.
    CHECK 4
    V86_RUN v86_flags, IOPL_3, DONE, NO_ERROR
    V86_WORD seen_a, 0x3202         ; after STI
    V86_WORD seen_b, 0x3002         ; after CLI
    V86_WORD seen_c, 0x7ED7 & ~0x0100 ; after POPF of all ones but TF and IOPL
    V86_WORD seen_d, 0x5678         ; IRET took CS:IP
    CHECK 5                         ; INT3 does not ask the IOPL, but the gate's DPL
    mov byte [IDT_BASE + 8 * DONE + 5], 0x8E
    V86_RUN v86_done, 0, 13, 3 * 8 + 2
    AT v86_done
    mov byte [IDT_BASE + 8 * DONE + 5], 0xEE
    V86_RUN v86_done, 0, DONE, NO_ERROR
    AT v86_done + 1
    CHECK 6                         ; offsets beyond FFFFh
    V86_RUN v86_limit, IOPL_3, 13, 0
    AT v86_limit_end
    CHECK 7
    V86_RUN v86_stack_limit, IOPL_3, 12, 0
    AT v86_stack_limit_end

    ; I/O map: one port open.
    CHECK 8
    and byte [tss_io_map + 0x80 / 8], ~1
    V86_RUN v86_in80, 0, DONE, NO_ERROR
    V86_RUN v86_in80_word, 0, 13, 0
    AT v86_in80_word
    V86_RUN v86_in80_word, IOPL_3, 13, 0 ; IOPL does not help
    AT v86_in80_word

    ; VME.
    CHECK 10
    CR4_IS 1
    V86_RUN v86_cli, EFLAGS_IF | EFLAGS_VIF, DONE, NO_ERROR
    mov eax, [fault_eflags]
    and eax, EFLAGS_IF | EFLAGS_VIF
    EQUAL eax, EFLAGS_IF
    V86_RUN v86_sti, 0, DONE, NO_ERROR
    mov eax, [fault_eflags]
    and eax, EFLAGS_IF | EFLAGS_VIF
    EQUAL eax, EFLAGS_VIF
    CHECK 11
    V86_RUN v86_sti, EFLAGS_VIP, 13, 0
    AT v86_sti
    CHECK 12
    V86_RUN v86_pushf, EFLAGS_VIF | EFLAGS_CF, DONE, NO_ERROR
    EQUAL word [(V86_SEG << 4) + V86_STACK - 2], 0x3203
    V86_RUN v86_pushf, EFLAGS_IF, DONE, NO_ERROR
    EQUAL word [(V86_SEG << 4) + V86_STACK - 2], 0x3002
    CHECK 13
    mov word [(V86_SEG << 4) + V86_STACK], 0x0203
    V86_RUN v86_popf, 0, DONE, NO_ERROR
    mov eax, [fault_eflags]
    and eax, ~EFLAGS_RF
    EQUAL eax, EFLAGS_VM | EFLAGS_VIF | 3
    V86_RUN v86_popf, EFLAGS_VIP, 13, 0
    mov word [(V86_SEG << 4) + V86_STACK], 0x0103
    V86_RUN v86_popf, 0, 13, 0
    CHECK 14                        ; 32-bit forms stay privileged
    SENSITIVE v86_pushfd
    SENSITIVE v86_popfd
    SENSITIVE v86_iretd
    CHECK 15                        ; IRET
    mov word [(V86_SEG << 4) + V86_STACK], v86_done - v86_code
    mov word [(V86_SEG << 4) + V86_STACK + 2], V86_SEG
    mov word [(V86_SEG << 4) + V86_STACK + 4], 0x0201
    V86_RUN v86_iret, 0, DONE, NO_ERROR
    mov eax, [fault_eflags]
    and eax, ~EFLAGS_RF
    EQUAL eax, EFLAGS_VM | EFLAGS_VIF | 3
    EQUAL dword [fault_esp], V86_STACK + 6

    ; Redirection: INT 21h through the table at 0, flags pushed with VIF as IF and IOPL 3.
    CHECK 16
    mov dword [0x21 * 4], (V86_SEG << 16) | (v86_handler - v86_code)
    and byte [tss_redirection + 0x21 / 8], ~(1 << (0x21 & 7))
    V86_RUN v86_int, EFLAGS_VIF | EFLAGS_IF, DONE, NO_ERROR
    V86_WORD seen_a, 0x3202
    V86_WORD seen_b, v86_int + 2 - v86_code
    mov eax, [fault_eflags]
    and eax, ~EFLAGS_RF
    EQUAL eax, EFLAGS_VM | EFLAGS_IF | 2
    CHECK 17
    or byte [tss_redirection + 0x21 / 8], 1 << (0x21 & 7)
    SENSITIVE v86_int
    or byte [tss_redirection + MONITOR_INT / 8], 1 << (MONITOR_INT & 7)
    V86_RUN v86_monitor, IOPL_3, MONITOR_INT, NO_ERROR
    CR4_IS 0

    ; PVI: the same two instructions at level 3.
    CHECK 20
    CR4_IS 2
    EXPECT_NEXT DONE, NO_ERROR, .pvi
    ENTER_USER user_sti
.pvi:
    mov eax, [fault_eflags]
    and eax, EFLAGS_IF | EFLAGS_VIF
    EQUAL eax, EFLAGS_VIF
    CR4_IS 0
    EXPECT_NEXT 13, 0, .no_pvi
    ENTER_USER user_sti
.no_pvi:
    ret

user_sti:
    sti
    int3

bits 16
v86_code:
v86_done:
    int3
v86_segments:
    mov ax, es
    mov [seen_es - v86_code], ax
    mov ax, fs
    mov [seen_fs - v86_code], ax
    mov ax, gs
    mov [seen_gs - v86_code], ax
v86_segments_end:
    cli
v86_cli:
    cli
    int3
v86_sti:
    sti
    int3
v86_pushf:
    pushf
    int3
v86_popf:
    popf
    int3
v86_iret:
    iret
v86_int:
    int 0x21
v86_hlt:
    hlt
v86_mov_cr0:
    mov eax, cr0
v86_lgdt:
    lgdt [0]
v86_in:
    in al, 0x21
v86_lar:
    lar ax, ax
v86_str:
    str ax
v86_arpl:
    arpl ax, ax
v86_monitor:
    int MONITOR_INT
v86_pushfd:
    pushfd
v86_popfd:
    popfd
v86_iretd:
    iretd
v86_in80:
    in al, 0x80
    int3
v86_in80_word:
    in ax, 0x80
v86_limit:
    mov bx, 0xFFFE
    mov ax, [bx]
    mov al, [bx + 1]
v86_limit_end:
    mov ax, [bx + 1]
v86_stack_limit:
    mov sp, 1
v86_stack_limit_end:
    push ax
v86_flags:
    sti
    pushf
    pop word [seen_a - v86_code]
    cli
    pushf
    pop word [seen_b - v86_code]
    push word 0xCED7                ; all but TF, IOPL
    popf
    pushf
    pop word [seen_c - v86_code]
    pushf
    push cs
    push word .returned - v86_code
    iret
.returned:
    mov word [seen_d - v86_code], 0x5678
    int3
v86_handler:
    pop ax
    mov [seen_b - v86_code], ax
    pop ax
    pop ax
    mov [seen_a - v86_code], ax
    int3

seen_es: dw 0
seen_fs: dw 0
seen_gs: dw 0
seen_a:  dw 0
seen_b:  dw 0
seen_c:  dw 0
seen_d:  dw 0
v86_end:
bits 32

GUEST_END
