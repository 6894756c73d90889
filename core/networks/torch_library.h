// The door to LibTorch for what learns inside the program: a library of its own, opened when first asked for, so that
// the program starts as fast without it and runs where it is not.
#pragma once

#include "core/base/result.h"
#include "core/networks/torch/interface.h"

namespace likeness {

// Opened once, for the life of the program; the first call takes a third of a second. Any thread. Errors: not_found
// when LibTorch is not installed, internal when it cannot be opened.
Result<const LikenessTorchFunctions*> torch_functions();

}  // namespace likeness
