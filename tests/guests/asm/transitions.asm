; SPDX-License-Identifier: MIT
; models: pentiumpro 386 max
; Every check of a transfer between segments and levels, with both sides of each boundary: call gates, inner stacks, far
; returns, IRET, gates of the interrupt table, 286 interrupt gates (SDM 2A CALL, RET, INT, IRET; 3A 5.8, 6.12).
;
; Inner stacks are tried at level 1, so that exceptions still have a good stack at level 0.
%include "guest.inc"

SEL_GATE    equ SEL_FREE
SEL_CODE1   equ SEL_FREE + 0x08
SEL_DATA1   equ SEL_FREE + 0x10
SEL_STACK1  equ SEL_FREE + 0x18     ; as the test sets it
SEL_ABSENT  equ SEL_FREE + 0x20     ; code
SEL_CONF    equ SEL_FREE + 0x28     ; conforming, level 0
SEL_CONF3   equ SEL_FREE + 0x30     ; conforming, level 3
SEL_SHORT   equ SEL_FREE + 0x38     ; code, limit of `short_target`
SEL_TSS_B   equ SEL_FREE + 0x40
SEL_GATE1   equ SEL_FREE + 0x48     ; call gate, DPL 3, to CODE1
SEL_ROM     equ SEL_FREE + 0x50     ; data of level 1, read only
SEL_NODATA  equ SEL_FREE + 0x58     ; data of level 1, absent
SEL_SHORT3  equ SEL_FREE + 0x60     ; code of level 3, limit of `short_target`
SEL_CODE0R  equ SEL_FREE + 0x68     ; readable code of level 0
SEL_NODATA3 equ SEL_FREE + 0x70     ; data of level 3, absent
BEYOND      equ GDT_SIZE
SMALL_AT    equ 0x20000
INT_A       equ 0x40
SHORT_LIMIT equ 0x2000

%macro GATE_TO 3                    ; selector, offset, access byte
    SET_GATE gdt + SEL_GATE, %1, %2, %3, 0
%endmacro

%macro IDT_TO 3                     ; of INT_A
    SET_GATE IDT_BASE + 8 * INT_A, %1, %2, %3, 0
%endmacro

; USER_FAULTS vector, error, label: at level 3, at `label`
%macro USER_FAULTS 3
    EXPECT_NEXT %1, %2, %%after
    ENTER_USER %3
%%after:
    EQUAL dword [fault_eip], %3
    EQUAL dword [fault_cs], SEL_CODE3
%endmacro

; USER_RUNS label: the code there ends with INT3
%macro USER_RUNS 1
    EXPECT_NEXT 3, NO_ERROR, %%after
    ENTER_USER %1
%%after:
%endmacro

; FAR_RETURN vector, error, selector, offset: RETF and then IRET to there must fault so; nothing has moved
%macro FAR_RETURN 4
    push dword 2
    push dword (%3)
    push dword (%4)
    mov ebx, esp
    EXPECT %1, %2, retf
    EQUAL esp, ebx
    EXPECT %1, %2, iretd
    EQUAL esp, ebx
    add esp, 12
%endmacro

; OUTER_RETURN vector, error, SS: RETF and IRET to level 3 with that stack segment
%macro OUTER_RETURN 3
    push dword (%3)
    push dword STACK3_TOP
    push dword 2
    push dword SEL_CODE3
    push dword user_int3
    mov ebx, esp
    EXPECT %1, %2, iretd
    EQUAL esp, ebx
    add esp, 20
    push dword (%3)
    push dword STACK3_TOP
    push dword SEL_CODE3
    push dword user_int3
    mov ebx, esp
    EXPECT %1, %2, retf
    EQUAL esp, ebx
    add esp, 16
%endmacro

