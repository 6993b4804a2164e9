# What `cmake --install` puts where, and the Debian package made of it: cpack in the build folder.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(CORELOOP_MAN_PAGES
  ${CMAKE_BINARY_DIR}/man/engine.1 ${CMAKE_BINARY_DIR}/man/replay.1 ${CMAKE_BINARY_DIR}/man/engine.toml.5)
add_custom_command(
  OUTPUT ${CORELOOP_MAN_PAGES}
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/man_pages.py --bin ${CMAKE_BINARY_DIR} --out ${CMAKE_BINARY_DIR}/man
  DEPENDS engine replay tools/man_pages.py conf/README.md
  VERBATIM)
add_custom_target(man_pages ALL DEPENDS ${CORELOOP_MAN_PAGES})

include(GNUInstallDirs)
set(CORELOOP_SHARE ${CMAKE_INSTALL_DATADIR}/coreloop)
install(TARGETS engine replay RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_BINARY_DIR}/man/engine.1 ${CMAKE_BINARY_DIR}/man/replay.1
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_BINARY_DIR}/man/engine.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
foreach(program engine replay)
  install(FILES conf/completion/${program}.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${program})
  install(FILES conf/completion/_${program} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
endforeach()
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES conf/README.md conf/adopt.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/conf)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES conf/systemd/low_latency.conf conf/systemd/password.conf DESTINATION ${CORELOOP_SHARE}/systemd)
install(PROGRAMS tools/adopt tools/validate DESTINATION ${CORELOOP_SHARE})
install(DIRECTORY tools/python tools/validation conf/prometheus conf/grafana conf/redis DESTINATION ${CORELOOP_SHARE}
  USE_SOURCE_PERMISSIONS PATTERN __pycache__ EXCLUDE)
# Files with paths in them, and those that are not to be overwritten: once the prefix is known.
install(CODE "set(CORELOOP_CONF_SOURCE \"${CMAKE_SOURCE_DIR}/conf\")
set(CORELOOP_BIN \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
set(CORELOOP_SHARE \"\${CMAKE_INSTALL_PREFIX}/${CORELOOP_SHARE}\")
set(CORELOOP_SCRATCH \"${CMAKE_BINARY_DIR}/installed\")")
install(SCRIPT conf/install_paths.cmake)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME coreloop)
set(CPACK_PACKAGE_VENDOR coreloop)
set(CPACK_PACKAGE_CONTACT "coreloop maintainers <coreloop@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "paper-trading engine between Redis streams")
set(CPACK_PACKAGE_DESCRIPTION
  "Decides trade signals (risk), fills what it approves against a simulated market, keeps positions,
profit and loss, and publishes every outcome: one engine in the place of three Python services,
between the same streams. Paper trading only.")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION misc)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3, redis-server (>= 5:5)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus, python3-redis")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/conf/debian/conffiles
  ${CMAKE_SOURCE_DIR}/conf/debian/postinst
  ${CMAKE_SOURCE_DIR}/conf/debian/prerm
  ${CMAKE_SOURCE_DIR}/conf/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
