# SPDX-License-Identifier: MIT
# Random guests (tests/fuzz). A short run belongs to the quick tests; LATHE_FUZZ_CASES makes it longer.
file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/*.c)
add_executable(fuzz_machine ${fuzz_sources})
target_link_libraries(fuzz_machine PRIVATE lathe_devices)
add_test(NAME fuzz_machine COMMAND fuzz_machine)
set_tests_properties(fuzz_machine PROPERTIES LABELS quick TIMEOUT 120)