main32:
    mov byte [IDT_BASE + 8 * 3 + 5], 0xEE
    SET_DESCRIPTOR SEL_CODE1, 0, 0xFFFFF, 0xC0BB
    SET_DESCRIPTOR SEL_DATA1, 0, 0xFFFFF, 0xC0B3
    SET_DESCRIPTOR SEL_ABSENT, 0, 0xFFFFF, 0xC01B
    SET_DESCRIPTOR SEL_CONF, 0, 0xFFFFF, 0xC09F
    SET_DESCRIPTOR SEL_CONF3, 0, 0xFFFFF, 0xC0FF
    SET_DESCRIPTOR SEL_SHORT, 0, SHORT_LIMIT, 0x409B
    SET_DESCRIPTOR SEL_SHORT3, 0, SHORT_LIMIT, 0x40FB
    SET_DESCRIPTOR SEL_ROM, 0, 0xFFFFF, 0xC0B1
    SET_DESCRIPTOR SEL_NODATA, 0, 0xFFFFF, 0xC033
    SET_DESCRIPTOR SEL_NODATA3, 0, 0xFFFFF, 0xC073
    SET_DESCRIPTOR SEL_CODE0R, 0, 0xFFFFF, 0xC09B
    SET_GATE gdt + SEL_GATE1, SEL_CODE1, level1_target, 0xEC, 0
    mov byte [SHORT_LIMIT], 0xCC    ; INT3 as the last byte of the short segments

    CHECK 1                         ; the gate itself
    GATE_TO SEL_CODE0, same_target, 0x0C
    EXPECT 11, SEL_GATE, {call SEL_GATE:0}
    EXPECT 11, SEL_GATE, {jmp SEL_GATE:0}
    GATE_TO SEL_CODE0, same_target, 0x8C
    call SEL_GATE:0
    EXPECT 13, SEL_GATE, {call (SEL_GATE | 1):0}
    USER_FAULTS 13, SEL_GATE, user_call_gate
    GATE_TO SEL_CODE0, same_target, 0x0C ; privilege comes before presence
    USER_FAULTS 13, SEL_GATE, user_call_gate
    GATE_TO SEL_CODE0, same_target, 0xCC ; DPL 2
    USER_FAULTS 13, SEL_GATE, user_call_gate
    CHECK 2                         ; what it leads to
    GATE_TO 0, same_target, 0x8C
    EXPECT 13, 0, {call SEL_GATE:0}
    GATE_TO 3, same_target, 0x8C
    EXPECT 13, 0, {call SEL_GATE:0}
    GATE_TO SEL_DATA0, same_target, 0x8C
    EXPECT 13, SEL_DATA0, {call SEL_GATE:0}
    GATE_TO SEL_TSS, same_target, 0x8C
    EXPECT 13, SEL_TSS, {call SEL_GATE:0}
    GATE_TO BEYOND, same_target, 0x8C
    EXPECT 13, BEYOND, {call SEL_GATE:0}
    GATE_TO SEL_ABSENT, same_target, 0x8C
    EXPECT 11, SEL_ABSENT, {call SEL_GATE:0}
    GATE_TO SEL_CODE3, same_target, 0x8C
    EXPECT 13, SEL_CODE3 & 0xFFF8, {call SEL_GATE:0}
    GATE_TO SEL_CONF3, same_target, 0x8C
    EXPECT 13, SEL_CONF3, {call SEL_GATE:0}
    CHECK 3                         ; offset and limit
    GATE_TO SEL_SHORT, SHORT_LIMIT + 1, 0x8C
    EXPECT 13, 0, {call SEL_GATE:0}
    EXPECT 13, 0, {jmp SEL_GATE:0}
    EXPECT 13, 0, {jmp SEL_SHORT:(SHORT_LIMIT + 1)}
    EXPECT 13, 0, {call SEL_SHORT:(SHORT_LIMIT + 1)}
    EXPECT_NEXT 3, NO_ERROR, .last_byte
    GATE_TO SEL_SHORT, SHORT_LIMIT, 0x8C
    jmp SEL_GATE:0
.last_byte:
    EQUAL dword [fault_cs], SEL_SHORT
    CHECK 4                         ; JMP through a gate
    GATE_TO SEL_CODE0, user_int3, 0xEC
    USER_FAULTS 13, SEL_CODE0, user_jmp_gate
    GATE_TO SEL_CONF, user_int3, 0xEC
    EXPECT_NEXT 3, NO_ERROR, .jumped
    ENTER_USER user_jmp_gate
