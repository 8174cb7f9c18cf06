# Build options and the flags they stand for, as the interface target ccapi_options.
option(CCAPI_TESTS "Build the tests" ON)
option(CCAPI_BENCHMARKS "Build the benchmarks" OFF)
option(CCAPI_FUZZERS "Build libFuzzer targets (clang only)" OFF)
option(CCAPI_WERROR "Treat warnings as errors" OFF)
option(CCAPI_HARDEN "Hardening flags for release builds" OFF)
option(CCAPI_COVERAGE "Instrument for gcov" OFF)
option(CCAPI_PRECOMPILE "Precompile the headers of the large libraries" ON)
set(CCAPI_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")

find_program(CCAPI_CCACHE ccache)
if(CCAPI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What ccache must not look at where a precompiled header is used (its manual says so).
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    "${CCAPI_CCACHE}")
endif()

add_library(ccapi_options INTERFACE)
target_compile_options(ccapi_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wnon-virtual-dtor -Wold-style-cast -Wswitch)
if(CCAPI_WERROR)
  target_compile_options(ccapi_options INTERFACE -Werror)
endif()
if(CCAPI_SANITIZE)
  # -fno-sanitize=null: CAF 0.17's function-based spawn binds null references (harmless).
  # -fno-sanitize=vptr: that check opens a pipe to test whether memory is readable, and so reports
  # falsely whenever a test lets the process run out of descriptors.
  add_compile_options(-fsanitize=${CCAPI_SANITIZE} -fno-sanitize=null,vptr -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CCAPI_SANITIZE})
endif()
if(CCAPI_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link) # so that libFuzzer sees into the libraries
endif()
if(CCAPI_HARDEN)
  add_compile_options(-D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong
    -fcf-protection)
  add_link_options(-Wl,-z,relro,-z,now -Wl,-z,noexecstack)
  # All of it goes into programs: what is compiled for a library could be replaced from outside, so
  # that the compiler may not inline a function into its neighbours. Symbols are bound at the start
  # anyhow (-z now): calls of libraries need no stub.
  target_compile_options(ccapi_options INTERFACE -fno-plt
    $<$<NOT:$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>>:-fPIE>)
  add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
endif()
if(CCAPI_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess) # for ccache
endif()
if(CCAPI_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
find_program(CCAPI_MOLD mold)
if(CCAPI_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
