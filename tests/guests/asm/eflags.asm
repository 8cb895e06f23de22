; SPDX-License-Identifier: MIT
; models: 8086=0 286=2 386=3 486=4 pentium=5 pentiumpro=6 pentium4=15
; Which flags PUSHF shows and POPF and IRET set in real-address mode, by model (SDM 1 3.4.3, 3B 22.23). The runner's number is
; that of identify.asm.
%include "guest16.inc"

IN_FLAGS equ 0x0CD5                 ; OF DF SF ZF AF PF CF

; FLAGS_IMAGE in, out: POPF of one must read back as the other, and so IRET's
%macro FLAGS_IMAGE 2
    mov bx, %1
    mov dx, %2
    call flags_image
%endmacro

; The same for 32-bit images
%macro EFLAGS_IMAGE 2
    mov ebx, %1
    mov edx, %2
    call eflags_image
%endmacro

main16:
    in al, ARGUMENT_PORT
    cmp al, 2
    ja since_386
    je on_286
    CHECK 1
    FLAGS_IMAGE 0, 0xF002
    FLAGS_IMAGE 0xFFFF & ~0x300, 0xF002 | IN_FLAGS
    ret
on_286:
    CHECK 2
    FLAGS_IMAGE 0, 0x0002
    FLAGS_IMAGE 0xFFFF & ~0x300, 0x0002 | IN_FLAGS
    ret
since_386:
    CHECK 3
    FLAGS_IMAGE 0, 0x0002
    FLAGS_IMAGE 0xFFFF & ~0x300, 0x0002 | IN_FLAGS | FLAGS_IOPL | FLAGS_NT
    FLAGS_IMAGE 0x1000, 0x1002
    FLAGS_IMAGE 0x2000, 0x2002
    FLAGS_IMAGE 0x4000, 0x4002
cpu 386
    CHECK 4                         ; RF and VM never, AC from the 486, ID where CPUID is
    mov esi, 0x00000002
    cmp al, 4
    jb .upper
    or esi, EFLAGS_AC | EFLAGS_ID
.upper:
    EFLAGS_IMAGE 0xFFFFFFFF & ~0x7FFF, esi
    EFLAGS_IMAGE EFLAGS_RF | EFLAGS_VM | IN_FLAGS, 0x0002 | IN_FLAGS
    CHECK 5                         ; a 16-bit image leaves the upper half alone
    mov ebx, EFLAGS_AC | EFLAGS_ID
    push ebx
    popfd
    push word 0
    popf
    pushfd
    pop ebx
    EQUAL ebx, esi
    push dword 2
    popfd
    ret

; EBX into EFLAGS by POPFD and by IRETD; each must read back as EDX.
eflags_image:
    push ebx
    popfd
    pushfd
    pop ecx
    EQUAL ecx, edx
    push ebx
    push dword 0
    push dword .after
    iretd
.after:
    pushfd
    pop ecx
    EQUAL ecx, edx
    push dword 2
    popfd
    ret
cpu 8086

; BX into FLAGS by POPF and by IRET; each must read back as DX.
flags_image:
    push bx
    popf
    pushf
    pop cx
    EQUAL cx, dx
    push bx
    xor cx, cx
    push cx
    mov cx, .after
    push cx
    iret
.after:
    pushf
    pop cx
    EQUAL cx, dx
    mov cx, 2
    push cx
    popf
    ret

    GUEST_END
