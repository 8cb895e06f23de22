; SPDX-License-Identifier: MIT
; models: pentiumpro 486 max
; What comes between instructions: TF over REP, HLT and flag changes, RF, shadows of MOV SS, POP SS and STI, NMI and INTR
; and their order, breakpoints at every edge, steps by branches (SDM 3A 6.7-6.9; 3B 17.2-17.4).
%include "guest.inc"

PORT_BREAK  equ 0x80

%macro SET_DR 2
    mov eax, %2
    mov dr%1, eax
%endmacro

; DR6 must have exactly these bits; it is cleared
%macro DR6_IS 1
    mov eax, dr6
    and eax, 0xE00F
    EQUAL eax, %1
    xor eax, eax
    mov dr6, eax
%endmacro

%macro SET_TF 0
    pushfd
    or dword [esp], EFLAGS_TF
    popfd
%endmacro

%macro RF_IS 1
    mov eax, [fault_eflags]
    and eax, EFLAGS_RF
    EQUAL eax, (%1) << 16
%endmacro

; STEP instruction: with TF set before it, #DB must follow it at once with BS alone
%macro STEP 1+
    EXPECT_NEXT 1, NO_ERROR, %%stepped
    SET_TF
    %1
%%behind:
    jmp fail
%%stepped:
    EQUAL dword [fault_eip], %%behind
    DR6_IS 0x4000
%endmacro

; NO_HIT instruction: no breakpoint may be met; HIT bits, instruction: exactly these, behind the instruction
%macro NO_HIT 1+
    %1
    DR6_IS 0
%endmacro
%macro HIT 2+
    EXPECT_NEXT 1, NO_ERROR, %%hit
    %2
%%behind:
    jmp fail
%%hit:
    EQUAL dword [fault_eip], %%behind
    DR6_IS %1
%endmacro

main32:
    xor eax, eax
    mov dr6, eax
    mov ax, ds
    mov gs, ax

    CHECK 1                         ; plain steps
    STEP inc ecx
    STEP cld
    STEP mov eax, cr0
    STEP lss esp, [stack_pointer]   ; no shadow
    STEP into                       ; not taken
    STEP hlt
    CHECK 2                         ; POPF that clears TF is itself stepped
    EXPECT_NEXT 1, NO_ERROR, .popf
    push dword 2
    SET_TF
    popfd
.behind_popf:
    jmp fail
.popf:
    EQUAL dword [fault_eip], .behind_popf
    test dword [fault_eflags], EFLAGS_TF
    MUST z
    DR6_IS 0x4000
    CHECK 3                         ; REP: after each iteration, RF set between them
    mov esi, data
    mov edi, data + 8
    mov ecx, 3
    EXPECT_NEXT 1, NO_ERROR, .rep1
    SET_TF
.rep:
    rep movsb
.behind_rep:
    jmp fail
.rep1:
    EQUAL dword [fault_eip], .rep
    EQUAL ecx, 2
    RF_IS 1
    EXPECT_NEXT 1, NO_ERROR, .rep2
    pushfd
    or dword [esp], EFLAGS_TF
    push dword SEL_CODE0
    push dword .rep
    iretd
.rep2:
    EQUAL ecx, 1
    EQUAL dword [fault_eip], .rep
    EXPECT_NEXT 1, NO_ERROR, .rep3
    pushfd
    or dword [esp], EFLAGS_TF
    push dword SEL_CODE0
    push dword .rep
    iretd
.rep3:
    EQUAL ecx, 0
    EQUAL dword [fault_eip], .behind_rep
    RF_IS 0
    DR6_IS 0x4000
    CHECK 4                         ; a fault is no step: TF in the image, BS clear
    EXPECT_NEXT 6, NO_ERROR, .fault
    SET_TF
.ud:
    ud2
.fault:
    EQUAL dword [fault_eip], .ud
    test dword [fault_eflags], EFLAGS_TF
    MUST nz
    DR6_IS 0
    CHECK 5                         ; INT n pushes TF
    EXPECT_NEXT 0x40, NO_ERROR, .int
    SET_TF
    int 0x40
.int:
    test dword [fault_eflags], EFLAGS_TF
    MUST nz
    RF_IS 0
    DR6_IS 0
    CHECK 6                         ; POP SS holds the trap off
    EXPECT_NEXT 1, NO_ERROR, .pop_ss
    push ss
    SET_TF
    pop ss
    nop
