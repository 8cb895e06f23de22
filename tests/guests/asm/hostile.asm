; SPDX-License-Identifier: MIT
; models: pentiumpro 486 max
; board
; Code where programs do not put it and as they do not use it, again and again so that it is hot: jumps into the middle of
; instructions, instructions that overlap, code beside its data, modes that change every few instructions, code into an
; absent page, beyond the last byte of memory, at two linear addresses; on the board in video memory, in ROM and in the
; memory behind it, at two physical addresses, and in memory that DMA writes.
%include "guest.inc"

PD      equ 0x100000
PT0     equ 0x101000
PT1     equ 0x102000
CODE    equ 0x110000                ; code that is written here
DATA    equ 0x120000                ; no code in its page
ALIAS   equ 0x400000                ; by paging, the same page again
CR0_TS  equ 8
CR0_PG  equ 0x80000000
ROUNDS  equ 300
SLED    equ 24

; FUNCTION address, value: MOV EAX, value; RET
%macro FUNCTION 2
    mov byte [%1], 0xB8
    mov dword [(%1) + 1], %2
    mov byte [(%1) + 5], 0xC3
%endmacro
%macro GIVES 2
    mov ebx, %1
    call ebx
    EQUAL eax, %2
%endmacro
; PAM number: what the area F0000h does: 0 ROM, 1 reads RAM, 2 writes RAM, 3 both
%macro PAM 1
    mov eax, 0x80000058
    mov dx, 0xCF8
    out dx, eax
    mov dx, 0xCFD
    mov al, (%1) << 4
    out dx, al
%endmacro

main32:
    CHECK 1                         ; into the middle of instructions
    mov esi, ROUNDS
    xor edi, edi
.middle:
    call .nested                    ; MOV EAX
    EQUAL eax, 0x90C34747
    call .nested + 1                ; INC EDI twice
    call .nested + 2                ; INC EDI
    dec esi
    jnz .middle
    EQUAL edi, 3 * ROUNDS
    jmp .sled
.nested:
    db 0xB8, 0x47, 0x47, 0xC3, 0x90, 0xC3

.sled:
    CHECK 2                         ; from each byte of a run of MOV EAX, imm32
    mov edi, CODE
    mov ecx, SLED
    mov al, 0xB8
    rep stosb
    mov ecx, 5
    mov al, 0x90
    rep stosb
    mov byte [edi], 0xC3
    xor ebp, ebp
    mov ecx, 3
.slides:
    call slide
    loop .slides
    mov byte [CODE + SLED + 2], 0x40 ; INC EAX, or part of an immediate
    mov ebp, SLED - 2
    call slide
    call slide

    CHECK 3                         ; data beside the code, which is rewritten
    mov ecx, ROUNDS
.beside:
    inc dword [.datum]
    jmp short .over
.datum: dd 0
.over:
    inc dword [.datum + 4 + 2]      ; the immediate below, and nothing of this instruction
    jmp short .counted
    times 64 db 0x90
.counted:
    sub byte [.over + 2], 0         ; a store into an instruction that changes nothing
    dec dword [.datum + 4 + 2]
    loop .beside
    EQUAL dword [.datum], ROUNDS

    CHECK 4                         ; a function written anew before each call
    FUNCTION CODE, 0
    mov esi, 10 * ROUNDS
.anew:
    mov [CODE + 1], esi
    GIVES CODE, esi
    dec esi
    jnz .anew

    CHECK 5                         ; modes that change every few instructions
    mov esi, ROUNDS
    xor edi, edi
.flip:
    inc edi
    jmp dword SEL_CODE16:.protected16
bits 16
.protected16:
    inc edi
    mov eax, cr0
    and al, 0xFE
    mov cr0, eax
    jmp 0:.real
.real:
    inc edi
    or al, 1
    mov cr0, eax
    inc edi
    jmp dword SEL_CODE0:.protected32
bits 32
.protected32:
    dec esi
    jnz .flip
    EQUAL edi, 4 * ROUNDS
    CHECK 6                         ; the FPU taken away every few instructions
    fninit
    mov esi, ROUNDS
