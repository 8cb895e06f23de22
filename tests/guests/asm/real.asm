; SPDX-License-Identifier: MIT
; Real-address mode on a 32-bit processor: the way back from protected mode, limits, "unreal" segments, exceptions
; without error codes, a moved interrupt table, instructions that do not exist there (SDM 3A 9.9, 20.1).
%include "guest.inc"

NEW_IVT equ 0x3000

; EXPECT16 vector, instruction
%macro EXPECT16 2+
    mov word [expected16], %1
    mov word [resume16], %%after
    mov [resume_sp16], sp
%%insn:
    %2
    jmp fail16
%%after:
    cmp word [fault_ip16], %%insn
    jne fail16
%endmacro

%macro EQUAL16 2
    cmp %1, %2
    je %%good
    jmp fail16
%%good:
%endmacro

main32:
    mov ecx, 32                     ; vectors 0-1Fh of the real-mode table
    mov edi, 0
    mov eax, ABSOLUTE_OF(stubs16)
.next:
    mov [edi], eax
    add edi, 4
    add eax, 4
    loop .next
    jmp SEL_CODE16:leave_protected

bits 16
leave_protected:
    mov ax, SEL_DATA16
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov fs, ax
    mov ax, SEL_DATA0               ; GS keeps 4 GiB
    mov gs, ax
    lidt [real_idt_pointer]
    mov eax, cr0
    and al, 0xFE
    mov cr0, eax
    jmp 0:real_start
real_start:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov ss, ax
    mov sp, 0x7000

    CHECK 1                         ; "unreal": a load changes the base alone
    mov ax, 0x1000
    mov gs, ax
    mov ebx, 0x100000
    mov dword [gs:ebx], 0x12345678
    mov eax, [gs:ebx]
    cmp eax, 0x12345678
    jne fail16
    mov edi, 0x10000
    EXPECT16 13, {mov al, [edi]}    ; DS ends at FFFFh
    EXPECT16 13, {mov ax, [0xFFFF]}
    EXPECT16 13, {mov eax, [0xFFFD]}
    EXPECT16 13, {mov [0xFFFF], ax}
    mov al, [0xFFFF]
    mov eax, [0xFFFC]
    CHECK 2                         ; the stack
    mov bp, 0xFFFF
    EXPECT16 12, {mov ax, [bp]}
    mov sp, 0x7000
    mov ebp, 0x7000
    push dword 0x11223344
    pop ax
    EQUAL16 ax, 0x3344
    pop ax
    EQUAL16 ax, 0x1122
    CHECK 3                         ; 20-bit sums are not cut
    mov ax, 0xFFFF
    mov fs, ax
    mov dword [fs:0x10], 0xCAFEF00D ; 100000h
    mov ebx, 0xF0000
    mov eax, [gs:ebx]               ; 10000h + F0000h
    cmp eax, 0xCAFEF00D
    jne fail16
    xor ax, ax
    mov fs, ax
    mov [cs:scratch], ax            ; code is writable here

    CHECK 4                         ; exceptions
    EXPECT16 6, {ud2}
    EXPECT16 6, {lldt ax}
    EXPECT16 6, {ltr ax}
    EXPECT16 6, {sldt ax}
    EXPECT16 6, {str ax}
    EXPECT16 6, {lar ax, ax}
    EXPECT16 6, {lsl ax, ax}
    EXPECT16 6, {verr ax}
    EXPECT16 6, {arpl ax, ax}
    EXPECT16 6, {db 0xF0, 0x90} ; LOCK NOP
    EXPECT16 6, {db 0xF0, 0x89, 0x07} ; LOCK MOV [BX], AX
    EXPECT16 6, {mov cs, ax}
    mov ax, 1
    mov dx, 0
    mov bl, 0
    EXPECT16 0, {div bl}
    mov ax, 0x8000
    mov bl, -1
    EXPECT16 0, {idiv bl}
    mov ax, 11
    EXPECT16 5, {bound ax, [bounds]}
    mov ax, 10
    bound ax, [bounds]
    EXPECT16 13, {jmp dword 0:0x10000}
    EXPECT16 13, {jmp dword 0x10000}

    CHECK 5                         ; INT and IRET: flags, return address, no error code
    mov word [0x80 * 4], int80
    mov word [0x80 * 4 + 2], 0
    push word 0x7202                ; IF, IOPL and NT
    popf
    int 0x80
