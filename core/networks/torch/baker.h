// The functions of interface.h about bakers.
#pragma once

#include "core/networks/torch/interface.h"

namespace likeness::torch_side::baker {

LikenessBaker* create(const LikenessBakerOptions* options, LikenessError* error);
void destroy(LikenessBaker* baker);
int64_t parameter_count(const LikenessBaker* baker);
void start(const LikenessBaker* baker, float* parameters);
int32_t bake(LikenessBaker* baker, const float* parameters, const LikenessBakedArrays* arrays, void* stream,
             LikenessError* error);
int32_t unbake(LikenessBaker* baker, const LikenessBakedArrays* gradients, float* grad_parameters, void* stream,
               LikenessError* error);
int32_t texels(LikenessBaker* baker, const float* parameters, float* texels, LikenessError* error);

}  // namespace likeness::torch_side::baker