.fpu:
    fld1
    fstp st0
    mov eax, cr0
    or al, CR0_TS
    mov cr0, eax
    EXPECT 7, NO_ERROR, fld1
    clts
    dec esi
    jnz .fpu

    CHECK 7                         ; code that runs over the end of its segment
    mov dword [CODE], 0x40404040    ; INC EAX
    mov word [CODE + 4], 0xC3B8     ; MOV EAX, imm32
    mov esi, 20
.over_end:
    SET_DESCRIPTOR SEL_FREE, CODE, 2, 0x409B
    xor eax, eax
    EXPECT_NEXT 13, 0, .ended
    jmp SEL_FREE:0
.ended:
    EQUAL eax, 3
    EQUAL dword [fault_eip], 3
    SET_DESCRIPTOR SEL_FREE, CODE, 7, 0x409B
    xor eax, eax
    EXPECT_NEXT 13, 0, .cut_off
    jmp SEL_FREE:0
.cut_off:
    EQUAL eax, 4
    EQUAL dword [fault_eip], 4
    dec esi
    jnz .over_end
    CHECK 8                         ; a segment of 4 GiB that may be read
    SET_DESCRIPTOR SEL_FREE, 0, 0xFFFFF, 0xC091
    mov dword [DATA], 0x40404040
    mov esi, 20
.read_only:
    mov ax, SEL_FREE
    mov es, ax
    mov eax, [es:DATA]
    EQUAL eax, 0x40404040
    EXPECT 13, 0, {mov [es:DATA], esi}
    mov ax, SEL_FREE
    mov es, ax
    EXPECT 13, 0, {inc dword [es:DATA]}
    EQUAL dword [DATA], 0x40404040
    mov ax, SEL_DATA0
    mov es, ax
    mov [es:DATA + 8], esi
    dec esi
    jnz .read_only

    CHECK 10                        ; paging that comes and goes
    call build_tables
    mov eax, PD
    mov cr3, eax
    FUNCTION CODE, 0
    xor esi, esi
.paging:
    call paging_on
    mov [ALIAS + 1], esi
    GIVES CODE, esi
    call paging_off
    inc esi
    mov [CODE + 1], esi
    call paging_on
    GIVES ALIAS, esi
    call paging_off
    cmp esi, ROUNDS
    jb .paging
    CHECK 11                        ; an instruction that goes on in an absent page
    call paging_on
    mov esi, 20
.absent:
    mov byte [CODE + 0xFFE], 0xB8
    mov byte [CODE + 0xFFF], 0x40
    mov dword [PT1 + 4], 0
    invlpg [ALIAS + 0x1000]
    mov ebx, ALIAS + 0xFFE
    EXPECT_NEXT 14, 0, .cut
    jmp ebx
.cut:
    EQUAL dword [fault_eip], ALIAS + 0xFFE
    mov eax, cr2
    EQUAL eax, ALIAS + 0x1000
    mov ebx, ALIAS + 0xFFF          ; an INC EAX that ends with the page
    xor eax, eax
    EXPECT_NEXT 14, 0, .fell
    jmp ebx
.fell:
    EQUAL eax, 1
    EQUAL dword [fault_eip], ALIAS + 0x1000
    mov dword [PT1 + 4], (CODE + 0x1000) | 3
    invlpg [ALIAS + 0x1000]
    mov [ALIAS + 0x1000], esi
    mov byte [ALIAS + 0x1003], 0xC3
    mov eax, esi
    shl eax, 8
    mov al, 0x40
    mov ebp, eax
    GIVES ALIAS + 0xFFE, ebp
    dec esi
    jnz .absent
    CHECK 12                        ; level 3 goes to a page that only level 0 may read, which it has just done
    mov byte [IDT_BASE + 8 * 3 + 5], 0xEE
    mov dword [PD], PT0 | 7
    mov dword [PD + 4], PT1 | 7
    mov dword [PT0 + STACK3_TOP / 1024 - 4], (STACK3_TOP - 0x1000) | 7
    mov dword [PT1], CODE | 7
    mov eax, cr3
    mov cr3, eax
    mov byte [CODE + 0x1000], 0xCC  ; INT3
    mov byte [CODE], 0xE9           ; JMP to it
    mov dword [CODE + 1], 0x1000 - 5
    call .levels
    mov byte [CODE], 0xB8           ; MOV EAX, its address; JMP EAX
    mov dword [CODE + 1], ALIAS + 0x1000
    mov word [CODE + 5], 0xE0FF
    call .levels
    mov dword [PT1 + 8], DATA | 3   ; and data that only level 0 may use
    invlpg [ALIAS + 0x2000]
    mov dword [CODE + 1], ALIAS + 0x2000
    mov byte [CODE + 5], 0xCC
    mov esi, 5
