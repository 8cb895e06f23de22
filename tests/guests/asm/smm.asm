; SPDX-License-Identifier: MIT
; models: pentiumpro pentium pentium2 pentium4
; board
; System management mode: entry state, state save map, RSM, HLT and I/O restart, what is blocked and what is latched,
; SMBASE relocation, single step and V86 underneath (SDM 3C 31).
;
; The handler is copied to 38000h, where SMBASE leads after a reset, and to A8000h, where a BIOS may have moved it. It
; keeps the save area and the registers that it found in `map` and `seen_...`, then does what the command in port B2h
; says. Its own code runs at any SMBASE: offsets are those of the segment.
%include "guest.inc"

APMC        equ 0xB2
SEL_HIDDEN  equ SEL_FREE            ; a descriptor that is changed after it has been loaded
SMI_OFFSET  equ 0x8000
NEW_SMBASE  equ 0x48000
SMM_IVT     equ 0x2000              ; for the handler's own interrupts
STREAM      equ 0x2400              ; OUTSB operands

; Fields of the P6 map, by their offset from SMBASE + 8000h
MAP_SMBASE  equ 0x7EF8
MAP_REVISION equ 0x7EFC
MAP_IO      equ 0x7F00
MAP_HALT    equ 0x7F02
MAP_EAX     equ 0x7FD0
MAP_EIP     equ 0x7FF0
MAP_EFLAGS  equ 0x7FF4
MAP_CR0     equ 0x7FFC
%define MAP(offset) map + (offset) - 0x7E00

; Commands
CMD_NOTHING equ 0
CMD_EDIT    equ 1                   ; EAX, EIP and EFLAGS of the map from edit_...
CMD_HALT_CLEAR equ 2                ; the halt slot to 0
CMD_RESTART equ 3                   ; the I/O slot to FFh, the first time
CMD_NEST    equ 4                   ; two more SMIs while one is served
CMD_NMI     equ 5                   ; an NMI
CMD_NMI_OPEN equ 6                  ; IRET, then an NMI
CMD_INTR    equ 7                   ; INTR with vector 40h
CMD_RELOCATE equ 8                  ; SMBASE from edit_eax
CMD_SHUTDOWN equ 9                  ; CR0 of the map from edit_eax
CMD_INTR_LATER equ 10              ; INTR with vector 41h, later

%macro SMI 1
    mov al, %1
    out APMC, al
%endmacro

main32:
    in al, RUNNER_PORT
    cmp al, 0x5A
    je .ready
    call board_setup
.ready:
    mov edi, 0x38000
    call copy_handler
    mov edi, 0xA8000
    call copy_handler
    mov edi, NEW_SMBASE + SMI_OFFSET
    call copy_handler

    CHECK 1                         ; RSM exists only inside
    EXPECT 6, NO_ERROR, {rsm}
    EXPECT_NEXT 6, NO_ERROR, .after_user
    ENTER_USER user_rsm
.after_user:
    EQUAL dword [fault_eip], user_rsm

    CHECK 2                         ; one SMI a write; execution goes on behind it
    call clear_seen
    SMI CMD_NOTHING
    EQUAL dword [seen_count], 1

    ; State at entry, from a state that differs in every bit that entry changes.
    CHECK 3
    call clear_seen
    mov eax, cr4
    mov [saved_cr4], eax
    or eax, 0x10
    mov cr4, eax
    mov eax, 0x700
    mov dr7, eax
    mov eax, cr0
    or eax, 8 | 2                   ; TS, MP
    mov cr0, eax
    stc
    std
    SMI CMD_NOTHING
    cld
    MUST c
    EQUAL dword [seen_count], 1
    mov eax, cr0
    and eax, ~9
    EQUAL dword [seen_cr0], eax     ; MP stays, PE and TS go
    EQUAL dword [seen_cr4], 0
    EQUAL dword [seen_eflags], 2
    EQUAL dword [seen_dr7], 0x400
    EQUAL word [seen_ds], 0
    EQUAL word [seen_es], 0
    EQUAL word [seen_ss], 0
    EQUAL word [seen_fs], 0
    EQUAL word [seen_gs], 0
    mov eax, [MAP(MAP_SMBASE)]
    shr eax, 4
    EQUAL word [seen_cs], ax

    CHECK 4                         ; and back
    mov eax, cr0
    test al, 8
    MUST nz
    clts
    mov eax, cr4
    test al, 0x10
    MUST nz
    mov eax, [saved_cr4]
    mov cr4, eax
    mov eax, dr7
    EQUAL eax, 0x700
    mov eax, 0x400
    mov dr7, eax

    ; The save area, field by field (SDM 3C table 31-1).
    CHECK 5
    call clear_seen
    mov ebx, 0xB0B0B0B0
    mov ecx, 0xC0C0C0C0
    mov edx, 0xD0D0D0D0
    mov esi, 0x51515151
    mov edi, 0xD1D1D1D1
    mov ebp, 0xBBBBBBBB
    mov eax, 0xA0A0A000 | CMD_NOTHING
    out APMC, al