.jumped:
    EQUAL dword [fault_cs], SEL_CONF | 3
    EQUAL dword [fault_esp], STACK3_TOP
    CHECK 5                         ; direct transfers
    USER_FAULTS 13, SEL_CODE0, user_call_code0
    EXPECT 13, SEL_CONF3, {jmp SEL_CONF3:0}
    EXPECT 13, SEL_CODE1, {jmp SEL_CODE1:0}
    EXPECT_NEXT 3, NO_ERROR, .conforming
    jmp (SEL_CONF | 3):user_int3    ; conforming: RPL does not count
.conforming:
    EQUAL dword [fault_cs], SEL_CONF
    EXPECT 13, SEL_CODE0, {jmp (SEL_CODE0 | 1):user_int3}

    CHECK 10                        ; the inner stack of a call gate
    mov dword [tss + 12], STACK1_TOP
    mov dword [tss + 16], SEL_DATA1 | 1
    USER_RUNS user_call1
    EQUAL dword [seen_esp], STACK1_TOP - 16
    mov dword [tss + 16], 0
    USER_FAULTS 10, 0, user_call1
    mov dword [tss + 16], SEL_DATA1 ; RPL 0
    USER_FAULTS 10, SEL_DATA1, user_call1
    mov dword [tss + 16], SEL_DATA1 | 2
    USER_FAULTS 10, SEL_DATA1, user_call1
    mov dword [tss + 16], SEL_DATA0 | 1 ; DPL 0
    USER_FAULTS 10, SEL_DATA0, user_call1
    mov dword [tss + 16], SEL_ROM | 1
    USER_FAULTS 10, SEL_ROM, user_call1
    mov dword [tss + 16], SEL_CODE1 | 1
    USER_FAULTS 10, SEL_CODE1, user_call1
    mov dword [tss + 16], BEYOND | 1
    USER_FAULTS 10, BEYOND, user_call1
    mov dword [tss + 16], SEL_NODATA | 1
    USER_FAULTS 12, SEL_NODATA, user_call1
    CHECK 11                        ; room for four dwords, and not
    SET_DESCRIPTOR SEL_STACK1, SMALL_AT, 0xFFF, 0x40B3
    mov dword [tss + 16], SEL_STACK1 | 1
    mov dword [tss + 12], 16
    USER_RUNS user_call1
    EQUAL dword [seen_esp], 0
    mov dword [tss + 12], 12
    USER_FAULTS 12, SEL_STACK1, user_call1
    mov dword [tss + 12], 0x1000
    USER_RUNS user_call1
    mov dword [tss + 12], 0x1001
    USER_FAULTS 12, SEL_STACK1, user_call1
    SET_DESCRIPTOR SEL_STACK1, SMALL_AT, 0xFFF, 0x40B7 ; expand down
    mov dword [tss + 12], 0x1010
    USER_RUNS user_call1
    mov dword [tss + 12], 0x100C
    USER_FAULTS 12, SEL_STACK1, user_call1
    CHECK 12                        ; the TSS must reach as far as SS1
    mov dword [tss + 12], STACK1_TOP
    mov dword [tss + 16], SEL_DATA1 | 1
    mov byte [gdt + SEL_TSS_B + 6], 0
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss), 0x11, 0x0089
    mov ax, SEL_TSS_B
    ltr ax
    USER_RUNS user_call1
    SET_DESCRIPTOR SEL_TSS_B, ABSOLUTE_OF(tss), 0x10, 0x0089
    mov ax, SEL_TSS_B
    ltr ax
    USER_FAULTS 10, SEL_TSS_B, user_call1
    mov byte [gdt + SEL_TSS + 5], 0x89
    mov ax, SEL_TSS
    ltr ax

    CHECK 20                        ; RETF and IRET: the code segment
    FAR_RETURN 13, 0, 0, after_return
    FAR_RETURN 13, SEL_DATA0, SEL_DATA0, after_return
    FAR_RETURN 13, SEL_TSS, SEL_TSS, after_return
    FAR_RETURN 13, BEYOND, BEYOND, after_return
    FAR_RETURN 13, SEL_CODE3 & 0xFFF8, SEL_CODE3 & 0xFFF8, after_return
    FAR_RETURN 13, SEL_CODE0, SEL_CODE0 | 3, after_return
    FAR_RETURN 13, SEL_CONF3, SEL_CONF3, after_return ; conforming, DPL above RPL
    FAR_RETURN 11, SEL_ABSENT, SEL_ABSENT, after_return
    FAR_RETURN 13, 0, SEL_SHORT, SHORT_LIMIT + 1
    FAR_RETURN 13, SEL_GATE, SEL_GATE, after_return
    CHECK 21                        ; the outer stack
    OUTER_RETURN 13, 0, 0
    OUTER_RETURN 13, 0, 3
    OUTER_RETURN 13, SEL_DATA3 & 0xFFF8, SEL_DATA3 & 0xFFF8
    OUTER_RETURN 13, SEL_DATA0, SEL_DATA0 | 3
    OUTER_RETURN 13, SEL_CODE3 & 0xFFF8, SEL_CODE3
    OUTER_RETURN 13, BEYOND, BEYOND | 3
    OUTER_RETURN 12, SEL_NODATA3, SEL_NODATA3 | 3
    CHECK 22                        ; to the last byte of the outer code, and beyond
    push dword SEL_DATA3
    push dword STACK3_TOP
    push dword SEL_SHORT3 | 3
    push dword SHORT_LIMIT + 1
    EXPECT 13, 0, retf
    add esp, 16
    EXPECT_NEXT 3, NO_ERROR, .short3
    push dword SEL_DATA3
    push dword STACK3_TOP
    push dword SEL_SHORT3 | 3
    push dword SHORT_LIMIT
    retf
