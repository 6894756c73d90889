// Frames on the posed surface against core/avatar, gradients against differences of an own formula in double.
#include "likeness/cuda/surface.h"

#include <Eigen/Geometry>

#include "core/avatar/deform.h"
#include "likeness/cuda/device_avatar.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

class SurfaceTest : public GpuTest {};
using Points = Eigen::Matrix3Xd;

std::vector<float> values_of(const Vertices& v) { return {v.data(), v.data() + v.size()}; }

HeadPose some_pose(const Avatar& avatar, unsigned seed) {
    test::Random random(seed);
    return test::random_pose(*avatar.model, random);
}

TEST_F(SurfaceTest, frames_are_those_of_the_processor) {
    for (const bool hair : {false, true}) {
        const Avatar avatar = test::ball_avatar(3, 4000, hair);
        std::vector<float> vertices, expected;
        for (unsigned f = 0; f < 2; ++f) {
            const HeadPose pose = some_pose(avatar, 10 + f);
            const std::vector<float> surface = values_of(pose_surface(avatar, pose));
            const SplatFrames frames = splat_frames(avatar, pose);
            vertices.insert(vertices.end(), surface.begin(), surface.end());
            expected.insert(expected.end(), frames.values.begin(), frames.values.end());
        }
        cuda::DeviceSurface surface(stream());
        surface.load(avatar);
        surface.load_anchors(*avatar.splats);
        const auto device_vertices = upload(vertices);
        auto normals = poisoned(vertices.size() / 3 * 4), frames = poisoned(expected.size());
        cuda::surface_normals(surface.shape(2), surface.arrays(), device_vertices.data(), normals.data(), stream());
        cuda::surface_frames(surface.shape(2), surface.arrays(), device_vertices.data(), normals.data(), frames.data(),
                             stream());
        EXPECT_LT(relative_distance(frames.download(), expected), 1e-5);
    }
}

// Sum of what the posed Gaussians are times `by`: means, scales, rotations (up to their sign).
double loss(const Avatar& avatar, const Points& x, const std::vector<float>& grad_means,
            const std::vector<float>& grad_scales, const std::vector<float>& grad_rotations,
            const std::vector<float>& rotations) {
    Points normals = Points::Zero(3, x.cols());
    for (const Eigen::Vector3i& t : avatar.triangles()) {
        const Eigen::Vector3d face = (x.col(t[1]) - x.col(t[0])).cross(x.col(t[2]) - x.col(t[0]));
        for (int k = 0; k < 3; ++k) normals.col(t[k]) += face;
    }
    normals.colwise().normalize();
    double sum = 0;
    const AnchoredSplats& s = *avatar.splats;
    for (std::size_t i = 0; i < s.count; ++i) {
        const SurfacePoint& at = s.anchor[i];
        const Eigen::Vector3i &t = avatar.triangles()[std::size_t(at.triangle)],
                              &c = avatar.triangle_uv()[std::size_t(at.triangle)];
        Eigen::Vector3d origin = Eigen::Vector3d::Zero(), normal = origin;
        for (int k = 0; k < 3; ++k) {
            origin += double(at.barycentric[k]) * x.col(t[k]);
            normal += double(at.barycentric[k]) * normals.col(t[k]);
        }
        normal.normalize();
        const Eigen::Vector3d ab = x.col(t[1]) - x.col(t[0]), ac = x.col(t[2]) - x.col(t[0]);
        const Eigen::Vector2d ub = (avatar.uv()[std::size_t(c[1])] - avatar.uv()[std::size_t(c[0])]).cast<double>(),
                              uc = (avatar.uv()[std::size_t(c[2])] - avatar.uv()[std::size_t(c[0])]).cast<double>();
        Eigen::Vector3d tangent = (ab * uc.y() - ac * ub.y()) * (ub.x() * uc.y() - ub.y() * uc.x() < 0 ? -1.0 : 1.0);
        tangent = (tangent - normal * normal.dot(tangent)).normalized();
        Eigen::Matrix3d frame;
        frame << tangent, normal.cross(tangent), normal;
        const double stretch = std::clamp(
            std::sqrt(ab.cross(ac).norm() / double(avatar.neutral_double_area()[std::size_t(at.triangle)])), 0.5, 2.0);
        const auto vector = [&](const std::vector<float>& v) {
            return Eigen::Vector3d(v[3 * i], v[3 * i + 1], v[3 * i + 2]);
        };
        sum += vector(grad_means).dot(origin + stretch * (frame * vector(s.offset)));
        for (std::size_t k = 0; k < 3; ++k)
            sum += double(grad_scales[3 * i + k]) * stretch * std::exp(double(s.log_scale[3 * i + k]));
        const Eigen::Quaterniond own =
            Eigen::Quaterniond(s.rotation[4 * i], s.rotation[4 * i + 1], s.rotation[4 * i + 2], s.rotation[4 * i + 3])
                .normalized();
        const Eigen::Quaterniond q = Eigen::Quaterniond(frame) * own;
        const Eigen::Vector4d parts(q.w(), q.x(), q.y(), q.z());
        double along = 0, same = 0;
        for (Eigen::Index k = 0; k < 4; ++k) {
            along += double(grad_rotations[4 * i + std::size_t(k)]) * parts[k];
            same += double(rotations[4 * i + std::size_t(k)]) * parts[k];
        }
        sum += same < 0 ? -along : along;
    }
    return sum;
}

