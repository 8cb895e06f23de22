; SPDX-License-Identifier: MIT
; models: 286=2
; LOADALL of the 80286: every register from a table at 800h, hidden parts that no selector gives, protected mode on (and
; never off), the privilege level of the stack segment.
%include "guest16.inc"
cpu 286

TABLE      equ 0x0800
TABLE_SIZE equ 0x66
HIGH_BASE  equ 0x104000             ; FFFF:4010
STACK0     equ 0x6000
SEL_CODE0  equ 0x08
SEL_DATA0  equ 0x10

%macro LOADALL 0
    db 0x0F, 0x05
%endmacro

; CHECK where code segments cannot be written
%macro CHECK_PROTECTED 1
    mov byte [check_number], %1
%endmacro

; PART base, access rights, limit
%macro PART 3
    dw (%1) & 0xFFFF
    db ((%1) >> 16) & 0xFF, %2
    dw %3
%endmacro

main16:
    CHECK 1                         ; real-address mode with a segment beyond 1 MiB
    mov si, real_table
    call copy_table
    LOADALL
    jmp fail
in_real_mode:
    mov [cs:seen_sp], sp
    mov sp, STACK_TOP - 0x100
    pushf
    pop word [cs:seen_flags]
    EQUAL word [cs:seen_flags], 0x0847
    EQUAL word [cs:seen_sp], 0x6F00
    EQUAL ax, 0x0A0A
    EQUAL bx, 0x0B0B
    EQUAL cx, 0x0C0C
    EQUAL dx, 0x0D0D
    EQUAL si, 0x0505
    EQUAL di, 0x0101
    EQUAL bp, 0x0606
    mov ax, ds
    EQUAL ax, 0x1111
    mov ax, es
    EQUAL ax, 0x2222
    CHECK 2
    mov word [0x20], 0xBEEF
    mov ax, 0xFFFF
    mov es, ax
    EQUAL word [es:0x4010 + 0x20], 0xBEEF
    EXPECT 13, mov al, [0x0100]     ; the hidden limit

    CHECK 3                         ; into protected mode
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov si, protected_table
    call copy_table
    LOADALL
    jmp fail
in_protected_mode:
    smsw ax
    EQUAL ax, 0xFFF1
    mov ax, cs
    EQUAL ax, SEL_CODE0
    mov ax, SEL_DATA0
    mov ds, ax
    mov es, ax
    CHECK_PROTECTED 4               ; PE cannot be cleared
    mov word [TABLE + 0x06], 0xFFF0
    mov word [TABLE + 0x1A], still_protected
    LOADALL
    jmp fail
still_protected:
    smsw ax
    EQUAL ax, 0xFFF1

    mov ax, SEL_DATA0
    mov ds, ax
    mov es, ax
    CHECK_PROTECTED 5               ; the level is that of SS; LOADALL is privileged
    mov si, user_table
    call copy_table
    LOADALL
    jmp fail
in_user_mode:
    mov ax, cs
    and ax, 3
    EQUAL ax, 3
user_loadall:
    LOADALL
    jmp fail
general_fault:                      ; on the inner stack: error code, IP, CS, FLAGS, SP, SS
    mov ax, SEL_DATA0
    mov ds, ax
    pop ax
    EQUAL ax, 0
    pop ax
    EQUAL ax, user_loadall
    pop ax
    EQUAL ax, 0x1B
    pop ax
    EQUAL ax, 0x0046                ; of the last comparison
    pop ax
    EQUAL ax, 0x5000
    pop ax
    EQUAL ax, 0x23
    EQUAL sp, STACK0
    jmp pass

copy_table:
    mov di, TABLE
    mov cx, TABLE_SIZE / 2
    ss rep movsw                    ; DS may keep a limit of its own
    ret

real_table:
    dw 0, 0, 0, 0xFFF0
    times 0x16 - ($ - real_table) db 0
    dw 0, 0x0847, in_real_mode, 0
    dw 0x1111, 0, 0, 0x2222         ; DS SS CS ES
    dw 0x0101, 0x0505, 0x0606, 0x6F00, 0x0B0B, 0x0D0D, 0x0C0C, 0x0A0A
    PART 0, 0x93, 0xFFFF            ; ES
    PART 0, 0x93, 0xFFFF            ; CS
    PART 0, 0x93, 0xFFFF            ; SS
    PART HIGH_BASE, 0x93, 0x00FF    ; DS
    PART 0, 0xFF, 0                 ; GDTR
    PART 0, 0x82, 0                 ; LDTR
    PART 0, 0xFF, 0x03FF            ; IDTR
    PART 0, 0x83, 0x2B              ; TR
    times TABLE_SIZE - ($ - real_table) db 0

protected_table:
    dw 0, 0, 0, 0xFFF1
    times 0x16 - ($ - protected_table) db 0
    dw 0x28, 0x0002, in_protected_mode, 0
    dw SEL_DATA0, SEL_DATA0, SEL_CODE0, SEL_DATA0
    dw 0, 0, 0, STACK0, 0, 0, 0, 0
    PART 0, 0x93, 0xFFFF
    PART 0, 0x9B, 0xFFFF
    PART 0, 0x93, 0xFFFF
    PART 0, 0x93, 0xFFFF
    PART ABSOLUTE_OF(gdt), 0xFF, gdt_end - gdt - 1
    PART 0, 0x82, 0
    PART ABSOLUTE_OF(idt), 0xFF, idt_end - idt - 1
    PART ABSOLUTE_OF(tss), 0x83, 0x2B
    times TABLE_SIZE - ($ - protected_table) db 0

user_table:
    dw 0, 0, 0, 0xFFF1
    times 0x16 - ($ - user_table) db 0
    dw 0x28, 0x0002, in_user_mode, 0
    dw 0x23, 0x23, 0x1B, 0x23
    dw 0, 0, 0, 0x5000, 0, 0, 0, 0
    PART 0, 0xF3, 0xFFFF
    PART 0, 0xFB, 0xFFFF
    PART 0, 0xF3, 0xFFFF
    PART 0, 0xF3, 0xFFFF
    PART ABSOLUTE_OF(gdt), 0xFF, gdt_end - gdt - 1
    PART 0, 0x82, 0
    PART ABSOLUTE_OF(idt), 0xFF, idt_end - idt - 1
    PART ABSOLUTE_OF(tss), 0x83, 0x2B
    times TABLE_SIZE - ($ - user_table) db 0

; The last word of a 286 descriptor is ignored: these would be beyond 4 GiB otherwise.
gdt:
    dw 0, 0, 0, 0
    dw 0xFFFF, 0, 0x9B00, 0xFFFF
    dw 0xFFFF, 0, 0x9300, 0xFFFF
    dw 0xFFFF, 0, 0xFB00, 0xFFFF
    dw 0xFFFF, 0, 0xF300, 0xFFFF
gdt_end:
idt:
    times 13 dw 0, 0, 0, 0
    dw general_fault, SEL_CODE0, 0x8600, 0xFFFF
idt_end:
tss:
    dw 0, STACK0, SEL_DATA0
    times 0x2C - ($ - tss) db 0
seen_sp:    dw 0
seen_flags: dw 0
    GUEST_END