.behind_out:
    EQUAL eax, 0xA0A0A000
    EQUAL ebx, 0xB0B0B0B0
    EQUAL ecx, 0xC0C0C0C0
    EQUAL edx, 0xD0D0D0D0
    EQUAL esi, 0x51515151
    EQUAL edi, 0xD1D1D1D1
    EQUAL ebp, 0xBBBBBBBB
    EQUAL dword [MAP(0x7FD0)], eax
    EQUAL dword [MAP(0x7FD4)], ecx
    EQUAL dword [MAP(0x7FD8)], edx
    EQUAL dword [MAP(0x7FDC)], ebx
    EQUAL dword [MAP(0x7FE0)], esp
    EQUAL dword [MAP(0x7FE4)], ebp
    EQUAL dword [MAP(0x7FE8)], esi
    EQUAL dword [MAP(0x7FEC)], edi
    EQUAL dword [MAP(MAP_EIP)], .behind_out
    CHECK 6
    mov eax, cr0
    EQUAL dword [MAP(MAP_CR0)], eax
    mov eax, cr3
    EQUAL dword [MAP(0x7FF8)], eax
    EQUAL dword [MAP(0x7FC8)], 0x400
    mov eax, dr6
    EQUAL dword [MAP(0x7FCC)], eax
    EQUAL word [MAP(0x7FC4)], SEL_TSS
    EQUAL word [MAP(0x7FAC)], SEL_CODE0
    EQUAL word [MAP(0x7FA8)], SEL_DATA0
    EQUAL word [MAP(0x7FB0)], SEL_DATA0
    EQUAL word [MAP(0x7FB4)], SEL_DATA0
    EQUAL word [MAP(0x7FB8)], SEL_DATA0
    EQUAL word [MAP(0x7FBC)], SEL_DATA0
    CHECK 7
    EQUAL word [MAP(MAP_HALT)], 0
    EQUAL word [MAP(MAP_IO)], 0
    test dword [MAP(MAP_REVISION)], 1 << 17
    MUST nz
    EQUAL word [MAP(MAP_REVISION)], 0

    ; Hidden parts come back as they were, not from the tables.
    CHECK 8
    SET_DESCRIPTOR SEL_HIDDEN, 0x10000, 0xFFF, 0x4093
    mov ax, SEL_HIDDEN
    mov gs, ax
    mov dword [gdt + SEL_HIDDEN], 0
    mov dword [gdt + SEL_HIDDEN + 4], 0
    mov dword [0x10FFC], 0x1DDE1DDE
    SMI CMD_NOTHING
    EQUAL dword [gs:0xFFC], 0x1DDE1DDE
    EXPECT 13, 0, {mov eax, [gs:0xFFD]}

    ; What the manual lets the handler write.
    CHECK 9
    mov dword [edit_eax], 0xED17ED17
    mov dword [edit_eip], .edited
    mov dword [edit_eflags], 2 | EFLAGS_CF | 0x400
    clc
    SMI CMD_EDIT
    jmp fail
.edited:
    pushfd
    cld
    EQUAL eax, 0xED17ED17
    pop eax
    EQUAL eax, 2 | EFLAGS_CF | 0x400

    ; An SMI during an SMI is latched, once.
    CHECK 10
    call clear_seen
    SMI CMD_NEST
.behind_nest:
    EQUAL dword [seen_count], 2
    EQUAL dword [MAP(MAP_EIP)], .behind_nest

    ; A single step is overtaken, not lost.
    CHECK 11
    call clear_seen
    xor eax, eax
    mov dr6, eax
    EXPECT_NEXT 1, NO_ERROR, .stepped
    mov al, CMD_NOTHING
    pushfd
    or dword [esp], EFLAGS_TF
    popfd
    out APMC, al
.behind_step:
    jmp fail
