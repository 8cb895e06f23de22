# SPDX-License-Identifier: MIT
# The command line's contract.
if(TARGET lathe)
  add_test(NAME cli_contract COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cli/check_cli.sh
    ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:lathe>)
  set_tests_properties(cli_contract PROPERTIES LABELS quick TIMEOUT 900)
endif()
