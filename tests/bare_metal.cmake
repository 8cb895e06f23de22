# SPDX-License-Identifier: MIT
# Bare-metal test guests, one per processor mechanism, on a processor without a board. Each runs on every engine and on
# every model that its line "; models:" names (without one: pentiumpro), as MODEL or MODEL=NUMBER, which is a number that
# the guest can read; those with a line "; board" boot from a floppy
# disk on the whole machine as well, where 33 is the status of success.
find_program(NASM nasm)
if(NOT NASM)
  message(STATUS "bare-metal test guests: off (nasm not found)")
else()
  add_executable(run_guest guests/run_guest.c)
  target_link_libraries(run_guest PRIVATE test_processor)
  file(GLOB guest_sources CONFIGURE_DEPENDS guests/asm/*.asm)
  file(GLOB guest_includes CONFIGURE_DEPENDS guests/asm/*.inc)
  foreach(source ${guest_sources})
    get_filename_component(name ${source} NAME_WE)
    set(image ${CMAKE_CURRENT_BINARY_DIR}/metal_${name}.img)
    add_custom_command(OUTPUT ${image}
      COMMAND ${NASM} -f bin -i ${CMAKE_CURRENT_SOURCE_DIR}/guests/asm/ -o ${image} ${source}
      DEPENDS ${source} ${guest_includes})
    list(APPEND guest_images ${image})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    file(STRINGS ${source} models LIMIT_COUNT 1 REGEX "^; models: ")
    string(REGEX REPLACE ".*models: *" "" models "${models}")
    separate_arguments(models)
    if(NOT models)
      set(models pentiumpro)
    endif()
    foreach(engine ${LATHE_ENGINES})
      foreach(model ${models})
        string(REGEX MATCH "=[0-9]+$" number "${model}")
        string(REPLACE "=" "" number "${number}")
        string(REGEX REPLACE "=.*" "" model "${model}")
        set(test metal_${name}_${model}_${engine})
        add_test(NAME ${test} COMMAND run_guest ${image} ${model} ${engine} ${number})
        set_tests_properties(${test} PROPERTIES LABELS quick TIMEOUT 60)
      endforeach()
    endforeach()
    file(STRINGS ${source} board REGEX "^; board")
    if(board AND TARGET lathe)
      add_test(NAME metal_${name}_board COMMAND sh -c
        "image=$1; shift; \"$@\" run --display none --fda \"$image\" --debug-exit --stop-at time=60; test $? = 33"
        sh ${image} ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:lathe>)
      set_tests_properties(metal_${name}_board PROPERTIES LABELS quick TIMEOUT 60)
    endif()
  endforeach()
  add_custom_target(guest_images ALL DEPENDS ${guest_images})
endif()