.short3:
    EQUAL dword [fault_cs], SEL_SHORT3 | 3
    CHECK 23                        ; never inwards
    EXPECT_NEXT 13, SEL_CODE0, .retf_in
    ENTER_USER user_retf_in
.retf_in:
    EQUAL dword [fault_eip], user_retf_in.at
    EXPECT_NEXT 13, SEL_CODE0, .iret_in
    ENTER_USER user_iret_in
.iret_in:
    EQUAL dword [fault_eip], user_iret_in.at
    CHECK 24                        ; data segments that level 3 may not keep become null
    EXPECT_NEXT 3, NO_ERROR, .dropped
    mov ax, SEL_DATA3
    mov es, ax
    mov ax, SEL_CONF
    mov fs, ax
    mov ax, SEL_CODE0R
    mov gs, ax
    push dword SEL_DATA3
    push dword STACK3_TOP
    push dword 2
    push dword SEL_CODE3
    push dword user_selectors
    iretd
.dropped:
    EQUAL word [seen_ds], 0
    EQUAL word [seen_es], SEL_DATA3
    EQUAL word [seen_fs], SEL_CONF
    EQUAL word [seen_gs], 0
    CHECK 25                        ; flags that IRET at level 3 may change: neither IOPL, IF nor VM
    USER_RUNS user_iret_flags
    mov eax, [fault_eflags]
    and eax, ~EFLAGS_RF
    EQUAL eax, 2 | EFLAGS_CF | EFLAGS_NT
    CHECK 26                        ; at level 0 it may: IOPL and IF
    EXPECT_NEXT 3, NO_ERROR, .iopl
    push dword SEL_DATA3
    push dword STACK3_TOP
    push dword 2 | EFLAGS_IF | 3 << 12
    push dword SEL_CODE3
    push dword user_int3
    iretd
.iopl:
    mov eax, [fault_eflags]
    and eax, ~EFLAGS_RF
    EQUAL eax, 2 | EFLAGS_IF | 3 << 12

    CHECK 30                        ; the gate in the interrupt table
    IDT_TO SEL_CODE0, int_target, 0x0E
    EXPECT 11, INT_A * 8 + 2, {int INT_A}
    USER_FAULTS 13, INT_A * 8 + 2, user_int ; privilege comes before presence
    IDT_TO SEL_CODE0, int_target, 0xCE ; DPL 2
    USER_FAULTS 13, INT_A * 8 + 2, user_int
    IDT_TO SEL_CODE0, int_target, 0x6E
    USER_FAULTS 11, INT_A * 8 + 2, user_int
%assign type 0
%rep 16
  %if type != 5 && type != 6 && type != 7 && type != 14 && type != 15
    IDT_TO SEL_CODE0, int_target, 0xE0 | type
    EXPECT 13, INT_A * 8 + 2, {int INT_A}
  %endif
    IDT_TO SEL_CODE0, int_target, 0xF0 | type ; with S set
    EXPECT 13, INT_A * 8 + 2, {int INT_A}
  %assign type type + 1