.stepped:
    EQUAL dword [fault_eip], .behind_step
    EQUAL dword [seen_count], 1
    mov eax, dr6
    and eax, 0xE00F
    EQUAL eax, 0x4000
    xor eax, eax
    mov dr6, eax

    ; Level 3, and V86 mode at IOPL 3.
    CHECK 12
    call clear_seen
    mov byte [IDT_BASE + 8 * 3 + 5], 0xEE
    and byte [tss_io_map + APMC / 8], ~(1 << (APMC & 7))
    EXPECT_NEXT 3, NO_ERROR, .user_done
    ENTER_USER user_smi
.user_done:
    EQUAL dword [fault_cs], SEL_CODE3
    EQUAL dword [seen_count], 1
    CHECK 13
    call clear_seen
    mov esi, v86_smi
    mov edi, 0x12000
    mov ecx, v86_smi_end - v86_smi
    rep movsb
    EXPECT_NEXT 3, NO_ERROR, .v86_done
    push dword 0x4444
    push dword 0x3333
    push dword 0x1111
    push dword 0x2222
    push dword 0x1200
    push dword 0x0800
    push dword EFLAGS_VM | 2
    push dword 0x1200
    push dword 0
    iretd
.v86_done:
    EQUAL dword [seen_count], 1
    test dword [fault_eflags], EFLAGS_VM
    MUST nz
    EQUAL dword [fault_cs], 0x1200
    EQUAL dword [fault_eip], v86_smi_end - v86_smi
    test dword [MAP(MAP_EFLAGS)], EFLAGS_VM
    MUST nz

    ; SMBASE.
    CHECK 14
    call clear_seen
    SMI CMD_NOTHING
    mov ebx, [MAP(MAP_SMBASE)]
    mov [old_smbase], ebx
    mov dword [edit_eax], NEW_SMBASE
    SMI CMD_RELOCATE
    EQUAL dword [MAP(MAP_SMBASE)], ebx  ; in the area of the old one
    mov ebx, [old_smbase]
    mov [edit_eax], ebx
    SMI CMD_RELOCATE
    EQUAL word [seen_cs], NEW_SMBASE >> 4
    EQUAL dword [MAP(MAP_SMBASE)], NEW_SMBASE
    SMI CMD_NOTHING
    mov ebx, [old_smbase]
    EQUAL dword [MAP(MAP_SMBASE)], ebx
    EQUAL dword [seen_count], 4

    ; Paging is off in the handler and on behind it, with nothing stale.
    CHECK 15
    call build_tables
    mov eax, PD
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    jmp short .paged
.paged:
    EQUAL dword [0x400000], 0x0A0A0A0A
    mov dword [PT1], FRAME_B | 3
    call clear_seen
    SMI CMD_NOTHING
    EQUAL dword [seen_count], 1
    test dword [seen_cr0], 0x80000000
    MUST z
    EQUAL dword [0x400000], 0x0B0B0B0B
    mov eax, cr0
    and eax, 0x7FFFFFFF
    mov cr0, eax

    in al, RUNNER_PORT
    cmp al, 0x5A
    jne shutdown_checks

    ; HLT: left alone, the slot leads back into it; cleared, behind it.
    CHECK 20
    call clear_seen
    mov eax, EVENT_SMI | 100 << 16
    mov byte [next_command], CMD_HALT_CLEAR
    out EVENT_PORT, eax
    cli
    hlt
.behind_hlt:
    EQUAL dword [seen_count], 1
    EQUAL word [MAP(MAP_HALT)], 1
    EQUAL dword [MAP(MAP_EIP)], .behind_hlt
    CHECK 21
    call clear_seen
    mov byte [next_command], CMD_INTR_LATER
    mov eax, EVENT_SMI | 100 << 16
    out EVENT_PORT, eax
    EXPECT_NEXT 0x41, NO_ERROR, .woken
    sti
    hlt
.behind_hlt2:
    jmp fail
.woken:
    EQUAL dword [fault_eip], .behind_hlt2
    EQUAL dword [seen_count], 1
    EQUAL word [MAP(MAP_HALT)], 1
    mov byte [next_command], 0xFF

    ; The I/O slot.
    CHECK 22
    call clear_seen
    mov byte [restarted], 0
    SMI CMD_RESTART
.behind_restart:
    EQUAL dword [seen_count], 2
    EQUAL dword [MAP(MAP_EIP)], .behind_restart
    CHECK 23                        ; a string: the iteration is repeated, registers and all
    call clear_seen
    mov byte [restarted], 0
    mov dword [STREAM], CMD_NOTHING << 24 | CMD_RESTART << 16 | CMD_NOTHING << 8 | CMD_NOTHING
    mov esi, STREAM
    mov ecx, 4
    mov edx, APMC
    rep outsb
    EQUAL dword [seen_count], 5
    EQUAL esi, STREAM + 4
    EQUAL ecx, 0

    ; NMI: blocked inside, served at once behind; IRET opens it; what had been blocked stays blocked.
    CHECK 24
    call clear_seen
    EXPECT_NEXT 2, NO_ERROR, .nmi
    SMI CMD_NMI