TEST_F(SurfaceTest, gradients_reach_the_vertices) {
    const Avatar avatar = test::ball_avatar(4, 1500, true);
    const Vertices surface_now = pose_surface(avatar, some_pose(avatar, 20));
    const std::size_t n = avatar.splats->count;
    cuda::DeviceSurface surface(stream());
    surface.load(avatar);
    surface.load_anchors(*avatar.splats);
    const cuda::SurfaceShape shape = surface.shape(1);
    Random numbers(21);
    // Weights that make positions (metres), sizes and turns matter alike.
    std::vector<float> grad_means = numbers.normals(3 * n), grad_scales = numbers.normals(3 * n),
                       grad_rotations = numbers.normals(4 * n);
    for (float& g : grad_rotations) g *= 0.02f;

    const auto vertices = upload(values_of(surface_now)), offsets = upload(avatar.splats->offset),
               log_scales = upload(avatar.splats->log_scale), quaternions = upload(avatar.splats->rotation),
               albedos = upload(avatar.splats->albedo), opacity_logits = upload(avatar.splats->opacity_logit),
               gm = upload(grad_means), gs = upload(grad_scales), gr = upload(grad_rotations);
    auto normals = poisoned(4 * std::size_t(shape.vertices)), frames = poisoned(13 * n), means = poisoned(3 * n),
         scales = poisoned(3 * n), rotations = poisoned(4 * n), colors = poisoned(3 * n), opacities = poisoned(n),
         scratch = poisoned(cuda::surface_backward_floats(shape)),
         grad_vertices = poisoned(3 * std::size_t(shape.vertices));
    cuda::surface_normals(shape, surface.arrays(), vertices.data(), normals.data(), stream());
    cuda::surface_frames(shape, surface.arrays(), vertices.data(), normals.data(), frames.data(), stream());
    const cuda::AnchoredArrays anchored{frames.data(),      offsets.data(), log_scales.data(),
                                        quaternions.data(), albedos.data(), opacity_logits.data()};
    cuda::DeviceBuffer<const float*> views(stream());
    views.upload({frames.data()});
    cuda::deform_batch(1, int(n), views.data(), anchored,
                       {means.data(), scales.data(), rotations.data(), colors.data(), opacities.data()}, stream());
    cuda::surface_backward(shape, surface.arrays(), vertices.data(), normals.data(), anchored, rotations.data(),
                           {gm.data(), gs.data(), gr.data(), nullptr, nullptr}, scratch.data(), grad_vertices.data(),
                           stream());
    const std::vector<float> found = grad_vertices.download(), posed_rotations = rotations.download();

    for (unsigned trial = 0; trial < 8; ++trial) {
        const std::vector<float> direction = numbers.normals(found.size());
        const Points x = surface_now.cast<double>();
        const Points d = Eigen::Map<const Vertices>(direction.data(), 3, x.cols()).cast<double>();
        const auto at = [&](double step) {
            return loss(avatar, x + step * d, grad_means, grad_scales, grad_rotations, posed_rotations);
        };
        const double step = 1e-8, slope = (at(step) - at(-step)) / (2 * step);
        double along = 0;
        for (std::size_t i = 0; i < found.size(); ++i) along += double(found[i]) * double(direction[i]);
        EXPECT_NEAR(along, slope, 2e-3 * std::abs(slope) + 2e-3 * std::sqrt(double(n)));
    }
}

}  // namespace
}  // namespace likeness::cuda_tests
