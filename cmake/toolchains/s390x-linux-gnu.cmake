# SPDX-License-Identifier: MIT
# Static executables for Linux on s390x, run here by qemu-s390x-static. Target libraries are optional.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_C_COMPILER s390x-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-s390x-static)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# pkg-config must see the target's own directory and never this host's. LATHE_TARGET_ROOT: where libraries of the target
# lie as on the target itself (tools/test-cross puts some there).
set(LATHE_TARGET_ROOT "" CACHE PATH "root of the target's libraries")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LATHE_TARGET_ROOT)
list(APPEND CMAKE_FIND_ROOT_PATH ${LATHE_TARGET_ROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${LATHE_TARGET_ROOT}/usr/lib/s390x-linux-gnu/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${LATHE_TARGET_ROOT})
set(ENV{PKG_CONFIG_PATH} "")