.data:
    mov al, [ALIAS + 0x2000]
    mov [ALIAS + 0x2000], al
    mov byte [CODE], 0xA0           ; MOV AL, [ALIAS + 2000h]
    EXPECT_NEXT 14, 5, .not_read
    ENTER_USER ALIAS
.not_read:
    EQUAL dword [fault_eip], ALIAS
    mov al, [ALIAS + 0x2000]
    mov [ALIAS + 0x2000], al
    mov byte [CODE], 0xA2           ; MOV [ALIAS + 2000h], AL
    EXPECT_NEXT 14, 7, .not_written
    ENTER_USER ALIAS
.not_written:
    EQUAL dword [fault_eip], ALIAS
    dec esi
    jnz .data
    call paging_off
    jmp .memory
.levels:
    mov esi, 5
.level:
    mov dword [PT1 + 4], (CODE + 0x1000) | 7
    invlpg [ALIAS + 0x1000]
    call .to_int3
    call .to_int3
    mov dword [PT1 + 4], (CODE + 0x1000) | 3
    invlpg [ALIAS + 0x1000]
    mov al, [ALIAS + 0x1000]
    EXPECT_NEXT 14, 5, .refused
    ENTER_USER ALIAS
.refused:
    EQUAL dword [fault_eip], ALIAS + 0x1000
    dec esi
    jnz .level
    ret
.to_int3:
    EXPECT_NEXT 3, NO_ERROR, .came
    ENTER_USER ALIAS
.came:
    EQUAL dword [fault_eip], ALIAS + 0x1001
    ret

.memory:
    CHECK 13                        ; the last byte of memory
    mov edi, 0x400000
    in al, RUNNER_PORT
    cmp al, 0x5A
    je .end_of_memory
    mov edi, 0x4000000
.end_of_memory:
    EQUAL dword [edi], 0xFFFFFFFF   ; nobody answers: FFh /7 is no instruction
    mov esi, 20
.last_byte:
    mov byte [edi - 1], 0x40        ; INC EAX
    lea ebx, [edi - 1]
    xor eax, eax
    EXPECT_NEXT 6, NO_ERROR, .beyond
    jmp ebx
.beyond:
    EQUAL eax, 1
    EQUAL [fault_eip], edi
    mov byte [edi - 1], 0xB8        ; MOV EAX, imm32, all of it beyond
    lea ebx, [edi - 1]
    EXPECT_NEXT 6, NO_ERROR, .far_beyond
    jmp ebx
.far_beyond:
    EQUAL eax, 0xFFFFFFFF
    lea eax, [edi + 4]
    EQUAL [fault_eip], eax
    dec esi
    jnz .last_byte

    in al, RUNNER_PORT
    cmp al, 0x5A
    jne board
    ret

; Calls CODE + n for each n of the sled. The last MOV EAX begins at EDX; the INC EAX behind it runs where EDX < EBP.
slide:
    xor esi, esi
.from:
    mov edx, esi
.step:
    lea eax, [edx + 5]
    cmp eax, SLED
    jae .last
    mov edx, eax
    jmp .step
.last:
    lea ebx, [CODE + esi]
    call ebx
    mov ebx, [CODE + edx + 1]
    cmp edx, ebp
    adc ebx, 0
    EQUAL eax, ebx
    inc esi
    cmp esi, SLED
    jb .from
    ret

paging_on:
    mov eax, cr0
    or eax, CR0_PG
    mov cr0, eax
    ret

paging_off:
    mov eax, cr0
    and eax, ~CR0_PG
    mov cr0, eax
    ret

build_tables:
    MAP_LOW 3, 0x3000
    mov dword [PT1], CODE | 3
    ret

VIDEO   equ 0xB8100                 ; in text mode
SHADOW  equ 0xF8000                 ; RAM behind the ROM
LOW     equ 0x60000
HIGH    equ LOW + 0x100000          ; the same without A20

