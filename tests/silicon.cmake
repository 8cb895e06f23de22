# SPDX-License-Identifier: MIT
# The differential tester (tests/silicon): Lathe's engines against the host's own processor.
file(GLOB silicon_sources CONFIGURE_DEPENDS silicon/*.c)
list(FILTER silicon_sources EXCLUDE REGEX "/(main|vectors_replay)\\.c$")
set(silicon_engines interp)
if(LATHE_HAS_TRANSLATOR)
  list(APPEND silicon_engines jit)
endif()
add_library(silicon_cases STATIC ${silicon_sources} support/cpu_fixture.c)
target_link_libraries(silicon_cases PUBLIC lathe_jit lathe_core test_packed_file)

add_executable(silicon silicon/main.c)
target_link_libraries(silicon PRIVATE silicon_cases)

# Exit status 77: cases cannot run natively here, or not on the engine; the reason is in the output.
foreach(engine ${silicon_engines})
  add_test(NAME silicon_quick_${engine} COMMAND silicon --engine ${engine} --cases 60000)
  set_tests_properties(silicon_quick_${engine} PROPERTIES LABELS quick TIMEOUT 600 SKIP_RETURN_CODE 77)
  add_test(NAME silicon_${engine} COMMAND silicon --engine ${engine} --cases 2000000)
  set_tests_properties(silicon_${engine} PROPERTIES LABELS silicon TIMEOUT 3600 SKIP_RETURN_CODE 77)
endforeach()

# What a processor did, on every host; what the digests are is in vectors/README.md.
add_executable(vectors_replay silicon/vectors_replay.c)
target_link_libraries(vectors_replay PRIVATE silicon_cases)
set(digest_32 dd61fdd81c940776)
set(digest_64 aebda3753b7f327b)
foreach(mode 32 64)
  set(vectors_${mode} ${CMAKE_CURRENT_SOURCE_DIR}/vectors/silicon-${mode}.gz)
  if(NOT LATHE_ZLIB_ON) # the tool of the host that builds
    set(packed ${vectors_${mode}})
    set(vectors_${mode} ${CMAKE_CURRENT_BINARY_DIR}/silicon-${mode}.vectors)
    add_custom_command(OUTPUT ${vectors_${mode}} COMMAND gzip -dc ${packed} >${vectors_${mode}} DEPENDS ${packed})
    target_sources(vectors_replay PRIVATE ${vectors_${mode}})
  endif()
endforeach()
foreach(engine ${silicon_engines})
  foreach(mode 32 64)
    add_test(NAME vectors_replay_${mode}_${engine} COMMAND vectors_replay ${engine}
      ${vectors_${mode}} ${digest_${mode}})
    set_tests_properties(vectors_replay_${mode}_${engine} PROPERTIES LABELS quick TIMEOUT 600 SKIP_RETURN_CODE 77)
  endforeach()
endforeach()
