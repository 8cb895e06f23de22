# SPDX-License-Identifier: MIT
# Random guests (tests/fuzz). Short runs belong to the quick tests; LATHE_FUZZ_CASES makes them longer.
file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/*.c)
add_executable(fuzz_machine ${fuzz_sources})
target_link_libraries(fuzz_machine PRIVATE lathe_devices)
add_test(NAME fuzz_machine COMMAND fuzz_machine)
set_tests_properties(fuzz_machine PROPERTIES LABELS quick TIMEOUT 600)

# The engines against one another.
if(LATHE_HAS_TRANSLATOR)
  file(GLOB engine_sources CONFIGURE_DEPENDS fuzz/engines/*.c)
  add_executable(fuzz_engines ${engine_sources} fuzz/fuzz_code.c support/cpu_fixture.c)
  target_link_libraries(fuzz_engines PRIVATE lathe_jit)
  add_test(NAME fuzz_engines COMMAND fuzz_engines)
  set_tests_properties(fuzz_engines PROPERTIES LABELS quick TIMEOUT 600)
endif()
