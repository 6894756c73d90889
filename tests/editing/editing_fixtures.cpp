#include "tests/editing/editing_fixtures.h"

#include <limits>

#include "core/avatar/hair_shell.h"

namespace likeness::test {
namespace {

Avatar covered_head(bool hair) {
    Avatar avatar;
    avatar.model = real_head();
    avatar.person = Person{};
    avatar.prepare();
    if (hair) {
        const Eigen::Vector3f middle = head_middle(avatar) + Eigen::Vector3f(0, 0.02f, -0.01f);
        Vertices vertices(3, hair_rows * hair_columns);
        for (int i = 0; i < vertices.cols(); ++i) {
            const int row = i / hair_columns;
            const float azimuth = 6.2831853f * float(i % hair_columns) / float(hair_columns);
            const float polar = 0.02f + 1.4f * float(std::min(row, hair_cap_rows)) / float(hair_cap_rows);
            const float drop = 0.004f * float(std::max(0, row - hair_cap_rows));
            vertices.col(i) = middle +
                              0.135f * Eigen::Vector3f(std::sin(polar) * std::sin(azimuth), std::cos(polar),
                                                       std::sin(polar) * std::cos(azimuth)) -
                              Eigen::Vector3f(0, drop, 0);
        }
        Eigen::MatrixXf weights = Eigen::MatrixXf::Zero(avatar.model->joint_count(), vertices.cols());
        weights.row(avatar.model->joints.head).setOnes();
        avatar.shells = Shells{{std::move(vertices), std::move(weights)}};
        avatar.prepare();
    }
    cover(avatar, 0.004f);
    AnchoredSplats& splats = avatar.splats.edit();
    for (std::size_t i = 0; i < splats.count; ++i) {
        splats.opacity_logit[i] = 6;
        const int t = splats.anchor[i].triangle;
        if (t >= int(avatar.model->triangles.size())) {
            splats.part[i] = SplatPart::hair;
            continue;
        }
        const HeadRegion region = avatar.model->triangle_region[std::size_t(t)];
        splats.part[i] = is_eye(region) ? SplatPart::eyes : is_mouth(region) ? SplatPart::mouth : SplatPart::skin;
    }
    return avatar;
}

}  // namespace

const Avatar& plain_head() {
    static const Avatar avatar = covered_head(false);
    return avatar;
}

const Avatar& head_with_hair() {
    static const Avatar avatar = covered_head(true);
    return avatar;
}

int extreme_vertex(const Avatar& avatar, HeadRegion region, const Eigen::Vector3f& direction) {
    int found = -1;
    float furthest = -std::numeric_limits<float>::max();
    for (int v = 0; v < avatar.model->vertex_count(); ++v)
        if (const float at = avatar.neutral().col(v).dot(direction);
            avatar.model->vertex_region[std::size_t(v)] == region && at > furthest) {
            furthest = at;
            found = v;
        }
    return found;
}

}  // namespace likeness::test