.behind_nmi:
    jmp fail
.nmi:
    EQUAL dword [fault_eip], .behind_nmi
    EQUAL dword [smm_nmis], 0
    call end_nmi
    CHECK 25
    call clear_seen
    SMI CMD_NMI_OPEN
    EQUAL dword [smm_nmis], 1
    CHECK 26
    call clear_seen
    EXPECT_NEXT 2, NO_ERROR, .in_nmi
    out NMI_PORT, al
    jmp fail
.in_nmi:
    SMI CMD_NMI                     ; inside an NMI handler
    nop
    EXPECT_NEXT 2, NO_ERROR, .second_nmi
    pushfd
    push dword SEL_CODE0
    push dword .opened
    iretd
.opened:
    jmp fail
.second_nmi:
    EQUAL dword [fault_eip], .opened
    call end_nmi

    ; INTR waits for RSM.
    CHECK 27
    call clear_seen
    EXPECT_NEXT 0x42, NO_ERROR, .intr
    mov al, CMD_INTR
    sti
    nop
    out APMC, al
.behind_intr:
    jmp fail
.intr:
    EQUAL dword [fault_eip], .behind_intr
    cli

    ; The shadow of MOV SS holds an SMI back.
    CHECK 28
    call clear_seen
    mov byte [next_command], CMD_NOTHING
    mov bx, ss
    mov eax, EVENT_SMI | 0 << 16
    out EVENT_PORT, eax             ; due behind OUT
    mov ss, bx
    nop
    EQUAL dword [seen_count], 1
    mov byte [next_command], 0xFF

shutdown_checks:
    ; RSM to a state that cannot be.
    CHECK 30                        ; PG without PE
    SHUTDOWN_AT .after_pg
    mov eax, cr0
    and eax, ~1
    or eax, 0x80000000
    mov [edit_eax], eax
    SMI CMD_SHUTDOWN
    jmp fail
.after_pg:
    CHECK 31                        ; NW without CD
    SHUTDOWN_AT .after_nw
    mov eax, cr0
    and eax, ~0x40000000
    or eax, 0x20000000
    mov [edit_eax], eax
    SMI CMD_SHUTDOWN
    jmp fail
.after_nw:
    CHECK 32                        ; SMBASE and SMM itself are as they should be
    call clear_seen
    SMI CMD_NOTHING
    EQUAL dword [seen_count], 1
    EXPECT 6, NO_ERROR, {rsm}
    ret

end_nmi:
    pushfd
    push dword SEL_CODE0
    push dword .out
    iretd
.out:
    ret

clear_seen:
    mov dword [seen_count], 0
    mov dword [smm_nmis], 0
    ret

user_rsm:
    rsm
user_smi:
    mov al, CMD_NOTHING
    out APMC, al
    int3

bits 16
v86_smi:
    mov al, CMD_NOTHING
    out APMC, al
    int3
v86_smi_end:
bits 32

copy_handler:
    mov esi, handler
    mov ecx, handler_end - handler
    rep movsb
    ret

; On a real board: the power management function's ports at 600h, SMI# by APMC, SMRAM open.
board_setup:
    mov eax, 0x80000070
    mov edx, 0xCF8
    out dx, eax
    mov dl, 0xFE
    mov al, 0x4A
    out dx, al
    mov eax, 0x80000B40             ; 00:01.3
    mov ecx, 0x601
    call config_write
    mov eax, 0x80000B80
    mov ecx, 1
    call config_write
    mov eax, 0x80000B58
    mov ecx, 1 << 25
    call config_write
    mov dx, 0x628
    in eax, dx
    or al, 1
    out dx, eax
    ret

config_write:
    mov dx, 0xCF8
    out dx, eax
    mov dl, 0xFC
    mov eax, ecx
    out dx, eax
    ret

PD      equ 0x100000
PT0     equ 0x101000
PT1     equ 0x102000
FRAME_A equ 0x110000
FRAME_B equ 0x111000

build_tables:
    mov edi, PD
    xor eax, eax
    mov ecx, 0x3000 / 4
    rep stosd
    mov dword [PD], PT0 | 7
    mov dword [PD + 4], PT1 | 7
    mov edi, PT0
    mov eax, 7
    mov ecx, 1024
