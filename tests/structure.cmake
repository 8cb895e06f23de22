# SPDX-License-Identifier: MIT
# Checks of the house itself: include directions, mutable globals, file rules.
add_test(NAME structure_includes COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/structure/check_includes.sh ${CMAKE_SOURCE_DIR})
add_test(NAME structure_files COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/structure/check_files.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
add_test(NAME structure_checks COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/structure/check_checks.sh)
set(structure_tests structure_includes structure_files structure_checks)
if(NOT LATHE_SANITIZE)
  foreach(library lathe_core lathe_devices lathe_embed lathe_serial lathe_script lathe_sdl)
    list(APPEND checked_objects $<TARGET_FILE:${library}>)
  endforeach()
  list(APPEND checked_objects $<TARGET_OBJECTS:lathe>)
  add_test(NAME structure_globals COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/structure/check_globals.sh ${checked_objects}
    COMMAND_EXPAND_LISTS)
  list(APPEND structure_tests structure_globals)
endif()
set_tests_properties(${structure_tests} PROPERTIES LABELS quick)
