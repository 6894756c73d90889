# LibTorch, for what learns inside the program and for the user's TorchScript files. It is used when it is found and not
# switched off: an installed torch package, else the one that `scripts/setup --torch` fetches. It can use a GPU when
# the package came with NVIDIA's libraries and there is nvcc.
set(LIKENESS_TORCH "AUTO" CACHE STRING "AUTO, ON or OFF")
set_property(CACHE LIKENESS_TORCH PROPERTY STRINGS AUTO ON OFF)
set(LIKENESS_TORCH_DIR "$ENV{LIKENESS_TORCH_DIR}" CACHE PATH
    "Folder of an installed torch package, with lib/ and include/; empty: the one that scripts/setup --torch makes")
set(torch_folder "${LIKENESS_TORCH_DIR}")
if(NOT torch_folder)
    execute_process(COMMAND "${PROJECT_SOURCE_DIR}/scripts/setup" --torch --print-deps
        OUTPUT_VARIABLE torch_folder OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    set(torch_folder "${torch_folder}/torch")
endif()
set(why_no_torch "")
if(LIKENESS_TORCH STREQUAL "AUTO" AND LIKENESS_SANITIZE)
    set(why_no_torch "this build has sanitizers")
elseif(NOT LIKENESS_TORCH)
    set(why_no_torch "LIKENESS_TORCH is OFF")
elseif(NOT EXISTS "${torch_folder}/lib/libtorch_cpu.so")
    set(why_no_torch "LibTorch is not in '${torch_folder}': run scripts/setup --torch")
endif()
if(why_no_torch AND LIKENESS_TORCH STREQUAL "ON")
    message(FATAL_ERROR "${why_no_torch}.")
elseif(why_no_torch)
    message(STATUS "Without LibTorch: ${why_no_torch}")
    set(LIKENESS_TORCH OFF)
    return()
endif()

set(LIKENESS_TORCH ON)
message(STATUS "LibTorch: ${torch_folder}")
add_library(likeness_libtorch INTERFACE)
target_include_directories(likeness_libtorch SYSTEM INTERFACE "${torch_folder}/include"
    "${torch_folder}/include/torch/csrc/api/include")
target_link_libraries(likeness_libtorch INTERFACE "${torch_folder}/lib/libtorch_cpu.so" "${torch_folder}/lib/libc10.so")
# Its own libraries find theirs, by their paths.
target_link_options(likeness_libtorch INTERFACE -Wl,--allow-shlib-undefined)
if(LIKENESS_CUDA AND EXISTS "${torch_folder}/lib/libtorch_cuda.so" AND EXISTS "${torch_folder}/../nvidia/cudnn")
    target_compile_definitions(likeness_libtorch INTERFACE LIKENESS_TORCH_CUDA)
    # The kernels register themselves: nothing refers to them.
    target_link_libraries(likeness_libtorch INTERFACE -Wl,--push-state,--no-as-needed
        "${torch_folder}/lib/libtorch_cuda.so" -Wl,--pop-state "${torch_folder}/lib/libc10_cuda.so"
        "${torch_folder}/../nvidia/cu13/lib/libcudart.so.13")
    target_include_directories(likeness_libtorch SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS})
endif()
