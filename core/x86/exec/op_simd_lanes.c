/* SPDX-License-Identifier: MIT */
/* Packed integer operations that exist for MMX and for XMM registers: the functions of simd_lanes.h in
 * templates. */
#include "core/x86/exec/simd_lanes.h"

#include "core/x86/exec/handlers.h"
#include "core/x86/exec/mmx.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/sse_direct.h"

#define OP paddb
#include "core/x86/exec/simd_lanes.inc"
#define OP paddw
#include "core/x86/exec/simd_lanes.inc"
#define OP paddd
#include "core/x86/exec/simd_lanes.inc"
#define OP paddq
#include "core/x86/exec/simd_lanes.inc"
#define OP psubb
#include "core/x86/exec/simd_lanes.inc"
#define OP psubw
#include "core/x86/exec/simd_lanes.inc"
#define OP psubd
#include "core/x86/exec/simd_lanes.inc"
#define OP psubq
#include "core/x86/exec/simd_lanes.inc"
#define OP paddsb
#include "core/x86/exec/simd_lanes.inc"
#define OP paddsw
#include "core/x86/exec/simd_lanes.inc"
#define OP paddusb
#include "core/x86/exec/simd_lanes.inc"
#define OP paddusw
#include "core/x86/exec/simd_lanes.inc"
#define OP psubsb
#include "core/x86/exec/simd_lanes.inc"
#define OP psubsw
#include "core/x86/exec/simd_lanes.inc"
#define OP psubusb
#include "core/x86/exec/simd_lanes.inc"
#define OP psubusw
#include "core/x86/exec/simd_lanes.inc"
#define OP pand
#include "core/x86/exec/simd_lanes.inc"
#define OP pandn
#include "core/x86/exec/simd_lanes.inc"
#define OP por
#include "core/x86/exec/simd_lanes.inc"
#define OP pxor
#include "core/x86/exec/simd_lanes.inc"
#define OP pcmpeqb
#include "core/x86/exec/simd_lanes.inc"
#define OP pcmpeqw
#include "core/x86/exec/simd_lanes.inc"
#define OP pcmpeqd
#include "core/x86/exec/simd_lanes.inc"
#define OP pcmpgtb
#include "core/x86/exec/simd_lanes.inc"
#define OP pcmpgtw
#include "core/x86/exec/simd_lanes.inc"
#define OP pcmpgtd
#include "core/x86/exec/simd_lanes.inc"
#define OP pmullw
#include "core/x86/exec/simd_lanes.inc"
#define OP pmulhw
#include "core/x86/exec/simd_lanes.inc"
#define OP pmulhuw
#include "core/x86/exec/simd_lanes.inc"
#define OP pmaddwd
#include "core/x86/exec/simd_lanes.inc"
#define OP pmuludq
#include "core/x86/exec/simd_lanes.inc"
#define OP pavgb
#include "core/x86/exec/simd_lanes.inc"
#define OP pavgw
#include "core/x86/exec/simd_lanes.inc"
#define OP pminub
#include "core/x86/exec/simd_lanes.inc"
#define OP pmaxub
#include "core/x86/exec/simd_lanes.inc"
#define OP pminsw
#include "core/x86/exec/simd_lanes.inc"
#define OP pmaxsw
#include "core/x86/exec/simd_lanes.inc"
#define OP psadbw
#include "core/x86/exec/simd_lanes.inc"

#define OP packsswb
#include "core/x86/exec/simd_pairs.inc"
#define OP packuswb
#include "core/x86/exec/simd_pairs.inc"
#define OP packssdw
#include "core/x86/exec/simd_pairs.inc"

#define OP psllw
#include "core/x86/exec/simd_shift.inc"
#define OP pslld
#include "core/x86/exec/simd_shift.inc"
#define OP psllq
#include "core/x86/exec/simd_shift.inc"
#define OP psrlw
#include "core/x86/exec/simd_shift.inc"
#define OP psrld
#include "core/x86/exec/simd_shift.inc"
#define OP psrlq
#include "core/x86/exec/simd_shift.inc"
#define OP psraw
#include "core/x86/exec/simd_shift.inc"
#define OP psrad
#include "core/x86/exec/simd_shift.inc"

#define SUFFIX bw
#include "core/x86/exec/simd_unpack.inc"
#define SUFFIX wd
#include "core/x86/exec/simd_unpack.inc"
#define SUFFIX dq
#include "core/x86/exec/simd_unpack.inc"
