# SPDX-License-Identifier: MIT
# Quality of translated code: counts of host instructions against a file.
if(LATHE_HAS_TRANSLATOR AND NOT LATHE_CAPSTONE_ON)
  message(STATUS "quality of translated code: off (capstone not found)")
elseif(LATHE_HAS_TRANSLATOR)
  file(GLOB golden_sources CONFIGURE_DEPENDS jit/*.c)
  add_executable(golden ${golden_sources} support/cpu_fixture.c support/protected_fixture.c)
  target_link_libraries(golden PRIVATE lathe_jit)
  add_test(NAME jit_golden COMMAND golden ${CMAKE_CURRENT_SOURCE_DIR}/jit/golden.txt)
  set_tests_properties(jit_golden PROPERTIES LABELS quick TIMEOUT 60)
endif()