.behind:
    pushf
    pop ax
    EQUAL16 ax, 0x7202
    EQUAL16 word [int_ip], .behind
    EQUAL16 word [int_flags], 0x7202
    EQUAL16 word [int_inner], 0x7002
    EQUAL16 sp, 0x7000
    cli
    push word 2
    popf
    CHECK 6                         ; INTO and INT3
    mov word [4 * 4], int80
    mov word [3 * 4], int80
    into
    mov word [int_ip], 0
    int3
.behind3:
    EQUAL16 word [int_ip], .behind3
    mov al, 0x7F
    inc al
    into
.behind_into:
    EQUAL16 word [int_ip], .behind_into

    CHECK 7                         ; the table moves with IDTR; its limit counts
    mov word [NEW_IVT + 0x80 * 4], int81
    mov word [NEW_IVT + 0x80 * 4 + 2], 0
    mov word [NEW_IVT + 13 * 4], stubs16 + 4 * 13
    mov word [NEW_IVT + 13 * 4 + 2], 0
    lidt [new_ivt_pointer]
    int 0x80
    EQUAL16 ax, 0x8181
    EXPECT16 13, {int 0x81}
    lidt [real_idt_pointer]

    CHECK 8                         ; single step
    mov word [4], int1
    mov word [6], 0
    pushf
    pop ax
    or ah, 1
    push ax
    popf
    nop
.stepped:
    EQUAL16 word [int_ip], .stepped
    CHECK 9                         ; an instruction of 16 bytes
    EXPECT16 13, {times 15 db 0x66}
    CHECK 10                        ; code that runs off the segment
    mov byte [gs:0xFFFF], 0x90
    mov word [expected16], 13
    mov word [resume16], .off_end
    mov [resume_sp16], sp
    jmp 0x1000:0xFFFF
.off_end:
    EQUAL16 word [fault_cs16], 0x1000

    ; Back to protected mode for the exit.
    lidt [idt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword SEL_CODE0:back32

fail16:
    xor ax, ax
    mov ds, ax
    lidt [idt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword SEL_CODE0:fail

int80:
    push ax
    push bp
    mov bp, sp
    mov ax, [bp + 4]
    mov [int_ip], ax
    mov ax, [bp + 8]
    mov [int_flags], ax
    pushf
    pop word [int_inner]
    pop bp
    pop ax
    iret

int81:
    mov ax, 0x8181
    iret

int1:
    push bp
    mov bp, sp
    push ax
    mov ax, [bp + 2]
    mov [int_ip], ax
    and word [bp + 6], ~0x100
    pop ax
    pop bp
    iret

; Four bytes a vector: the call's return address tells which.
align 4
stubs16:
%rep 32
    call near common16
    nop
%endrep

; On the stack: return address within the stub, IP, CS, FLAGS
common16:
    push ax
    push bp
    mov bp, sp
    xor ax, ax
    mov ds, ax
    mov ax, [bp + 6]
    mov [fault_ip16], ax
    mov ax, [bp + 8]
    mov [fault_cs16], ax
    mov ax, [bp + 4]
    sub ax, stubs16
    shr ax, 2
    mov [fault_vector], ax
    cmp ax, [expected16]
    jne fail16
    mov ax, [fault_ip16]
    mov [fault_eip], ax
    pop bp
    pop ax
    mov sp, [resume_sp16]
    jmp [resume16]

scratch:    dw 0
bounds:     dw -10, 10
int_ip:     dw 0
int_flags:  dw 0
int_inner:  dw 0
expected16: dw 0
resume16:   dw 0
resume_sp16: dw 0
fault_ip16: dw 0
fault_cs16: dw 0
new_ivt_pointer:
    dw 0x80 * 4 + 3
    dd NEW_IVT

bits 32
back32:
    mov ax, SEL_DATA0
    mov ds, ax
    mov ss, ax
    mov esp, STACK0_TOP
    jmp pass

GUEST_END
