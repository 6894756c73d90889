#include "cuda/learned_shape.h"

#include <algorithm>
#include <cmath>

namespace likeness::cuda {

void add_learned_shape(Avatar& avatar, const std::vector<float>& change) {
    const Eigen::Index identities = avatar.model->identity_count(), head = avatar.model->vertex_count();
    if (avatar.identity.size() == 0) avatar.identity = Eigen::VectorXf::Zero(identities);
    if (avatar.offsets.size() == 0) avatar.offsets = Vertices::Zero(3, head);
    avatar.identity += Eigen::Map<const Eigen::VectorXf>(change.data(), identities);
    const Eigen::Map<const Vertices> moved(change.data() + identities, 3, avatar.neutral.cols());
    avatar.offsets += moved.leftCols(head);
    if (avatar.hair.vertices.size() > 0) avatar.hair.vertices += moved.rightCols(avatar.hair.vertices.cols());
    const std::vector<float> before = avatar.neutral_double_area;
    avatar.prepare();
    AnchoredSplats& s = avatar.splats;
    for (std::size_t i = 0; i < s.count; ++i) {
        const auto t = std::size_t(s.anchor[i].triangle);
        const float grown = std::sqrt(std::max(avatar.neutral_double_area[t], 1e-12f) / std::max(before[t], 1e-12f));
        for (std::size_t k = 0; k < 3; ++k) {
            s.offset[3 * i + k] *= grown;
            s.log_scale[3 * i + k] += std::log(grown);
        }
    }
}

}  // namespace likeness::cuda
