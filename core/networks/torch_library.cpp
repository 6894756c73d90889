#include "core/networks/torch_library.h"

#include <dlfcn.h>

#include "core/base/paths.h"

namespace likeness {

namespace fs = std::filesystem;

namespace {

Result<const LikenessTorchFunctions*> open_library() {
    const fs::path file = find_companion("liblikeness_torch.so");
    if (file.empty())
        return Error{ErrorCode::not_found, "LibTorch is not installed; run scripts/setup --torch and build again.", ""};
    const auto broken = [](const char* why) {
        return Error{ErrorCode::internal, "LibTorch cannot be used; run scripts/setup --torch and build again.",
                     why ? why : ""};
    };
    void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) return broken(::dlerror());
    const auto functions =
        reinterpret_cast<decltype(&likeness_torch_functions)>(::dlsym(library, "likeness_torch_functions"));
    if (!functions) return broken(::dlerror());
    if (functions()->interface != likeness_torch_interface) return broken("liblikeness_torch.so is of another version");
    return functions();
}

}  // namespace

Result<const LikenessTorchFunctions*> torch_functions() {
    static const Result<const LikenessTorchFunctions*> opened = open_library();
    return opened;
}

}  // namespace likeness
