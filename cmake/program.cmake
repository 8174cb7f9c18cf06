# The programs and what `cmake --install` puts where.
add_executable(claude-code-api-shim src/process/shim/shim.cpp)
target_link_libraries(claude-code-api-shim PRIVATE ccapi_options)

add_executable(claude-code-api src/main.cpp src/app/app.cpp
  src/app/gateway_program.cpp src/app/io_thread.cpp src/app/resource_limits.cpp
  src/app/open_store.cpp src/app/startup_text.cpp src/app/store_commands.cpp)
if(CCAPI_SANITIZE MATCHES "thread")
  target_sources(claude-code-api PRIVATE src/app/tsan_defaults.cpp)
endif()
target_include_directories(claude-code-api PRIVATE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/src")
target_compile_definitions(claude-code-api PRIVATE
  CCAPI_VERSION="${PROJECT_VERSION}"
  CCAPI_LIBEXEC_DIR="../${CMAKE_INSTALL_LIBEXECDIR}/claude-code-api")
target_link_libraries(claude-code-api PRIVATE
  ccapi_config ccapi_actors ccapi_http ccapi_openai ccapi_simulator ccapi_store CLI11::CLI11 ccapi_options)
add_dependencies(claude-code-api claude-code-api-shim)

install(TARGETS claude-code-api RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS claude-code-api-shim
  RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/claude-code-api)
install(CODE "file(CREATE_LINK claude-code-api
  \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/ccapi\" SYMBOLIC)")
