/* SPDX-License-Identifier: MIT */
/* Data movement. */
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/load_store.h"
#include "core/x86/exec/sized.h"
#include "core/x86/flags.h"
#include "core/x86/operand.h"

#define WIDTH 8
#include "core/x86/exec/mov.inc"
#undef WIDTH
#define WIDTH 16
#include "core/x86/exec/mov.inc"
#include "core/x86/exec/mov_wide.inc"
#undef WIDTH
#define WIDTH 32
#include "core/x86/exec/mov.inc"
#include "core/x86/exec/mov_wide.inc"
#undef WIDTH
#define WIDTH 64
#include "core/x86/exec/mov.inc"
#include "core/x86/exec/mov_wide.inc"
#undef WIDTH