%endrep
    CHECK 31                        ; what it leads to
    IDT_TO 0, int_target, 0x8E
    EXPECT 13, 0, {int INT_A}
    IDT_TO SEL_DATA0, int_target, 0x8E
    EXPECT 13, SEL_DATA0, {int INT_A}
    IDT_TO BEYOND, int_target, 0x8E
    EXPECT 13, BEYOND, {int INT_A}
    IDT_TO SEL_ABSENT, int_target, 0x8E
    EXPECT 11, SEL_ABSENT, {int INT_A}
    IDT_TO SEL_CODE3, int_target, 0x8E
    EXPECT 13, SEL_CODE3 & 0xFFF8, {int INT_A}
    IDT_TO SEL_CONF3, int_target, 0x8E
    EXPECT 13, SEL_CONF3, {int INT_A}
    IDT_TO SEL_SHORT, SHORT_LIMIT + 1, 0x8E
    EXPECT 13, 0, {int INT_A}
    IDT_TO SEL_SHORT, SHORT_LIMIT, 0x8E
    EXPECT_NEXT 3, NO_ERROR, .int_last
    int INT_A
.int_last:
    EQUAL dword [fault_cs], SEL_SHORT
    CHECK 32                        ; the same when the processor delivers #UD: EXT is set
    SET_GATE IDT_BASE + 8 * 6, 0, int_target, 0x8E, 0
    EXPECT 13, 1, ud2
    SET_GATE IDT_BASE + 8 * 6, SEL_DATA0, int_target, 0x8E, 0
    EXPECT 13, SEL_DATA0 | 1, ud2
    SET_GATE IDT_BASE + 8 * 6, SEL_ABSENT, int_target, 0x8E, 0
    EXPECT 11, SEL_ABSENT | 1, ud2
    SET_GATE IDT_BASE + 8 * 6, BEYOND, int_target, 0x8E, 0
    EXPECT 13, BEYOND | 1, ud2
    SET_GATE IDT_BASE + 8 * 6, SEL_SHORT, SHORT_LIMIT + 1, 0x8E, 0
    EXPECT 13, 1, ud2
    SET_GATE IDT_BASE + 8 * 6, SEL_CODE0, int_target, 0x0E, 0
    EXPECT 11, 6 * 8 + 3, ud2
    SET_GATE IDT_BASE + 8 * 6, SEL_CODE0, int_target, 0x8C, 0
    EXPECT 13, 6 * 8 + 3, ud2
    CHECK 33                        ; inner stacks of interrupts
    mov dword [tss + 12], STACK1_TOP
    IDT_TO SEL_CODE1, int_target, 0xEE
    mov dword [tss + 16], 0
    USER_FAULTS 10, 0, user_int
    mov dword [tss + 16], SEL_DATA1
    USER_FAULTS 10, SEL_DATA1, user_int
    mov dword [tss + 16], SEL_NODATA | 1
    USER_FAULTS 12, SEL_NODATA, user_int
    SET_DESCRIPTOR SEL_STACK1, SMALL_AT, 0xFFF, 0x40B3
    mov dword [tss + 16], SEL_STACK1 | 1
    mov dword [tss + 12], 16
    USER_FAULTS 12, SEL_STACK1, user_int
    mov dword [tss + 12], 20
    USER_RUNS user_int
    SET_GATE IDT_BASE + 8 * 6, SEL_CODE1, int_target, 0x8E, 0 ; #UD at level 3
    mov dword [tss + 16], SEL_NODATA | 1
    USER_FAULTS 12, SEL_NODATA | 1, user_ud
    mov dword [tss + 16], SEL_DATA0 | 1
    USER_FAULTS 10, SEL_DATA0 | 1, user_ud
    SET_GATE IDT_BASE + 8 * 6, SEL_CODE0, stubs + 8 * 6, 0x8E, 0
    CHECK 34                        ; conforming handlers run at the level of the program
    IDT_TO SEL_CONF, user_int3, 0xEE
    EXPECT_NEXT 3, NO_ERROR, .conf_int
    ENTER_USER user_int
