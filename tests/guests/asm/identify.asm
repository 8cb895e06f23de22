; SPDX-License-Identifier: MIT
; models: 8086=0 286=2 386=3 486=4 pentium=5 pentium-mmx=5 pentiumpro=6 pentium2=6 pentium3=6 pentium4=15 core2=6
; How software tells processors apart: bits 12 to 15 of FLAGS, AC, ID, then CPUID (Intel AP-485), and older ways: PUSH SP,
; shift counts, the return address of a divide error, the machine status word, opcodes that came and went.
%include "guest16.inc"

CLASS_8086 equ 0
CLASS_286  equ 2
CLASS_386  equ 3

main16:
    in al, ARGUMENT_PORT
    xor ah, ah
    mov [class], ax
    CHECK 1
    call identify
    EQUAL ax, [class]
    CHECK 2
    call push_sp
    CHECK 3
    call shift_count
    CHECK 4
    call divide_error
    CHECK 5
    call multiply_flags
    cmp word [class], CLASS_286
    jb .end
    CHECK 6
    call status_word
    CHECK 7
    call missing_opcodes
.end:
    ret

; AX: 0 8086, 2 80286, 3 80386, else the family
identify:
    pushf
    pop ax
    and ax, 0x0FFF                  ; the 8086 holds bits 12-15 at 1
    push ax
    popf
    pushf
    pop ax
    and ax, 0xF000
    cmp ax, 0xF000
    je .is_8086
    mov ax, 0xF000                  ; the 286 in real-address mode at 0
    push ax
    popf
    pushf
    pop ax
    test ax, 0xF000
    jz .is_286
cpu 386
    mov ecx, EFLAGS_AC              ; the 386 knows no AC
    call toggles
    jz .is_386
    mov ecx, EFLAGS_ID
    call toggles
    mov ax, 4
    jz .end                         ; an early 486
    mov eax, 1
cpu 586
    cpuid
cpu 386
    mov cl, ah
    and ax, 0x0F00
    shr ax, 8
.end:
    ret
cpu 8086
.is_8086:
    mov ax, CLASS_8086
    ret
.is_286:
    mov ax, CLASS_286
    ret
.is_386:
    mov ax, CLASS_386
    ret

cpu 386
; ZF clear where the EFLAGS bit ECX can be changed
toggles:
    pushfd
    pop eax
    mov edx, eax
    xor eax, ecx
    push eax
    popfd
    pushfd
    pop eax
    push edx
    popfd
    xor eax, edx
    test eax, ecx
    ret
cpu 8086

; The 8086 pushes SP as it is after the push.
push_sp:
    mov bx, sp
    push sp
    pop ax
    sub bx, ax
    mov ax, 0
    cmp word [class], CLASS_8086
    jne .check
    mov ax, 2
.check:
    EQUAL bx, ax
    ret

; From the 186 on, counts are cut to five bits.
shift_count:
    mov ax, 1
    mov cl, 33
    shl ax, cl
    mov bx, 2
    cmp word [class], CLASS_8086
    jne .check
    xor bx, bx
.check:
    EQUAL ax, bx
    ret

; The 8086 returns behind the division, its successors to it.
divide_error:
    mov byte [expected_vector], 0
    mov word [resume_ip], .after
    mov [resume_sp], sp
    mov ax, 1000
    mov bl, 1
.insn:
    div bl
.next:
    jmp fail
.after:
    mov ax, .insn
    cmp word [class], CLASS_8086
    jne .check
    mov ax, .next
.check:
    EQUAL [fault_ip], ax
    ret

; A NEC V20 keeps ZF here, the 8086 clears it.
multiply_flags:
    xor ax, ax
    mov al, 0x40
    mul al
    cmp word [class], CLASS_8086
    jne .end
    xor ax, ax
    mov al, 0x40
    mul al
    MUST nz
.end:
    ret

cpu 386
; Bits 4 to 15 of the 286's status word are ones; the 386 has ET in bit 4 and zeros above.
status_word:
    smsw ax
    and ax, 0xFFFE
    cmp word [class], CLASS_286
    jne .later
    EQUAL ax, 0xFFF0
    ret
.later:
    and ax, 0xFFC0
    EQUAL ax, 0
    ret

; Instructions that a model lacks are undefined.
missing_opcodes:
    EXPECT 6, db 0x0F, 0xFF, 0xC0
    cmp word [class], CLASS_286
    jne .since_386
    EXPECT 6, db 0x66, 0x90         ; operand size
    EXPECT 6, db 0x0F, 0x20, 0xC0   ; MOV EAX,CR0
    EXPECT 6, db 0x0F, 0x07         ; LOADALL of the 386
    ret
.since_386:
    EXPECT 6, db 0x0F, 0x05         ; LOADALL of the 286
    cmp word [class], CLASS_386
    jne .since_486
    EXPECT 6, db 0x0F, 0xA2         ; CPUID
    EXPECT 6, db 0x0F, 0xC8         ; BSWAP EAX
    ret
.since_486:
    EXPECT 6, db 0x0F, 0x07         ; LOADALL of the 386
    cmp word [class], 4
    ja .end
    EXPECT 6, db 0x0F, 0x31         ; RDTSC
.end:
    ret
cpu 8086

class: dw 0
    GUEST_END