.behind_pop_ss:
    jmp fail
.pop_ss:
    EQUAL dword [fault_eip], .behind_pop_ss
    DR6_IS 0x4000
    CHECK 7                         ; and so for a code breakpoint on the next instruction
    SET_DR 0, .shadowed
    SET_DR 7, 2
    mov bx, ss
    mov ss, bx
.shadowed:
    nop
    DR6_IS 0
    CHECK 8                         ; but not for the one after it
    SET_DR 0, .unshadowed
    EXPECT_NEXT 1, NO_ERROR, .code_hit
    mov ss, bx
    nop
.unshadowed:
    jmp fail
.code_hit:
    EQUAL dword [fault_eip], .unshadowed
    RF_IS 0
    DR6_IS 1
    CHECK 9                         ; RF outlives the fault of its instruction
    SET_DR 0, .guarded
    EXPECT_NEXT 1, NO_ERROR, .guard_hit
.guarded:
    ud2
.guard_hit:
    EQUAL dword [fault_eip], .guarded
    DR6_IS 1
    EXPECT_NEXT 6, NO_ERROR, .guard_ud
    pushfd
    or dword [esp], EFLAGS_RF
    push dword SEL_CODE0
    push dword .guarded
    iretd
.guard_ud:
    RF_IS 1
    DR6_IS 0
    CHECK 10                        ; only the first byte counts
    SET_DR 0, .inside + 1
    SET_DR 7, 2
.inside:
    mov eax, 0x12345678
    DR6_IS 0
    SET_DR 0, .twice                ; both of two
    SET_DR 1, .twice
    SET_DR 7, 0xA
    EXPECT_NEXT 1, NO_ERROR, .twice_hit
.twice:
    jmp fail
.twice_hit:
    DR6_IS 3
    SET_DR 7, 0

    ; Data breakpoints: length 1, 2 and 4 at both ends; aligned to their length.
    CHECK 20
    SET_DR 1, data + 4
    SET_DR 7, 0x00300008            ; read or write, 1 byte
    NO_HIT mov al, [data + 3]
    NO_HIT mov al, [data + 5]
    NO_HIT mov eax, [data]
    NO_HIT mov [data + 5], ax
    HIT 2, mov al, [data + 4]
    HIT 2, mov eax, [data + 1]
    HIT 2, mov eax, [data + 4]
    HIT 2, mov [data + 3], ax
    CHECK 21
    SET_DR 1, data + 5              ; bit 0 does not count
    SET_DR 7, 0x00700008            ; 2 bytes
    NO_HIT mov al, [data + 3]
    NO_HIT mov al, [data + 6]
    HIT 2, mov al, [data + 4]
    HIT 2, mov al, [data + 5]
    CHECK 22
    SET_DR 1, data + 7              ; bits 0 and 1 do not
    SET_DR 7, 0x00F00008
    NO_HIT mov al, [data + 3]
    NO_HIT mov al, [data + 8]
    HIT 2, mov al, [data + 4]
    HIT 2, mov al, [data + 7]
    HIT 2, inc byte [data + 7]
    HIT 2, xchg al, [data + 7]
    CHECK 23                        ; writes only
    SET_DR 7, 0x00D00008
    NO_HIT mov eax, [data + 4]
    NO_HIT cmp [data + 4], eax
    NO_HIT test [data + 4], eax
    HIT 2, add dword [data + 4], 0
    HIT 2, fst dword [data + 4]
    HIT 2, fst qword [data]
    NO_HIT fst qword [data + 8]
    CHECK 24                        ; the stack, and both sides of MOVS
    SET_DR 1, data + 12
    mov [old_esp], esp
    mov esp, data + 16
    mov edx, esp
    EXPECT_NEXT 1, NO_ERROR, .pushed
    push eax
.behind_push:
    jmp fail
.pushed:
    EQUAL dword [fault_eip], .behind_push
    mov esp, [old_esp]
    DR6_IS 2
    SET_DR 0, data
    SET_DR 1, data + 8
    SET_DR 7, 0x0013000A            ; DR0 read or write, DR1 write; 1 byte each
    mov esi, data
    mov edi, data + 8
    HIT 3, movsb
    CHECK 25                        ; a step and a breakpoint are one exception
    EXPECT_NEXT 1, NO_ERROR, .both
    SET_TF
    mov [data + 8], al