.conf_int:
    EQUAL dword [fault_cs], SEL_CONF | 3
    EQUAL dword [fault_esp], STACK3_TOP - 12
    CHECK 35                        ; 286 gates: words, from 32-bit code
    IDT_TO SEL_CODE0, int16_target, 0x86
    mov ebx, esp
    int INT_A
.behind16:
    EQUAL esp, ebx
    EQUAL word [seen_ip], .behind16
    EQUAL word [seen_ip + 2], SEL_CODE0
    EQUAL dword [seen_esp], 6
    SET_GATE IDT_BASE + 8 * 13, SEL_CODE0, gp16_target, 0x86, 0
    mov ebx, esp
    mov ax, SEL_TSS
    mov gs, ax
    EQUAL esp, ebx
    EQUAL word [seen_error], SEL_TSS
    EQUAL dword [seen_esp], 8
    SET_GATE IDT_BASE + 8 * 13, SEL_CODE0, stubs + 8 * 13, 0x8E, 0
    CHECK 36                        ; a 286 gate's upper offset does not count
    IDT_TO SEL_CODE0, int16_target + 0x70000, 0x86
    int INT_A
    CHECK 37                        ; the end of the table, both sides
    lidt [exact_idt]
    IDT_TO SEL_CODE0, iret_target, 0x8E
    int INT_A
    lidt [short_idt]
    EXPECT 13, INT_A * 8 + 2, {int INT_A}
    lidt [idt_pointer]
    CHECK 38                        ; entry clears TF, NT, RF and for interrupt gates IF
    IDT_TO SEL_CODE0, flags_target, 0x8E
    push dword 2 | EFLAGS_NT | EFLAGS_IF
    popfd
    int INT_A
    and dword [seen_eflags], EFLAGS_NT | EFLAGS_IF
    EQUAL dword [seen_eflags], 0
    IDT_TO SEL_CODE0, flags_target, 0x8F
    int INT_A
    and dword [seen_eflags], EFLAGS_NT | EFLAGS_IF
    EQUAL dword [seen_eflags], EFLAGS_IF
    push dword 2
    popfd
    ret

after_return:
    jmp fail

same_target:
    retf
int_target:
    int3
iret_target:
    iretd
flags_target:
    pushfd
    pop dword [seen_eflags]
    iretd
level1_target:
    mov ax, SEL_DATA3
    mov ds, ax
    mov [seen_esp], esp
    retf

int16_target:
    mov eax, [esp]
    mov [seen_ip], eax
    mov eax, ebx
    sub eax, esp
    mov [seen_esp], eax
    o16 iret

gp16_target:
    mov ax, [esp]
    mov [seen_error], ax
    mov eax, ebx
    sub eax, esp
    mov [seen_esp], eax
    add esp, 2
    add word [esp], 2               ; behind MOV GS, AX
    o16 iret

user_int3:
    int3
user_call_gate:
    call (SEL_GATE | 3):0
user_jmp_gate:
    jmp (SEL_GATE | 3):0
user_call_code0:
    call (SEL_CODE0 | 3):0
user_call1:
    call (SEL_GATE1 | 3):0
    int3
user_retf_in:
    push dword SEL_CODE0
    push dword user_int3
.at:
    retf
user_iret_in:
    push dword 2
    push dword SEL_CODE0
    push dword user_int3
.at:
    iretd
user_selectors:
    mov eax, ds
    mov cx, SEL_DATA3
    mov ds, cx
    mov [seen_ds], ax
    mov [seen_es], es
    mov [seen_fs], fs
    mov [seen_gs], gs
    int3
user_iret_flags:
    push dword 2 | EFLAGS_CF | EFLAGS_NT | EFLAGS_IF | EFLAGS_VM | 3 << 12
    push dword SEL_CODE3
    push dword user_int3
    iretd
user_int:
    int INT_A
    int3
user_ud:
    ud2

align 4
seen_esp:    dd 0
seen_eflags: dd 0
seen_ip:     dd 0
seen_error:  dw 0
seen_ds:     dw 0
seen_es:     dw 0
seen_fs:     dw 0
seen_gs:     dw 0
exact_idt:
    dw INT_A * 8 + 7
    dd IDT_BASE
short_idt:
    dw INT_A * 8 + 6
    dd IDT_BASE

GUEST_END
