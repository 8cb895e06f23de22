# SPDX-License-Identifier: MIT
# Old processors against data that stands beside the project, skipped with the reason where it does not: vectors captured
# from silicon, and a DOS that runs on all of them.
add_executable(vectors_286 vectors/vectors_286.c vectors/vector_file.c)
target_link_libraries(vectors_286 PRIVATE test_processor test_packed_file)
if(LATHE_ZLIB_ON)
  add_test(NAME vectors_286 COMMAND vectors_286 ${CMAKE_SOURCE_DIR}/../shared/vectors/i80286)
  set_tests_properties(vectors_286 PROPERTIES LABELS quick SKIP_RETURN_CODE 77 TIMEOUT 120)
endif()
add_executable(run_dos guests/run_dos.c)
target_link_libraries(run_dos PRIVATE test_processor)
foreach(model 8086 286 386)
  foreach(size 360K 1.44M)
    set(test freedos_${size}_on_${model})
    add_test(NAME ${test} COMMAND run_dos ${model} ${CMAKE_SOURCE_DIR}/../shared/guests/freedos-${size}.img)
    set_tests_properties(${test} PROPERTIES LABELS quick SKIP_RETURN_CODE 77 TIMEOUT 60)
  endforeach()
endforeach()
