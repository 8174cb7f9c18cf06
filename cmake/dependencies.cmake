# Third-party packages; all from Debian 12. Why each: docs/architecture.md.
find_package(Threads REQUIRED)
find_package(CAF REQUIRED COMPONENTS core)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers json)
find_package(simdjson REQUIRED)
find_package(toml11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)

add_library(ccapi_xxhash INTERFACE) # header-only use (XXH_INLINE_ALL)
target_include_directories(ccapi_xxhash SYSTEM INTERFACE "${XXHASH_INCLUDE_DIR}")
add_library(ccapi_asio INTERFACE)
target_link_libraries(ccapi_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(ccapi_asio INTERFACE BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE)

if(CCAPI_TESTS)
  find_package(GTest REQUIRED)
endif()
if(CCAPI_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
