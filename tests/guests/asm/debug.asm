; SPDX-License-Identifier: MIT
; Single step, RF, debug registers, and what MOV SS holds off (SDM 3B 17.2, 17.3; 3A 6.8.3).
%include "guest.inc"

%macro SET_DR 2
    mov eax, %2
    mov dr%1, eax
%endmacro

%macro DR6_IS 1
    mov eax, dr6
    and eax, 0xE00F
    EQUAL eax, %1
    xor eax, eax
    mov dr6, eax
%endmacro

; EXPECT_TRAP label: the next #DB must come with this EIP
%macro EXPECT_TRAP 1
    EXPECT_NEXT 1, NO_ERROR, %%after
    jmp %%run
%%after:
    EQUAL dword [fault_eip], %1
    jmp %%done
%%run:
%endmacro

main32:
    xor eax, eax
    mov dr6, eax

    ; TF: the trap comes after the instruction behind POPF.
    CHECK 1
    EXPECT_NEXT 1, NO_ERROR, .stepped
    pushfd
    or dword [esp], EFLAGS_TF
    popfd
.first:
    inc ecx
.second:
    inc ecx
    jmp fail
.stepped:
    EQUAL dword [fault_eip], .second
    test dword [fault_eflags], EFLAGS_TF
    MUST nz
    test dword [fault_eflags], EFLAGS_RF
    MUST z
    DR6_IS 0x4000

    ; MOV SS holds the trap off for one instruction.
    CHECK 2
    EXPECT_NEXT 1, NO_ERROR, .after_ss
    mov bx, ss
    pushfd
    or dword [esp], EFLAGS_TF
    popfd
    mov ss, bx
    nop
.behind_ss:
    jmp fail
.after_ss:
    EQUAL dword [fault_eip], .behind_ss
    DR6_IS 0x4000

    ; INT n clears TF and is not trapped itself.
    CHECK 3
    SET_GATE IDT_BASE + 8 * 0x40, SEL_CODE0, .handler, 0x8E, 0
    EXPECT_NEXT 1, NO_ERROR, .after_int
    pushfd
    or dword [esp], EFLAGS_TF
    popfd
    int 0x40
    nop
.behind_int:
    jmp fail
.handler:
    pushfd
    pop eax
    test eax, EFLAGS_TF
    MUST z
    iretd                       ; restores TF: the trap comes after the next instruction
.after_int:
    EQUAL dword [fault_eip], .behind_int
    DR6_IS 0x4000

    ; Code breakpoint: a fault, before the instruction; RF in the image lets it pass once.
    CHECK 4
    SET_DR 0, .target
    SET_DR 7, 0x00000002
    EXPECT_NEXT 1, NO_ERROR, .hit
    xor ecx, ecx
.target:
    inc ecx
    jmp fail
.hit:
    EQUAL dword [fault_eip], .target
    EQUAL ecx, 0
    test dword [fault_eflags], EFLAGS_RF
    MUST z
    DR6_IS 1
    CHECK 5
    pushfd
    or dword [esp], EFLAGS_RF
    push dword SEL_CODE0
    push dword .target2
    SET_DR 0, .target2
    iretd
.target2:
    inc ecx
    EQUAL ecx, 1
    pushfd
    pop eax
    test eax, EFLAGS_RF         ; one instruction only
    MUST z

    ; Other faults push RF set.
    CHECK 6
    EXPECT 6, NO_ERROR, {ud2}
    test dword [fault_eflags], EFLAGS_RF
    MUST nz

    ; Data breakpoints: traps, after the access; length and type.
    CHECK 7
    SET_DR 1, data + 4
    SET_DR 7, 0x00D00008        ; DR1 global: write, 4 bytes
    mov eax, [data + 4]         ; a read does not count
    mov [data], eax
    mov [data + 8], al
    EXPECT_NEXT 1, NO_ERROR, .written
    mov byte [data + 7], 1
.behind_write:
    jmp fail
.written:
    EQUAL dword [fault_eip], .behind_write
    EQUAL byte [data + 7], 1
    DR6_IS 2
    CHECK 8
    SET_DR 7, 0x00F00008        ; read or write
    EXPECT_NEXT 1, NO_ERROR, .read
    mov eax, [data + 2]         ; overlaps
.behind_read:
    jmp fail
.read:
    EQUAL dword [fault_eip], .behind_read
    DR6_IS 2

    ; A breakpoint on what MOV SS reads is held off with it.
    CHECK 9
    SET_DR 7, 0
    mov word [data + 4], ss
    SET_DR 7, 0x00F00008
    EXPECT_NEXT 1, NO_ERROR, .ss_read
    mov ss, [data + 4]
    nop
.behind_ss_read:
    jmp fail
.ss_read:
    EQUAL dword [fault_eip], .behind_ss_read
    DR6_IS 2

    ; REP string: the trap comes between iterations.
    CHECK 10
    SET_DR 7, 0
    SET_DR 1, data + 2
    SET_DR 7, 0x00100008        ; write, 1 byte
    mov edi, data
    mov ecx, 6
    EXPECT_NEXT 1, NO_ERROR, .in_rep
    mov al, 0x55
.rep:
    rep stosb
    jmp fail
.in_rep:
    EQUAL edi, data + 3
    EQUAL ecx, 3
    EQUAL dword [fault_eip], .rep
    test dword [fault_eflags], EFLAGS_RF
    MUST nz
    DR6_IS 2
    SET_DR 7, 0

    ; I/O breakpoint with CR4.DE.
    CHECK 11
    mov eax, cr4
    or eax, 8
    mov cr4, eax
    SET_DR 2, 0x80
    SET_DR 7, 0x02000020
    EXPECT_NEXT 1, NO_ERROR, .io
    out 0x80, al
.behind_io:
    jmp fail
.io:
    EQUAL dword [fault_eip], .behind_io
    DR6_IS 4
    SET_DR 7, 0

    ; DR4 and DR5: aliases without CR4.DE, #UD with it.
    CHECK 12
    EXPECT 6, NO_ERROR, {mov eax, dr4}
    mov eax, cr4
    and eax, ~8
    mov cr4, eax
    mov eax, dr4
    mov ebx, dr6
    EQUAL eax, ebx

    ; General detect.
    CHECK 13
    SET_DR 7, 0x2000
    EXPECT 1, NO_ERROR, {mov eax, dr0}
    mov eax, dr7
    EQUAL eax, 0x400
    DR6_IS 0x2000

    ; INT1 leaves DR6 alone and returns behind itself.
    CHECK 14
    EXPECT_NEXT 1, NO_ERROR, .icebp
    db 0xF1
.behind_icebp:
    jmp fail
.icebp:
    EQUAL dword [fault_eip], .behind_icebp
    DR6_IS 0
    ret

align 16
data: times 16 db 0

GUEST_END
