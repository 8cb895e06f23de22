; SPDX-License-Identifier: MIT
; models: pentiumpro pentium max
; Virtual-8086 mode at its edges: I/O permission map byte by byte, redirection map and VME at every IOPL, flags that POPF and
; IRET may change, ways out through every kind of gate, privileged instructions, PVI (SDM 1 19.5; 3A 20).
%include "guest.inc"

V86_SEG     equ 0x1000
V86_STACK   equ 0x0800
DONE        equ 3
IOPL_3      equ 3 << 12
SEL_CODE1   equ SEL_FREE
SEL_DATA1   equ SEL_FREE + 8
SEL_TSS_B   equ SEL_FREE + 0x10
SEL_TSS_D   equ SEL_FREE + 0x18
SEL_CONF    equ SEL_FREE + 0x20

; V86_RUN label, extra EFLAGS, vector, error
%macro V86_RUN 4
    EXPECT_NEXT %3, %4, %%after
    push dword 0x4444
    push dword 0x3333
    push dword V86_SEG
    push dword 0x2222
    push dword V86_SEG
    push dword V86_STACK
    push dword EFLAGS_VM | 2 | (%2)
    push dword V86_SEG
    push dword (%1) - v86_code
    iretd
%%after:
    test dword [fault_eflags], EFLAGS_VM
    MUST nz
%endmacro
%macro AT 1
    EQUAL dword [fault_eip], (%1) - v86_code
%endmacro
; FAULTS label, extra EFLAGS: #GP(0) at the label
%macro FAULTS 2
    V86_RUN %1, %2, 13, 0
    AT %1
%endmacro
%macro RUNS 2
    V86_RUN %1, %2, DONE, NO_ERROR
%endmacro
; The image's flags, without RF
%macro FLAGS_ARE 1
    mov eax, [fault_eflags]
    and eax, ~EFLAGS_RF
    EQUAL eax, EFLAGS_VM | 2 | (%1)
%endmacro
%macro STACK_WORD 2
    EQUAL word [(V86_SEG << 4) + V86_STACK + (%1)], %2
%endmacro
%macro SET_STACK 2
    mov word [(V86_SEG << 4) + V86_STACK + (%1)], %2
%endmacro
; TSS_LIMIT limit: of the task register
%macro TSS_LIMIT 1
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss), %1, 0x0089
    mov ax, SEL_TSS_B
    ltr ax
%endmacro

IO_MAP      equ tss_io_map - tss

main32:
    mov esi, v86_code
    mov edi, V86_SEG << 4
    mov ecx, v86_end - v86_code
    rep movsb
    mov byte [IDT_BASE + 8 * DONE + 5], 0xEE
    SET_DESCRIPTOR SEL_CODE1, 0, 0xFFFFF, 0xC0BB
    SET_DESCRIPTOR SEL_DATA1, 0, 0xFFFFF, 0xC0B3
    SET_DESCRIPTOR SEL_CONF, 0, 0xFFFFF, 0xC09F
    mov dword [tss + 12], STACK1_TOP
    mov dword [tss + 16], SEL_DATA1 | 1

    CHECK 1                         ; I/O map: every bit of the access must be clear
    and word [tss_io_map + 0x80 / 8], 0xFE7F ; 87h and 88h
    FAULTS io_86, 0
    RUNS io_87, 0
    RUNS io_88, 0
    FAULTS io_89, 0
    FAULTS io_86w, 0
    RUNS io_87w, 0                  ; two bits in two bytes
    FAULTS io_88w, 0
    FAULTS io_87d, 0
    and word [tss_io_map + 0x80 / 8], 0xF87F ; to 8Ah
    RUNS io_87d, 0
    or word [tss_io_map + 0x80 / 8], 0x0400
    FAULTS io_87d, 0
    FAULTS io_87d, IOPL_3           ; IOPL does not count
    CHECK 2                         ; the map ends with the TSS; two bytes are always read
    TSS_LIMIT IO_MAP + 0x80 / 8 + 1
    RUNS io_87, 0
    FAULTS io_88, 0                 ; its second byte is outside
    TSS_LIMIT IO_MAP + 0x80 / 8
    FAULTS io_87, 0
    TSS_LIMIT IO_MAP + 0x80 / 8 + 2
    RUNS io_88, 0
    TSS_LIMIT 0x67
    FAULTS io_87, 0
    CHECK 3                         ; the map may lie anywhere in the TSS; beyond it there is none
    TSS_LIMIT tss_end - tss - 1
    mov word [tss + 0x66], IO_MAP + 0x10
    mov word [tss_io_map + 0x20], 0xFE7F
    RUNS io_87, 0
    mov word [tss + 0x66], tss_end - tss - 1
    FAULTS io_87, 0
    mov word [tss + 0x66], 0xFFFF
    FAULTS io_87, 0
    mov word [tss + 0x66], IO_MAP
    CHECK 4                         ; the same for level 3 outside V86 mode, but there IOPL counts
    EXPECT_NEXT DONE, NO_ERROR, .level3
    ENTER_USER user_io
