# Options, compiler settings and the two functions every folder uses.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

# Programs lie beside their assets/, directly in the build folder.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

# The folder of pinned downloads follows scripts/pins.txt unless it is given.
set(LIKENESS_DEPENDENCIES "" CACHE PATH "Folder of pinned downloads; empty: the one that scripts/setup makes")
if(NOT LIKENESS_DEPENDENCIES)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/scripts/pins.txt")
    execute_process(COMMAND "${PROJECT_SOURCE_DIR}/scripts/setup" --print-deps
        OUTPUT_VARIABLE LIKENESS_DEPENDENCIES OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
if(NOT IS_DIRECTORY "${LIKENESS_DEPENDENCIES}")
    message(FATAL_ERROR "The downloads are not in '${LIKENESS_DEPENDENCIES}': run scripts/setup first.")
endif()
# What was found in an older folder is looked for again in this one.
if(LIKENESS_LAST_DEPENDENCIES AND NOT LIKENESS_LAST_DEPENDENCIES STREQUAL LIKENESS_DEPENDENCIES)
    get_cmake_property(cached CACHE_VARIABLES)
    foreach(variable ${cached})
        string(FIND "${${variable}}" "${LIKENESS_LAST_DEPENDENCIES}/" position)
        if(position EQUAL 0)
            unset(${variable} CACHE)
        endif()
    endforeach()
endif()
set(LIKENESS_LAST_DEPENDENCIES "${LIKENESS_DEPENDENCIES}" CACHE INTERNAL "")

set(LIKENESS_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")
option(LIKENESS_FUZZ "Build the fuzz targets (tests/fuzz)" OFF)

include(CTest)  # BUILD_TESTING

# CUDA is used when a compiler is found and not switched off.
set(LIKENESS_CUDA "AUTO" CACHE STRING "AUTO, ON or OFF")
set_property(CACHE LIKENESS_CUDA PROPERTY STRINGS AUTO ON OFF)
if(LIKENESS_CUDA STREQUAL "AUTO")
    include(CheckLanguage)
    find_program(LIKENESS_NVCC nvcc HINTS /usr/local/cuda/bin)
    if(LIKENESS_NVCC)
        set(CMAKE_CUDA_COMPILER "${LIKENESS_NVCC}")
        check_language(CUDA)
    endif()
    if(CMAKE_CUDA_COMPILER)
        set(LIKENESS_CUDA ON)
    else()
        set(LIKENESS_CUDA OFF)
    endif()
endif()
if(LIKENESS_CUDA)
    # One architecture while developing (this machine's GPU, else 90); a release passes "all-major" or its own list.
    if(NOT CMAKE_CUDA_ARCHITECTURES)
        execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
            OUTPUT_VARIABLE capability ERROR_QUIET)
        if(capability MATCHES "^([0-9]+)\\.([0-9]+)")
            set(CMAKE_CUDA_ARCHITECTURES "${CMAKE_MATCH_1}${CMAKE_MATCH_2}")
        else()
            set(CMAKE_CUDA_ARCHITECTURES 90)
        endif()
    endif()
    set(CMAKE_CUDA_STANDARD 20)
    enable_language(CUDA)
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that nvcc 12 and later have it
        set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
        set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
    endif()
    find_package(CUDAToolkit REQUIRED)
endif()

find_program(LIKENESS_CCACHE ccache)
if(LIKENESS_CCACHE)
    # With paths relative to the source folder, all clones share what is compiled.
    set(launcher env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${LIKENESS_CCACHE}")
    set(CMAKE_C_COMPILER_LAUNCHER "${launcher}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
    set(CMAKE_CUDA_COMPILER_LAUNCHER "${launcher}")
endif()

if(LIKENESS_SANITIZE)
    add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-fsanitize=${LIKENESS_SANITIZE};-fno-omit-frame-pointer;-g1>")
    add_link_options(-fsanitize=${LIKENESS_SANITIZE})
    # With sanitizers GCC 12 takes parts of std::variant and std::regex for uninitialised.
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>")
    if(LIKENESS_SANITIZE MATCHES "undefined")
        add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-fno-sanitize-recover=undefined>")
    endif()
endif()

# Warnings are errors in our own code only (g++ 12 misfires: -Wrestrict on std::string, -Warray-bounds on Eigen).
add_library(likeness_warnings INTERFACE)
target_compile_options(likeness_warnings INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Wno-sign-conversion;-Wno-restrict;-Wno-array-bounds;-Werror>")

# likeness_library(name [UNITY] SOURCES a.cpp ... [PUBLIC targets] [PRIVATE targets])
# UNITY: sources are compiled eight at a time, for folders where reading headers takes longer than compiling; names in
# their anonymous namespaces must differ.
# A folder is one target and names exactly what it uses, so a wrong arrow fails to link.
function(likeness_library name)
    cmake_parse_arguments(ARG "UNITY" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    if(ARG_UNITY)
        set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    endif()
    target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE likeness_warnings ${ARG_PRIVATE})
endfunction()

# likeness_test(name SOURCES a.cpp ... LIBRARIES targets [LABELS slow ...]): a GoogleTest program, one ctest entry.
# Without LABELS the tests of a folder of core/ are `core`: those run under the sanitizers too, so a core test takes
# seconds and no GPU. Others bear their folder's name.
# Its cases are written to test-results/NAME.json, from which scripts/test counts.
add_custom_target(likeness_core_tests)
function(likeness_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES;LABELS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE likeness_warnings ${ARG_LIBRARIES} GTest::gtest GTest::gtest_main)
    add_dependencies(${name} likeness_assets)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 2400
        ENVIRONMENT "GTEST_OUTPUT=json:${CMAKE_BINARY_DIR}/test-results/${name}.json")
    if(NOT ARG_LABELS)
        get_filename_component(ARG_LABELS "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
        if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/core/${ARG_LABELS}")
            set(ARG_LABELS core)
        endif()
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
    if("core" IN_LIST ARG_LABELS)
        add_dependencies(likeness_core_tests ${name})
    endif()
endfunction()
