#include "tests/editing/plain_face.h"

#include <cmath>

#include "tests/head/head_fixtures.h"

namespace likeness::test {

Avatar plain_face(const PlainColors& colors) {
    Avatar avatar;
    avatar.model = real_head();
    avatar.person.edit().identity = Eigen::VectorXf::Zero(avatar.model->identity_count());
    avatar.prepare();
    const HeadModel& model = *avatar.model;
    AnchoredSplats& splats = avatar.splats.edit();
    splats.resize(model.triangles.size());
    for (std::size_t i = 0; i < splats.count; ++i) {
        splats.atlas[i] = atlas_position(avatar, {int(i), Eigen::Vector3f::Constant(1.0f / 3)});
        const HeadRegion region = model.triangle_region[i];
        splats.part[i] = is_eye(region)                ? SplatPart::eyes
                         : is_mouth(region)            ? SplatPart::mouth
                         : region == HeadRegion::torso ? SplatPart::cloth
                                                       : SplatPart::skin;
        const Eigen::Vector3f& color = is_eye(region)                ? colors.white
                                       : is_mouth(region)            ? colors.teeth
                                       : region == HeadRegion::lips  ? colors.lips
                                       : region == HeadRegion::torso ? colors.cloth
                                                                     : colors.skin;
        for (std::size_t k = 0; k < 3; ++k) {
            splats.albedo[3 * i + k] = color[Eigen::Index(k)];
            splats.log_scale[3 * i + k] = std::log(1e-3f);
        }
        splats.rotation[4 * i] = 1;
        splats.opacity_logit[i] = 3;
    }
    avatar.rebuild_anchors();
    return avatar;
}

}  // namespace likeness::test
