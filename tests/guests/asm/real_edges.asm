; SPDX-License-Identifier: MIT
; models: pentiumpro 486 386 max
; Real-address mode at its edges: interrupts without room on the stack, without a vector, and how they end in shutdown; A20
; and the megabyte's end; unreal code and stack; 32-bit operands; debug registers (SDM 3A 20.1; 3B 17.2).
%include "guest.inc"

%macro EQUAL16 2
    cmp %1, %2
    je %%good
    jmp fail16
%%good:
%endmacro

; REAL: goes to real mode, with 64 KiB segments at 0; PROTECTED: and back
%macro REAL 0
    jmp SEL_CODE16:%%leave
bits 16
%%leave:
    mov ax, SEL_DATA16
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov fs, ax
    mov gs, ax
    lidt [real_idt_pointer]
    mov eax, cr0
    and al, 0xFE
    mov cr0, eax
    jmp 0:%%real
%%real:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov fs, ax
    mov gs, ax
    mov sp, 0x7000
%endmacro
%macro PROTECTED 0
    lidt [idt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword SEL_CODE0:%%back
bits 32
%%back:
    mov ax, SEL_DATA0
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov esp, [main_esp]
%endmacro

main32:
    mov [main_esp], esp
    mov ecx, 256
    xor edi, edi
    mov eax, ABSOLUTE_OF(unexpected)
    rep stosd

    CHECK 1                         ; SP = 1, 3, 5: the stack ends within what INT pushes, and so does that of #SS
%assign sp_value 1
%rep 3
    SHUTDOWN_AT .after_sp %+ sp_value
    REAL
    mov sp, sp_value
    int 0x40
    jmp fail16
bits 32
.after_sp %+ sp_value:
    %assign sp_value sp_value + 2
%endrep
    CHECK 2                         ; SP = 0 and 2 wrap cleanly, 6 and 7 have room
    REAL
    mov word [0x40 * 4], returns
    mov sp, 0
    int 0x40
    EQUAL16 sp, 0
    mov sp, 2
    int 0x40
    EQUAL16 sp, 2
    mov sp, 6
    int 0x40
    EQUAL16 sp, 6
    mov sp, 7
    int 0x40
    EQUAL16 sp, 7
    mov sp, 0x7000
    PROTECTED
    CHECK 3                         ; a table of no entries: shutdown
    SHUTDOWN_AT .after_no_table
    REAL
    lidt [no_table]
    int 0x40
    jmp fail16
bits 32
.after_no_table:
    CHECK 4                         ; a table that ends behind #DF: its handler gets the call
    REAL
    mov word [8 * 4], on_df
    lidt [nine_vectors]
    mov word [resume], .df
    int 0x40                        ; #GP is beyond the limit as well
    jmp fail16
.df:
    PROTECTED

    CHECK 10                        ; FFFF:0010 is the megabyte's end: with A20 open, beyond it
    REAL
    mov ax, 0xFFFF
    mov es, ax
    mov dword [es:0x510], 0x600D600D ; 100500h
    mov dword [0x500], 0x0BAD0BAD
    mov eax, [es:0x510]
    cmp eax, 0x600D600D
    jne fail16
    mov bx, 0xFFFF
    mov al, [es:bx]                 ; 10FFEFh
    CHECK 11                        ; 32-bit operands and addresses; SP stays 16 bits wide
    mov esp, 0x12347000
    push dword 0xCAFEF00D
    cmp esp, 0x12346FFC
    jne fail16
    pop ecx
    cmp ecx, 0xCAFEF00D
    jne fail16
    cmp esp, 0x12347000
    jne fail16
    mov ebx, 0x500
    mov eax, [ebx]
    cmp eax, 0x0BAD0BAD
    jne fail16
    call dword far_return
    mov esp, 0x7000
    CHECK 12                        ; loads of CS do not need what is there, only near and far jumps check the limit
    mov word [0x500], 0xCFCF
    push word 0
    push word .far_back
    retf
.far_back:
    pushfd
    push dword 0
    push dword .iretd_back
    iretd
.iretd_back:
    CHECK 13                        ; data breakpoints work here too; the trap goes through the table
    mov word [4], on_db
    mov eax, 0x500
    mov dr0, eax
    mov eax, 0x00010002
    mov dr7, eax
    mov word [resume], .db
    mov byte [0x500], 1
.behind_write:
    jmp fail16
.db:
    EQUAL16 word [trap_ip], .behind_write
    xor eax, eax
    mov dr7, eax
    mov eax, dr6
    and al, 0xF
    cmp al, 1
    jne fail16
    CHECK 14                        ; CLI, STI, IOPL and NT are free; PUSHF shows them
    push word 0x7202
    popf
    pushf
    pop ax
    EQUAL16 ax, 0x7202
    cli
    pushf
    pop ax
    and ax, 0x7200
    EQUAL16 ax, 0x7000
    push word 2
    popf
    CHECK 15                        ; HLT and privileged instructions run at level 0
    mov eax, cr0
    clts
    sgdt [0x500]
    cmp word [0x500], GDT_SIZE - 1
    jne fail16
    lmsw ax                         ; PE clear: stays real
    mov bx, 0xFFF
    mov ds, bx
    xor bx, bx
    mov ds, bx
    PROTECTED
    ret

bits 16
unexpected:
    jmp fail16
returns:
    iret
on_df:
    xor ax, ax
    mov ds, ax
    mov sp, 0x7000
    jmp [resume]
on_db:
    pop word [trap_ip]
    pop ax
    popf
    jmp [resume]
far_return:
    o32 ret
fail16:
    xor ax, ax
    mov ds, ax
    lidt [idt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword SEL_CODE0:fail
bits 32

align 4
main_esp: dd 0
resume:   dw 0
trap_ip:  dw 0
no_table:
    dw 0
    dd 0
nine_vectors:
    dw 8 * 4 + 3
    dd 0

GUEST_END
