#include "cuda/unknown_gradients.h"

#include "likeness/cuda/check.h"

namespace likeness::cuda {
namespace {

float* place_of(Unknown kind, VideoGradients& g) {
    switch (kind) {
        case Unknown::quaternion:
            return g.splats.rotation.data();
        case Unknown::offset:
            return g.splats.offset.data();
        case Unknown::log_scale:
            return g.splats.log_scale.data();
        case Unknown::albedo:
            return g.splats.albedo.data();
        case Unknown::logit:
            return g.splats.opacity.data();
        case Unknown::identity:
            return g.identity.data();
        case Unknown::vertex:
            return g.vertices.data();
        case Unknown::control:
            return g.controls.data();
        case Unknown::joint:
            return g.joints.data();
        case Unknown::translation:
            return g.translation.data();
    }
    return nullptr;
}

}  // namespace

void download_gradients(const std::vector<UnknownGroup>& groups, VideoGradients& to, cudaStream_t stream) {
    for (const UnknownGroup& group : groups) {
        if (group.count == 0) continue;
        check(cudaMemcpyAsync(place_of(group.kind, to), group.gradients, group.count * sizeof(float),
                              cudaMemcpyDeviceToHost, stream),
              "download gradients");
    }
    check(cudaStreamSynchronize(stream), "download gradients");
}

}  // namespace likeness::cuda