.level3:
    or word [tss_io_map + 0x80 / 8], 0x0180
    EXPECT_NEXT 13, 0, .level3_denied
    ENTER_USER user_io
.level3_denied:
    EXPECT_NEXT DONE, NO_ERROR, .level3_iopl
    mov ax, SEL_DATA3
    mov ds, ax
    push dword SEL_DATA3
    push dword STACK3_TOP
    push dword 2 | IOPL_3
    push dword SEL_CODE3
    push dword user_io
    iretd
.level3_iopl:
    CHECK 5                         ; a 286 TSS has no map
    SET_DESCRIPTOR SEL_TSS_D, ABSOLUTE_OF(tss16), 0x2B, 0x0081
    and word [tss_io_map + 0x80 / 8], 0xFE7F
    mov ax, SEL_TSS_D
    ltr ax
    EXPECT_NEXT 13, 0, .no_map
    ENTER_USER user_io
.no_map:
    mov byte [gdt + SEL_TSS + 5], 0x89
    mov ax, SEL_TSS
    ltr ax

    CHECK 10                        ; instructions of level 0
%macro PRIVILEGED 1
    FAULTS %1, IOPL_3
%endmacro
    PRIVILEGED p_hlt
    PRIVILEGED p_clts
    PRIVILEGED p_lmsw
    PRIVILEGED p_lgdt
    PRIVILEGED p_lidt
    PRIVILEGED p_mov_from_cr
    PRIVILEGED p_mov_to_cr
    PRIVILEGED p_mov_from_dr
    PRIVILEGED p_mov_to_dr
    PRIVILEGED p_invlpg
    PRIVILEGED p_wbinvd
    PRIVILEGED p_rdmsr
    PRIVILEGED p_wrmsr
    CHECK 11                        ; and some of every level
    RUNS p_harmless, IOPL_3
    RUNS p_harmless, 0
%macro ABSENT 1
    V86_RUN %1, IOPL_3, 6, NO_ERROR
    AT %1