.both:
    DR6_IS 0x4002
    CHECK 26                        ; not enabled: G and L clear; one of them is enough
    SET_DR 7, 0x00130000
    NO_HIT mov [data], al
    SET_DR 7, 0x00130001            ; L0
    HIT 1, mov [data], al
    SET_DR 1, .not_armed            ; code, not enabled, while another is
    SET_DR 2, fail
    SET_DR 7, 0x00030021
.not_armed:
    NO_HIT nop
    CHECK 27                        ; an access that faults meets nothing
    SET_DR 0, 0x10
    SET_DR 7, 0x00030002
    xor ecx, ecx
    mov gs, cx
    EXPECT 13, 0, {mov al, [gs:0x10]}
    DR6_IS 0
    CHECK 28                        ; linear addresses count, after the segment's base
    SET_DESCRIPTOR SEL_FREE, ABSOLUTE_OF(data), 0xFFF, 0x4093
    mov ax, SEL_FREE
    mov gs, ax
    SET_DR 0, data + 2
    HIT 1, mov al, [gs:2]
    CHECK 29                        ; the processor does not clear DR6
    mov eax, 2
    mov dr6, eax
    EXPECT_NEXT 1, NO_ERROR, .sticky
    mov al, [data + 2]
.sticky:
    DR6_IS 3
    SET_DR 7, 0

    ; I/O breakpoints.
    mov eax, 1
    cpuid
    test edx, 4                     ; DE
    jz .no_de
    CHECK 30
    mov eax, cr4
    or eax, 8
    mov cr4, eax
    SET_DR 2, PORT_BREAK
    SET_DR 7, 0x02000020            ; 1 byte
    NO_HIT {out PORT_BREAK - 1, al}
    NO_HIT {out PORT_BREAK + 1, al}
    HIT 4, {out PORT_BREAK, al}
    HIT 4, {in al, PORT_BREAK}
    HIT 4, {out PORT_BREAK - 1, ax}
    HIT 4, {in eax, PORT_BREAK - 3}
    NO_HIT {in ax, PORT_BREAK - 2}
    SET_DR 7, 0x0E000020            ; 4 bytes
    HIT 4, {out PORT_BREAK + 3, al}
    NO_HIT {out PORT_BREAK + 4, al}
    mov esi, data
    mov edx, PORT_BREAK
    HIT 4, outsb
    SET_DR 1, PORT_BREAK + 0x10     ; I/O, not enabled
    SET_DR 7, 0x0E200020
    NO_HIT {out PORT_BREAK + 0x10, al}
    NO_HIT mov al, [PORT_BREAK]     ; memory at that address is something else
    mov eax, cr4
    and eax, ~8
    mov cr4, eax
    SET_DR 7, 0
.no_de:

    mov eax, 1
    cpuid
    shr eax, 8
    and al, 15
    cmp al, 6
    jb .no_btf
    CHECK 35                        ; DEBUGCTL.BTF: only branches that are taken; the trap clears it
    mov ecx, 0x1D9
    mov eax, 2
    xor edx, edx
    wrmsr
    mov ecx, 3
    mov esi, data
    mov edi, data + 64
    EXPECT_NEXT 1, NO_ERROR, .branch
    SET_TF
    inc edx
    cld
    rep movsb
    cmp edx, edx
    jne .not_taken
.not_taken:
    loop .far_away                  ; ECX is 0 and becomes FFFFFFFFh
    jmp fail
.far_away:
    jmp fail
.branch:
    EQUAL dword [fault_eip], .far_away
    EQUAL ecx, 0xFFFFFFFF
    DR6_IS 0x4000
    mov ecx, 0x1D9
    rdmsr
    EQUAL eax, 0
    STEP inc ecx                    ; every instruction again
.no_btf:

    in al, RUNNER_PORT
    cmp al, 0x5A
    je with_pins
    ret

with_pins:
    CHECK 40                        ; INTR waits for IF, and for one instruction behind STI
    EXPECT_NEXT 0x41, NO_ERROR, .intr
    mov al, 0x41
    out RUNNER_PORT, al
    nop
    sti
    nop
.behind_sti:
    jmp fail
.intr:
    EQUAL dword [fault_eip], .behind_sti
    test dword [fault_eflags], EFLAGS_IF
    MUST nz
    RF_IS 0
    CHECK 41                        ; STI and CLI let nothing through
    mov al, 0x41
    out RUNNER_PORT, al
    sti
    cli
    nop
    EXPECT_NEXT 0x41, NO_ERROR, .drained
    sti
    nop
    jmp fail
