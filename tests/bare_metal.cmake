# SPDX-License-Identifier: MIT
# Bare-metal test guests, one per processor mechanism, on a processor without a board.
find_program(NASM nasm)
if(NOT NASM)
  message(STATUS "bare-metal test guests: off (nasm not found)")
elseif(TARGET test_support)
  add_executable(run_guest guests/run_guest.c)
  target_link_libraries(run_guest PRIVATE test_support)
  file(GLOB guest_sources CONFIGURE_DEPENDS guests/asm/*.asm)
  file(GLOB guest_includes CONFIGURE_DEPENDS guests/asm/*.inc)
  foreach(source ${guest_sources})
    get_filename_component(name ${source} NAME_WE)
    set(image ${CMAKE_CURRENT_BINARY_DIR}/metal_${name}.img)
    add_custom_command(OUTPUT ${image}
      COMMAND ${NASM} -f bin -i ${CMAKE_CURRENT_SOURCE_DIR}/guests/asm/ -o ${image} ${source}
      DEPENDS ${source} ${guest_includes})
    list(APPEND guest_images ${image})
    foreach(engine ${LATHE_ENGINES})
      add_test(NAME metal_${name}_${engine} COMMAND run_guest ${image} pentiumpro ${engine})
      set_tests_properties(metal_${name}_${engine} PROPERTIES LABELS quick TIMEOUT 60)
    endforeach()
  endforeach()
  add_custom_target(guest_images ALL DEPENDS ${guest_images})
endif()