.next:
    stosd
    add eax, 0x1000
    loop .next
    mov dword [PT1], FRAME_A | 3
    mov dword [FRAME_A], 0x0A0A0A0A
    mov dword [FRAME_B], 0x0B0B0B0B
    ret

align 4
seen_count:  dd 0
seen_cr0:    dd 0
seen_cr4:    dd 0
seen_eflags: dd 0
seen_dr7:    dd 0
seen_cs:     dw 0
seen_ds:     dw 0
seen_es:     dw 0
seen_ss:     dw 0
seen_fs:     dw 0
seen_gs:     dw 0
saved_cr4:   dd 0
old_smbase:  dd 0
edit_eax:    dd 0
edit_eip:    dd 0
edit_eflags: dd 0
smm_nmis:    dd 0
restarted:   db 0
next_command: db 0xFF               ; of SMIs that no write to APMC raised
align 4
map:         times 0x200 db 0

; The handler. Data is at its flat address: DS is 0 and has 4 GiB.
bits 16
handler:
    mov [cs:SMI_OFFSET + keep_sp - handler], esp
    a32 mov [dword seen_ds], ds
    a32 mov [dword seen_es], es
    a32 mov [dword seen_ss], ss
    a32 mov [dword seen_fs], fs
    a32 mov [dword seen_gs], gs
    a32 mov [dword seen_cs], cs
    mov sp, 0x2FF0
    pushfd
    a32 pop dword [dword seen_eflags]
    mov eax, cr0
    a32 mov [dword seen_cr0], eax
    mov eax, cr4
    a32 mov [dword seen_cr4], eax
    mov eax, dr7
    a32 mov [dword seen_dr7], eax
    inc dword [dword seen_count]
    cld
    mov ax, cs
    movzx esi, ax
    shl esi, 4
    add esi, 0xFE00
    mov edi, map
    mov ecx, 0x80
    a32 rep movsd
    in al, APMC
    a32 cmp byte [dword next_command], 0xFF
    je .dispatch
    a32 mov al, [dword next_command]
.dispatch:
    movzx bx, al
    add bx, bx
    jmp [cs:bx + SMI_OFFSET + commands - handler]

%define AT(label) SMI_OFFSET + (label) - handler
commands:
    dw AT(h_return), AT(h_edit), AT(h_halt_clear), AT(h_restart), AT(h_nest), AT(h_nmi), AT(h_nmi_open), AT(h_intr)
    dw AT(h_relocate), AT(h_cr0), AT(h_intr_later)

h_edit:
    a32 mov eax, [dword edit_eax]
    mov [cs:0x8000 + MAP_EAX], eax
    a32 mov eax, [dword edit_eip]
    mov [cs:0x8000 + MAP_EIP], eax
    a32 mov eax, [dword edit_eflags]
    mov [cs:0x8000 + MAP_EFLAGS], eax
    jmp h_return
h_halt_clear:
    mov word [cs:0x8000 + MAP_HALT], 0
    jmp h_return
h_restart:
    a32 cmp byte [dword restarted], 0
    jne h_return
    a32 inc byte [dword restarted]
    mov word [cs:0x8000 + MAP_IO], 0xFF
    jmp h_return
h_nest:
    mov al, CMD_NOTHING
    out APMC, al
    out APMC, al
    jmp h_return
h_nmi:
    out NMI_PORT, al
    nop
    jmp h_return
h_nmi_open:
    mov word [SMM_IVT + 8], AT(h_on_nmi)
    mov [SMM_IVT + 10], cs
    lidt [cs:AT(smm_idt)]
    pushf
    push cs
    push word AT(.opened)
    iret
.opened:
    out NMI_PORT, al
    nop
    jmp h_return
h_on_nmi:
    inc dword [dword smm_nmis]
    iret
h_intr:
    mov al, 0x42
    out RUNNER_PORT, al
    nop
    jmp h_return
h_intr_later:
    mov eax, EVENT_INTR | 0x41 << 8 | 200 << 16
    out EVENT_PORT, eax
    jmp h_return
h_relocate:
    a32 mov eax, [dword edit_eax]
    mov [cs:0x8000 + MAP_SMBASE], eax
    jmp h_return
h_cr0:
    a32 mov eax, [dword edit_eax]
    mov [cs:0x8000 + MAP_CR0], eax
h_return:
    rsm
keep_sp: dd 0
smm_idt:
    dw 0x3FF
    dd SMM_IVT
handler_end:
bits 32

GUEST_END