board:
    CHECK 20                        ; video memory
    mov esi, 20
    FUNCTION VIDEO, 0
.video:
    mov [VIDEO + 1], esi
    GIVES VIDEO, esi
    GIVES VIDEO, esi
    dec esi
    jnz .video

    CHECK 21                        ; ROM, which cannot be written, and the RAM behind it
    PAM 0
    mov edi, 0xF0000
    mov ecx, 0x10000
    mov al, 0xC3
    repne scasb
    MUST e
    lea ebx, [edi - 1]
    mov esi, 20
.rom:
    call ebx
    mov byte [ebx], 0xCC
    call ebx
    dec esi
    jnz .rom
    PAM 3
    FUNCTION SHADOW, 0
    mov esi, 20
.shadow:
    PAM 3
    lea ebp, [esi + 0x100]
    mov [SHADOW + 1], ebp
    GIVES SHADOW, ebp
    PAM 1
    mov dword [SHADOW + 1], 0       ; goes nowhere
    GIVES SHADOW, ebp
    PAM 2
    inc ebp
    mov [SHADOW + 1], ebp           ; goes to RAM that is not read
    PAM 1
    GIVES SHADOW, ebp
    dec esi
    jnz .shadow
    PAM 1

    CHECK 22                        ; two physical addresses
    FUNCTION LOW, 0
    FUNCTION HIGH, 0
    mov al, 0xD1                    ; the keyboard controller's gate closed: port 92h alone decides
    out 0x64, al
.busy:
    in al, 0x64
    test al, 2
    jnz .busy
    mov al, 0xDD
    out 0x60, al
    mov esi, 20
.a20:
    lea ebp, [esi + 0x100]
    mov [LOW + 1], esi
    mov [HIGH + 1], ebp
    GIVES LOW, esi
    GIVES HIGH, ebp
    in al, 0x92
    and al, 0xFC
    out 0x92, al
    GIVES HIGH, esi
    mov [HIGH + 1], ebp
    GIVES LOW, ebp
    mov [LOW + 1], esi
    in al, 0x92
    or al, 2
    and al, 0xFE
    out 0x92, al
    GIVES HIGH, ebp
    GIVES LOW, esi
    dec esi
    jnz .a20

    CHECK 23                        ; DMA from the floppy disk into hot code
    mov esi, 3
.dma:
    FUNCTION LOW, 1
    GIVES LOW, 1
    GIVES LOW, 1
    call read_sector
    GIVES LOW, 0x0D3A0D3A
    mov byte [LOW + 1], 0x3B
    GIVES LOW, 0x0D3A0D3B
    dec esi
    jnz .dma
    ret

; Reads the sector at on_disk to LOW by the BIOS.
SECTOR  equ (on_disk - boot) / 512
read_sector:
    pushad
    mov [saved_esp], esp
    jmp dword SEL_CODE16:.protected
bits 16
.protected:
    mov ax, SEL_DATA16
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov fs, ax
    mov gs, ax
    mov eax, cr0
    and al, 0xFE
    mov cr0, eax
    jmp 0:.real
.real:
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7C00
    lidt [real_idt_pointer]
    out 0x21, al                    ; interrupts as the BIOS wants them
    out 0xA1, al
    push word LOW >> 4
    pop es
    xor bx, bx
    mov ax, 0x0201
    mov cx, SECTOR / 36 << 8 | (SECTOR % 18 + 1)
    mov dh, SECTOR / 18 % 2
    mov dl, [boot_drive]
    int 0x13
    cli
    setc [read_failed]
    mov al, 0xFF
    out 0x21, al
    out 0xA1, al
    lidt [idt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword SEL_CODE0:.back
bits 32
.back:
    mov ax, SEL_DATA0
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov fs, ax
    mov gs, ax
    mov esp, [saved_esp]
    popad
    EQUAL byte [read_failed], 0
    ret

align 4
saved_esp: dd 0
read_failed: db 0

    times (512 - ($ - $$) % 512) % 512 db 0
on_disk:
    db 0xB8, 0x3A, 0x0D, 0x3A, 0x0D, 0xC3 ; MOV EAX, 0D3A0D3Ah; RET

GUEST_END