%endmacro
    ABSENT p_sldt
    ABSENT p_str
    ABSENT p_lldt
    ABSENT p_ltr
    ABSENT p_lar
    ABSENT p_lsl
    ABSENT p_verr
    ABSENT p_verw
    ABSENT p_arpl
    ABSENT p_lock
    CHECK 12                        ; RDTSC under CR4.TSD
    RUNS p_rdtsc, 0
    mov eax, cr4
    or al, 4
    mov cr4, eax
    FAULTS p_rdtsc, IOPL_3
    mov eax, cr4
    and al, ~4
    mov cr4, eax

    CHECK 20                        ; POPFD and IRETD at IOPL 3: neither VM, IOPL, VIF nor VIP
    mov dword [(V86_SEG << 4) + V86_STACK], 0x0018_0203 ; all of those clear or set the other way
    RUNS f_popfd, IOPL_3
    FLAGS_ARE IOPL_3 | EFLAGS_IF | EFLAGS_CF
    mov dword [(V86_SEG << 4) + V86_STACK], 2
    RUNS f_popfd, IOPL_3 | EFLAGS_IF | EFLAGS_VIF
    FLAGS_ARE IOPL_3 | EFLAGS_VIF
    mov dword [(V86_SEG << 4) + V86_STACK], v86_done - v86_code
    mov dword [(V86_SEG << 4) + V86_STACK + 4], V86_SEG
    mov dword [(V86_SEG << 4) + V86_STACK + 8], 0x0018_4A03 ; NT, OF, IF
    RUNS f_iretd, IOPL_3
    FLAGS_ARE IOPL_3 | EFLAGS_IF | 0x4801
    EQUAL dword [fault_esp], V86_STACK + 12
    mov dword [(V86_SEG << 4) + V86_STACK], 0x10000 ; EIP beyond FFFFh
    FAULTS f_iretd, IOPL_3
    EQUAL dword [fault_esp], V86_STACK
    CHECK 21                        ; PUSHFD shows VM and RF as 0
    RUNS f_pushfd, IOPL_3 | EFLAGS_RF
    EQUAL dword [(V86_SEG << 4) + V86_STACK - 4], 2 | IOPL_3
    CHECK 22                        ; IRETD into V86 mode checks EIP before it goes there
    push dword 0
    push dword 0
    push dword 0
    push dword 0
    push dword V86_SEG
    push dword V86_STACK
    push dword EFLAGS_VM | 2
    push dword V86_SEG
    push dword 0x10000
    mov ebx, esp
    EXPECT 13, 0, iretd
    EQUAL esp, ebx
    add esp, 36

    CHECK 30                        ; out through a 286 gate: nine words
    SET_GATE IDT_BASE + 8 * 6, SEL_CODE0, gate16, 0x86, 0
    mov [saved_esp], esp
    push dword 0x4444
    push dword 0x3333
    push dword V86_SEG
    push dword 0x2222
    push dword V86_SEG
    push dword V86_STACK
    push dword EFLAGS_VM | 2
    push dword V86_SEG
    push dword p_ud - v86_code
    iretd
