/* SPDX-License-Identifier: MIT */
/* Naming for handler templates: an .inc file is included once per operand width, with WIDTH (bits) defined,
 * and names its functions H_REG(form) and H_MEM(form), e.g. add_rm_r_r32 and add_rm_r_m32, or H_ONE(form):
 * push_i_32. */
#ifndef LATHE_CORE_X86_EXEC_SIZED_H
#define LATHE_CORE_X86_EXEC_SIZED_H

#define PASTE2_(a, b)    a##b
#define PASTE2(a, b)     PASTE2_(a, b)
#define PASTE3_(a, b, c) a##b##c
#define PASTE3(a, b, c)  PASTE3_(a, b, c)

#define H_REG(form) PASTE3(form, _r, WIDTH)
#define H_MEM(form) PASTE3(form, _m, WIDTH)
#define H_ONE(form) PASTE3(form, _, WIDTH)

/* The memory form whose 32-bit address is a base and a displacement: see base_forms.def. */
#define H_BASE(form) PASTE3(form, _b, WIDTH)

#define SIZE (WIDTH / 8)

#endif
