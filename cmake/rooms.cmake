# ccapi_room(NAME DIR dir LINK libs... [PRECOMPILE headers...]): the static library ccapi_NAME of all
# .cpp files in DIR. PRECOMPILE: what most of them include and seldom changes, as <name>.
# Rooms include each other by folder: "domain/error.hpp", "http/listener.hpp", "config/load.hpp".
# Who may include whom is checked by scripts/check_layers.
function(ccapi_room name)
  cmake_parse_arguments(room "" "DIR" "LINK;EXCLUDE;PRECOMPILE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${room_DIR}/*.cpp" "${room_DIR}/*/*.cpp")
  foreach(excluded IN LISTS room_EXCLUDE)
    list(REMOVE_ITEM sources "${room_DIR}/${excluded}")
  endforeach()
  set(target ccapi_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(${target} PUBLIC ${room_LINK} PRIVATE ccapi_options)
    if(room_PRECOMPILE)
      ccapi_precompile(${target} ${room_PRECOMPILE})
    endif()
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(${target} INTERFACE ${room_LINK})
  endif()
endfunction()

# Precompiles these headers and what nearly every file includes. Pays from about ten files on.
# Without CCAPI_PRECOMPILE it does nothing: then every file has to include what it uses.
function(ccapi_precompile target)
  if(CCAPI_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE <algorithm> <array> <chrono> <functional> <map>
      <memory> <optional> <string> <string_view> <unordered_map> <utility> <variant> <vector>
      ${ARGN})
  endif()
endfunction()