gate16:
    mov ax, SEL_DATA0
    mov ds, ax
    EQUAL esp, STACK0_TOP - 18
    EQUAL word [esp], p_ud - v86_code
    EQUAL word [esp + 2], V86_SEG
    EQUAL word [esp + 6], V86_STACK
    EQUAL word [esp + 8], V86_SEG
    EQUAL word [esp + 10], 0x2222
    EQUAL word [esp + 12], V86_SEG
    EQUAL word [esp + 14], 0x3333
    EQUAL word [esp + 16], 0x4444
    mov ax, gs
    EQUAL ax, 0
    mov ax, SEL_DATA0
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov esp, [saved_esp]
    CHECK 31                        ; the handler must be of level 0: not level 1, not conforming
    SET_GATE IDT_BASE + 8 * 6, SEL_CODE1, stubs + 8 * 6, 0x8E, 0
    V86_RUN p_ud, 0, 13, SEL_CODE1 | 1
    SET_GATE IDT_BASE + 8 * 6, SEL_CONF, stubs + 8 * 6, 0x8E, 0
    V86_RUN p_ud, 0, 13, SEL_CONF | 1
    SET_GATE IDT_BASE + 8 * 6, SEL_CODE0, stubs + 8 * 6, 0x8E, 0
    CHECK 32                        ; INTO and BOUND
    SET_GATE IDT_BASE + 8 * 4, SEL_CODE0, stubs + 8 * 4, 0xEE, 0
    V86_RUN p_into, 0x800, 4, NO_ERROR
    AT p_into + 1
    V86_RUN p_bound, 0, 5, NO_ERROR
    AT p_bound

    ; VME.
    mov eax, cr4
    or al, 1
    mov cr4, eax
    mov dword [0x21 * 4], (V86_SEG << 16) | (v86_handler - v86_code)
    mov dword [3 * 4], (V86_SEG << 16) | (v86_handler - v86_code)
    SET_GATE IDT_BASE + 8 * 0x21, SEL_CODE0, stubs + 8 * 0x21, 0xEE, 0
    CHECK 40                        ; redirected at IOPL 3: the real IF
    and byte [tss_redirection + 0x21 / 8], ~(1 << (0x21 & 7))
    RUNS i_int21, IOPL_3 | EFLAGS_IF | EFLAGS_CF
    STACK_WORD -2, 0x3203
    STACK_WORD -4, V86_SEG
    STACK_WORD -6, i_int21 + 2 - v86_code
    FLAGS_ARE IOPL_3 | EFLAGS_CF
    CHECK 41                        ; redirected below: VIF, and IOPL shown as 3
    RUNS i_int21, EFLAGS_IF | EFLAGS_CF
    STACK_WORD -2, 0x3003
    FLAGS_ARE EFLAGS_IF | EFLAGS_CF
    RUNS i_int21, EFLAGS_VIF | EFLAGS_VIP | 1 << 12
    STACK_WORD -2, 0x3202
    FLAGS_ARE EFLAGS_VIP | 1 << 12
    CHECK 42                        ; not redirected: #GP below IOPL 3, the gate at it
    or byte [tss_redirection + 0x21 / 8], 1 << (0x21 & 7)
    FAULTS i_int21, 2 << 12
    V86_RUN i_int21, IOPL_3, 0x21, NO_ERROR
    AT i_int21 + 2
    CHECK 43                        ; the one-byte INT3 is never redirected, CD 03 is
    and byte [tss_redirection], ~8
    RUNS v86_done, 0
    AT v86_done + 1
    RUNS i_int3, 0
    STACK_WORD -6, i_int3 + 2 - v86_code
    or byte [tss_redirection], 8
    FAULTS i_int3, 0
    CHECK 44                        ; the map lies below the I/O map: it must be in the TSS
    and byte [tss_redirection + 0x21 / 8], ~(1 << (0x21 & 7))
    TSS_LIMIT tss_redirection - tss + 0x21 / 8
    RUNS i_int21, 0
    TSS_LIMIT tss_redirection - tss + 0x21 / 8 - 1
    FAULTS i_int21, 0
    mov byte [gdt + SEL_TSS + 5], 0x89
    mov ax, SEL_TSS
    ltr ax
    CHECK 45                        ; STI, POPF and IRET with VIP: only setting the flag is refused
    FAULTS v_sti, EFLAGS_VIP
    RUNS v_cli, EFLAGS_VIP | EFLAGS_VIF
    FLAGS_ARE EFLAGS_VIP
    SET_STACK 0, 0x0202
    FAULTS v_popf, EFLAGS_VIP
    EQUAL dword [fault_esp], V86_STACK
    SET_STACK 0, 0x0002
    RUNS v_popf, EFLAGS_VIP | EFLAGS_VIF
    FLAGS_ARE EFLAGS_VIP
    SET_STACK 0, v86_done - v86_code
    SET_STACK 2, V86_SEG
    SET_STACK 4, 0x0202
    FAULTS v_iret, EFLAGS_VIP
    EQUAL dword [fault_esp], V86_STACK
    SET_STACK 4, 0x0002
    RUNS v_iret, EFLAGS_VIP | EFLAGS_VIF
    FLAGS_ARE EFLAGS_VIP
    SET_STACK 4, 0x0202
    RUNS v_iret, 0
    FLAGS_ARE EFLAGS_VIF
    CHECK 46                        ; and TF
    SET_STACK 4, 0x0102
    FAULTS v_iret, 0
    SET_STACK 0, 0x0102
    FAULTS v_popf, 0
    CHECK 47                        ; IOPL of the image does not count below IOPL 3, and stays
    SET_STACK 0, 0x7202
    RUNS v_popf, 1 << 12
    FLAGS_ARE EFLAGS_VIF | 1 << 12 | EFLAGS_NT
    CHECK 48                        ; at IOPL 3 VME leaves the flags alone: the real IF
    RUNS v_sti, IOPL_3 | EFLAGS_VIP
    FLAGS_ARE IOPL_3 | EFLAGS_VIP | EFLAGS_IF
    SET_STACK 0, 0x0002
    RUNS v_popf, IOPL_3 | EFLAGS_IF | EFLAGS_VIF
    FLAGS_ARE IOPL_3 | EFLAGS_VIF
    mov eax, cr4
    and al, ~1
    mov cr4, eax

    CHECK 50                        ; PVI: CLI and STI of level 3; PUSHF and POPF see the real flag
    mov eax, cr4
    or al, 2
    mov cr4, eax
