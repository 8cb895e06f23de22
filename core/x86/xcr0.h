/* SPDX-License-Identifier: MIT */
/* State components of XSAVE, as bits of XCR0 (SDM 1, 13.1). */
#ifndef LATHE_CORE_X86_XCR0_H
#define LATHE_CORE_X86_XCR0_H

#include <stdint.h>

#define XCR0_X87 UINT64_C(1)
#define XCR0_SSE UINT64_C(2)
#define XCR0_ALL (XCR0_X87 | XCR0_SSE)

/* Bytes of a save area: legacy region and header. There is no extended region. */
enum { XSAVE_AREA_SIZE = 576 };

#endif