.drained:
    cli
    CHECK 42                        ; STI, HLT
    mov eax, EVENT_INTR | 0x41 << 8 | 50 << 16
    EXPECT_NEXT 0x41, NO_ERROR, .halted
    out EVENT_PORT, eax
    sti
    hlt
.behind_hlt:
    jmp fail
.halted:
    EQUAL dword [fault_eip], .behind_hlt
    cli
    CHECK 43                        ; MOV SS holds INTR and NMI off
    mov bx, ss
    mov eax, EVENT_INTR | 0x41 << 8 | 2 << 16
    EXPECT_NEXT 0x41, NO_ERROR, .intr_ss
    out EVENT_PORT, eax
    sti
    mov ss, bx                      ; the event comes behind this one
    nop
.behind_ss:
    jmp fail
.intr_ss:
    EQUAL dword [fault_eip], .behind_ss
    cli
    mov eax, EVENT_NMI | 1 << 16
    EXPECT_NEXT 2, NO_ERROR, .nmi_ss
    out EVENT_PORT, eax
    mov ss, bx
    nop
.behind_ss2:
    jmp fail
.nmi_ss:
    EQUAL dword [fault_eip], .behind_ss2
    call end_nmi
    CHECK 44                        ; REP is interrupted between iterations and goes on
    mov esi, data
    mov edi, 0x20000
    mov ecx, 100
    mov eax, EVENT_INTR | 0x41 << 8 | 30 << 16
    EXPECT_NEXT 0x41, NO_ERROR, .in_rep
    sti
    nop
    out EVENT_PORT, eax
.rep:
    rep movsb
    jmp fail
.in_rep:
    EQUAL dword [fault_eip], .rep
    EQUAL ecx, 70
    EQUAL edi, 0x20000 + 30
    EQUAL esi, data + 30
    RF_IS 1
    mov dword [expected_vector], 0x44
    mov dword [resume_eip], .rep_done
    mov [resume_esp], esp
    push dword 2
    push dword SEL_CODE0
    push dword .resume
    iretd
.resume:
    rep movsb
    EQUAL edi, 0x20000 + 100
    EQUAL ecx, 0
    int 0x44
.rep_done:
    cli
    CHECK 45                        ; NMI goes before INTR
    EXPECT_NEXT 2, NO_ERROR, .nmi_first
    mov al, 0x41
    out RUNNER_PORT, al
    out NMI_PORT, al                ; served behind this
    jmp fail
.nmi_first:
    EXPECT_NEXT 0x41, NO_ERROR, .intr_second
    sti
    nop
    jmp fail
.intr_second:
    cli
    call end_nmi
    CHECK 46                        ; a debug trap goes before NMI, whose return address is the handler's first byte
    SET_GATE IDT_BASE + 8, SEL_CODE0, .db_handler, 0x8E, 0
    EXPECT_NEXT 2, NO_ERROR, .after_nmi
    SET_TF
    out NMI_PORT, al
.behind_out:
    jmp fail
.db_handler:
    jmp fail
.after_nmi:
    EQUAL dword [fault_eip], .db_handler
    mov eax, [fault_esp]            ; above NMI's frame: EIP of the trap
    EQUAL eax, .behind_out
    DR6_IS 0x4000
    SET_GATE IDT_BASE + 8, SEL_CODE0, stubs + 8, 0x8E, 0
    call end_nmi
    CHECK 47                        ; a second NMI waits for IRET; two are one
    EXPECT_NEXT 2, NO_ERROR, .nmi_a
    out NMI_PORT, al
    jmp fail
.nmi_a:
    out NMI_PORT, al
    out NMI_PORT, al
    nop
    EXPECT_NEXT 2, NO_ERROR, .nmi_b
    call end_nmi
.returned:
    jmp fail
.nmi_b:
    EQUAL dword [fault_eip], end_nmi.out
    call end_nmi
    nop
    ret

end_nmi:
    pushfd
    push dword SEL_CODE0
    push dword .out
    iretd
.out:
    ret

align 16
    times 128 db 0                  ; room for what a trap pushes below `data`
data:          times 128 db 0
stack_pointer: dd STACK0_TOP - 0x804, SEL_DATA0
old_esp:       dd 0

GUEST_END
