# Runs while installing: what depends on the prefix, and what is compressed. file(INSTALL) puts
# DESTDIR in front by itself, the other commands do not.
set(destination "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
set(CCAPI_BINDIR "${CMAKE_INSTALL_PREFIX}/${bindir}")

foreach(kind system user)
  configure_file("${source}/packaging/systemd/${kind}.service.in"
    "${staging}/${kind}/claude-code-api.service" @ONLY)
  file(INSTALL "${staging}/${kind}/claude-code-api.service"
    DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/${kind}")
endforeach()

function(install_compressed from folder name)
  file(MAKE_DIRECTORY "${folder}")
  execute_process(COMMAND gzip -9nc "${from}" OUTPUT_FILE "${folder}/${name}.gz"
    COMMAND_ERROR_IS_FATAL ANY)
  file(CHMOD "${folder}/${name}.gz" FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  message(STATUS "Installing: ${folder}/${name}.gz")
endfunction()
install_compressed("${source}/packaging/man/claude-code-api.1" "${destination}/${mandir}/man1"
  claude-code-api.1)
install_compressed("${source}/CHANGELOG.md" "${destination}/${docdir}" changelog)
install_compressed("${source}/packaging/debian/changelog" "${destination}/${docdir}"
  changelog.Debian)

# The same under the other name.
file(CREATE_LINK claude-code-api.1.gz "${destination}/${mandir}/man1/ccapi.1.gz" SYMBOLIC)
file(CREATE_LINK claude-code-api
  "${destination}/${datadir}/bash-completion/completions/ccapi" SYMBOLIC)

# Every key with its default, as comments: this file changes nothing until somebody edits it.
file(READ "${source}/config/default.toml" defaults)
string(FIND "${defaults}" "\n[" first_section)
string(SUBSTRING "${defaults}" ${first_section} -1 defaults)
string(REGEX REPLACE "\n([^#\n])" "\n#\\1" defaults "${defaults}")
file(WRITE "${staging}/config.toml" "# Configuration of claude-code-api. Every key is here with its default, as a comment; to change one,
# take the # away from it and from the [section] above it. Then: claude-code-api --check-config
${defaults}")
file(INSTALL "${staging}/config.toml" DESTINATION "${CMAKE_INSTALL_PREFIX}/${docdir}/examples")
# The program reads this place whatever the prefix. An existing file belongs to the administrator.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr" AND NOT EXISTS
    "$ENV{DESTDIR}/etc/claude-code-api/config.toml")
  file(INSTALL "${staging}/config.toml" DESTINATION /etc/claude-code-api)
endif()
