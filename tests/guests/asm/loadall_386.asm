; SPDX-License-Identifier: MIT
; models: 386=3
; LOADALL of the 80386: every register from the table at ES:EDI, hidden parts that no selector gives, debug registers, to
; real-address mode and back, privilege.
%include "guest.inc"

HIGH_BASE equ 0x200000

%macro LOADALL 0
    db 0x0F, 0x07
%endmacro

; PART access rights (bits 8-23 of a descriptor's high dword, in place), base, limit
%macro PART 3
    dd %1, %2, %3
%endmacro

FLAT_CODE equ 0xC09B00
FLAT_DATA equ 0xC09300
CODE16    equ 0x009B00
DATA16    equ 0x009300

main32:
    CHECK 1
    mov [stack], esp
    mov edi, first_table
    LOADALL
    jmp fail
.loaded:
    mov [ss:seen], esp
    mov esp, [ss:stack]
    pushfd
    pop dword [ss:seen + 4]
    EQUAL dword [ss:seen], 0x04040404
    EQUAL dword [ss:seen + 4], 0x0847
    EQUAL eax, 0x0A0A0A0A
    EQUAL ebx, 0x0B0B0B0B
    EQUAL ecx, 0x0C0C0C0C
    EQUAL edx, 0x0D0D0D0D
    EQUAL esi, 0x05050505
    EQUAL edi, 0x01010101
    EQUAL ebp, 0x06060606
    CHECK 2                         ; selectors are only numbers here
    mov ax, fs
    EQUAL ax, 0x1234
    mov dword [fs:8], 0xCAFEBABE
    EQUAL dword [ss:HIGH_BASE + 8], 0xCAFEBABE
    EXPECT 13, 0, mov al, [fs:0x10]
    mov ax, SEL_DATA0
    mov ds, ax
    mov es, ax
    CHECK 3
    mov eax, dr7
    EQUAL eax, 0x00000702
    mov eax, dr6
    EQUAL eax, 0xFFFF0FF5
    mov eax, cr0
    and eax, 0xF
    EQUAL eax, 9                    ; TS and PE
    clts
    xor eax, eax
    mov dr7, eax

    CHECK 4                         ; privileged
    ENTER_USER .user
.user:
    EXPECT 13, 0, LOADALL
    mov ax, SEL_DATA0
    mov ds, ax
    mov es, ax

    CHECK 5                         ; to real-address mode with a 4 GiB data segment, and back
    mov edi, real_table
    LOADALL
    jmp fail
bits 16
in_real_mode:
    mov eax, cr0
    test al, 1
    jnz .bad
    mov ax, cs
    cmp ax, 0x4321                  ; not 0, where it runs
    jne .bad
    mov dword [dword HIGH_BASE + 0x10], 0x12345678
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword SEL_CODE0:.back
.bad:
    mov al, EXIT_FAIL + 5
    out EXIT_PORT, al
    hlt
bits 32
.back:
    mov ax, SEL_DATA0
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov esp, [stack]
    EQUAL dword [HIGH_BASE + 0x10], 0x12345678
    ret

align 4
first_table:
    dd 0x19, 0x0847, main32.loaded
    dd 0x01010101, 0x05050505, 0x06060606, 0x04040404, 0x0B0B0B0B, 0x0D0D0D0D, 0x0C0C0C0C, 0x0A0A0A0A
    dd 5, 0x00000702                ; DR6, DR7: B0 and B2; G0 with a code breakpoint at 0, which is not met
    dd SEL_TSS, 0, SEL_DATA0, 0x1234, SEL_DATA0, SEL_DATA0, SEL_CODE0, SEL_DATA0
    PART 0x008B00, tss, tss_end - tss - 1
    PART 0, IDT_BASE, 0x7FF
    PART 0, gdt, GDT_SIZE - 1
    PART 0x008200, 0, 0             ; LDTR
    PART FLAT_DATA, 0, 0xFFFFFFFF   ; GS
    PART DATA16, HIGH_BASE, 0x0F    ; FS
    PART FLAT_DATA, 0, 0xFFFFFFFF   ; DS
    PART FLAT_DATA, 0, 0xFFFFFFFF   ; SS
    PART FLAT_CODE, 0, 0xFFFFFFFF   ; CS
    PART FLAT_DATA, 0, 0xFFFFFFFF   ; ES

real_table:
    dd 0x10, 2, in_real_mode
    dd 0, 0, 0, 0, 0, 0, 0, 0
    dd 0, 0x400
    dd SEL_TSS, 0, 0, 0, 0, 0, 0x4321, 0
    PART 0x008B00, tss, tss_end - tss - 1
    PART 0, IDT_BASE, 0x7FF
    PART 0, gdt, GDT_SIZE - 1
    PART 0x008200, 0, 0
    PART FLAT_DATA, 0, 0xFFFFFFFF
    PART FLAT_DATA, 0, 0xFFFFFFFF
    PART FLAT_DATA, 0, 0xFFFFFFFF
    PART DATA16, 0, 0xFFFF
    PART CODE16, 0, 0xFFFF
    PART FLAT_DATA, 0, 0xFFFFFFFF

stack: dd 0
seen:  dd 0, 0
    GUEST_END
