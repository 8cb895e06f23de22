/* SPDX-License-Identifier: MIT */
/* Handlers of frequent operations. */
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/sized.h"

#define OP op_mul
#include "core/x86/exec/direct.inc"
#define OP op_imul
#include "core/x86/exec/direct.inc"
#define OP op_div
#include "core/x86/exec/direct.inc"
#define OP op_idiv
#include "core/x86/exec/direct.inc"
#define OP op_cbw
#include "core/x86/exec/direct.inc"
#define OP op_cwd
#include "core/x86/exec/direct.inc"
#define OP op_shld_i
#include "core/x86/exec/direct.inc"
#define OP op_shld_cl
#include "core/x86/exec/direct.inc"
#define OP op_shrd_i
#include "core/x86/exec/direct.inc"
#define OP op_shrd_cl
#include "core/x86/exec/direct.inc"
#define OP op_bt_r
#include "core/x86/exec/direct.inc"
#define OP op_bt_i
#include "core/x86/exec/direct.inc"
#define OP op_bts_r
#include "core/x86/exec/direct.inc"
#define OP op_bts_i
#include "core/x86/exec/direct.inc"
#define OP op_btr_r
#include "core/x86/exec/direct.inc"
#define OP op_btr_i
#include "core/x86/exec/direct.inc"
#define OP op_bsf
#include "core/x86/exec/direct.inc"
#define OP op_bsr
#include "core/x86/exec/direct.inc"
#define OP op_bswap
#include "core/x86/exec/direct.inc"
#define OP op_xadd
#include "core/x86/exec/direct.inc"
#define OP op_cmpxchg
#include "core/x86/exec/direct.inc"
#define OP op_cmpxchg8b
#include "core/x86/exec/direct.inc"
#define OP op_setcc
#include "core/x86/exec/direct.inc"
#define OP op_cmovcc
#include "core/x86/exec/direct.inc"
#define OP op_leave
#include "core/x86/exec/direct.inc"