%macro PVI_RUN 4                    ; label, EFLAGS, vector, error
    EXPECT_NEXT %3, %4, %%after
    push dword SEL_DATA3
    push dword STACK3_TOP
    push dword 2 | (%2)
    push dword SEL_CODE3
    push dword %1
    iretd
%%after:
    mov eax, [fault_eflags]
    and eax, ~EFLAGS_RF
%endmacro
    PVI_RUN user_sti, 0, DONE, NO_ERROR
    EQUAL eax, 2 | EFLAGS_VIF
    PVI_RUN user_cli, EFLAGS_IF | EFLAGS_VIF, DONE, NO_ERROR
    EQUAL eax, 2 | EFLAGS_IF
    PVI_RUN user_sti, EFLAGS_VIP, 13, 0
    PVI_RUN user_sti, IOPL_3, DONE, NO_ERROR
    EQUAL eax, 2 | IOPL_3 | EFLAGS_IF
    PVI_RUN user_popf, EFLAGS_IF | EFLAGS_VIF, DONE, NO_ERROR
    EQUAL eax, 2 | EFLAGS_IF | EFLAGS_VIF | EFLAGS_CF
    mov eax, cr4
    and al, ~2
    mov cr4, eax
    PVI_RUN user_cli, 0, 13, 0
    ret

user_sti:
    sti
    int3
user_cli:
    cli
    int3
user_popf:
    push dword 3
    popfd
    int3
user_io:
    in al, 0x87
    int3

align 4
saved_esp: dd 0
tss16:
    dw 0, STACK0_TOP, SEL_DATA0, STACK1_TOP, 0, 0, 0
    times 15 dw 0

bits 16
v86_code:
v86_done:
    int3
io_86:
    in al, 0x86
io_87:
    in al, 0x87
    int3
io_88:
    out 0x88, al
    int3
io_89:
    out 0x89, al
io_86w:
    in ax, 0x86
io_87w:
    in ax, 0x87
    int3
io_88w:
    in ax, 0x88
io_87d:
    in eax, 0x87
    int3
p_hlt:
    hlt
p_clts:
    clts
p_lmsw:
    lmsw ax
p_lgdt:
    lgdt [0]
p_lidt:
    lidt [0]
p_mov_from_cr:
    mov eax, cr0
p_mov_to_cr:
    mov cr3, eax
p_mov_from_dr:
    mov eax, dr7
p_mov_to_dr:
    mov dr0, eax
p_invlpg:
    invlpg [0]
p_wbinvd:
    wbinvd
p_rdmsr:
    rdmsr
p_wrmsr:
    wrmsr
p_harmless:
    smsw ax
    sgdt [0x400]
    sidt [0x400]
    int3
p_sldt:
    sldt ax
p_str:
    str ax
p_lldt:
    lldt ax
p_ltr:
    ltr ax
p_lar:
    lar ax, ax
p_lsl:
    lsl ax, ax
p_verr:
    verr ax
p_verw:
    verw ax
p_arpl:
    arpl ax, ax
p_lock:
    db 0xF0, 0x90
p_rdtsc:
    rdtsc
    int3
p_ud:
    ud2
p_into:
    into
p_bound:
    bound ax, [v86_bounds - v86_code]
f_popfd:
    popfd
    int3
f_iretd:
    iretd
f_pushfd:
    pushfd
    int3
i_int21:
    int 0x21
i_int3:
    db 0xCD, 0x03
v_sti:
    sti
    int3
v_cli:
    cli
    int3
v_popf:
    popf
    int3
v_iret:
    iret
v86_handler:
    int3
v86_bounds: dw 0x7FFF, 0x7FFF
v86_end:
bits 32

GUEST_END
