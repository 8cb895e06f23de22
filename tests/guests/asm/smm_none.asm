; SPDX-License-Identifier: MIT
; models: 386 486
; Processors without system management mode: SMI# does nothing, RSM is undefined (SDM 3C 31.1).
%include "guest.inc"

APMC equ 0xB2

main32:
    mov esi, handler                ; where the handler would be
    mov edi, 0x38000
    mov ecx, handler_end - handler
    rep movsb
    CHECK 1
    xor eax, eax
    out APMC, al
    nop
    EQUAL dword [seen], 0
    CHECK 2                         ; nor is it remembered
    sti
    nop
    nop
    cli
    EQUAL dword [seen], 0
    CHECK 3
    EXPECT 6, NO_ERROR, rsm
    ret

align 4
seen: dd 0
bits 16
handler:
    inc dword [dword seen]
    rsm
handler_end:
bits 32

GUEST_END
