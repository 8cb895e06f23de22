# SPDX-License-Identifier: MIT
# Vectors captured from silicon, where they stand beside the project; skipped with the reason where not.
if(TARGET test_support AND LATHE_ZLIB_ON)
  add_executable(vectors_286 vectors/vectors_286.c vectors/vector_file.c)
  target_link_libraries(vectors_286 PRIVATE test_support PkgConfig::LATHE_ZLIB)
  add_test(NAME vectors_286 COMMAND vectors_286 ${CMAKE_SOURCE_DIR}/../shared/vectors/i80286)
  set_tests_properties(vectors_286 PROPERTIES LABELS quick SKIP_RETURN_CODE 77 TIMEOUT 120)
endif()
