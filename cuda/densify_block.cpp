#include "cuda/densify_block.h"

#include <stdexcept>

#include "likeness/cuda/densify.h"

namespace likeness::cuda {

Ancestry densify_block(DeviceBuffer<float>& values, const DeviceBuffer<float>& gradients, const SplatFrames& at_rest,
                       const DensifyOptions& options) {
    const cudaStream_t stream = values.stream();
    const std::size_t before = gradients.size();
    if (values.size() != before * parameters_per_splat || at_rest.values.size() != before * likeness::frame_floats)
        throw std::invalid_argument("densify: arrays do not match");
    DeviceBuffer<float> frames(stream);
    frames.upload(at_rest.values);
    DeviceBuffer<unsigned char> workspace(stream, densify_workspace_bytes(before));
    DeviceBuffer<unsigned> from(stream, most_descendants(before)), count(stream, 1);
    const ParameterArrays arrays = cut_parameters(values.data(), before);
    plan_densify(before, frames.data(), arrays.opacity_logits, gradients.data(), options.cap, options.seed,
                 workspace.data(), {from.data(), count.data()}, stream);
    const std::size_t after = count.download().front();
    DeviceBuffer<float> made(stream, after * parameters_per_splat);
    make_descendants(after, from.data(), options.seed, arrays, cut_parameters(made.data(), after), stream);
    from.resize(after);
    Ancestry ancestry = from.download();
    values = std::move(made);
    return ancestry;
}

}  // namespace likeness::cuda
