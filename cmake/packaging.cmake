# What an installation holds beside the programs, and the Debian package that CPack makes of it
# (scripts/package.sh). Paths in the units follow the prefix that is given when installing.
set(packaging "${CMAKE_SOURCE_DIR}/packaging")

install(FILES "${packaging}/completions/claude-code-api.bash"
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME claude-code-api)
install(FILES "${packaging}/completions/_claude-code-api"
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES "${packaging}/completions/claude-code-api.fish"
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES "${packaging}/grafana/claude-code-api.json"
  DESTINATION ${CMAKE_INSTALL_DATADIR}/claude-code-api/grafana)
install(FILES README.md docs/api.md docs/configuration.md docs/operations.md docs/sessions.md docs/thinking.md
  docs/architecture.md docs/performance.md TYPE DOC)
install(FILES "${packaging}/debian/copyright" TYPE DOC)
install(CODE "
  set(source \"${CMAKE_SOURCE_DIR}\")
  set(staging \"${CMAKE_BINARY_DIR}/packaging\")
  set(bindir \"${CMAKE_INSTALL_BINDIR}\")
  set(datadir \"${CMAKE_INSTALL_DATADIR}\")
  set(mandir \"${CMAKE_INSTALL_MANDIR}\")
  set(docdir \"${CMAKE_INSTALL_DOCDIR}\")")
install(SCRIPT cmake/install_packaging.cmake)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "The claude-code-api authors")
set(CPACK_PACKAGE_CONTACT "The claude-code-api authors <claude-code-api@localhost>")
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_SOURCE_DIR}/build/package")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"One program that serves the OpenAI chat API and lets the Claude Code CLI of
this machine answer. Each conversation gets a CLI process that stays alive
between requests, so that a follow-up message starts no new program.

The CLI itself is not part of this package. Installing it neither starts nor
enables the service.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${packaging}/debian/postinst" "${packaging}/debian/prerm"
  "${packaging}/debian/postrm" "${packaging}/debian/conffiles")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
