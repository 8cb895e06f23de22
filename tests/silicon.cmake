# SPDX-License-Identifier: MIT
# The differential tester (tests/silicon): Lathe's engines against the host's own processor.
file(GLOB silicon_sources CONFIGURE_DEPENDS silicon/*.c)
list(FILTER silicon_sources EXCLUDE REGEX "/(main|vectors_replay)\\.c$")
add_library(silicon_cases STATIC ${silicon_sources} support/cpu_fixture.c)
target_link_libraries(silicon_cases PUBLIC lathe_jit lathe_core)

add_executable(silicon silicon/main.c)
target_link_libraries(silicon PRIVATE silicon_cases)

# Exit status 77: cases cannot run natively here, or not on the engine; the reason is in the output.
foreach(engine interp jit)
  add_test(NAME silicon_quick_${engine} COMMAND silicon --engine ${engine} --cases 60000)
  set_tests_properties(silicon_quick_${engine} PROPERTIES LABELS quick TIMEOUT 120 SKIP_RETURN_CODE 77)
  add_test(NAME silicon_${engine} COMMAND silicon --engine ${engine} --cases 2000000)
  set_tests_properties(silicon_${engine} PROPERTIES LABELS silicon TIMEOUT 3600 SKIP_RETURN_CODE 77)
endforeach()
