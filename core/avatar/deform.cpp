#include "core/avatar/deform.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"

namespace likeness {
namespace {

using RowMatrix3 = Eigen::Matrix<float, 3, 3, Eigen::RowMajor>;

struct FrameView {
    Eigen::Map<const Eigen::Vector3f> origin;
    Eigen::Map<const RowMatrix3> rotation;
    float stretch;
    FrameView(const SplatFrames& frames, std::size_t i)
        : origin(&frames.values[i * frame_floats]),
          rotation(&frames.values[i * frame_floats + 3]),
          stretch(frames.values[i * frame_floats + 12]) {}
};

// Hamilton product of quaternions stored w, x, y, z.
Eigen::Vector4f product(const Eigen::Vector4f& a, const Eigen::Vector4f& b) {
    return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3], a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
            a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1], a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}

Eigen::Vector4f quaternion(const RowMatrix3& rotation) {
    const Eigen::Quaternionf q(Eigen::Matrix3f{rotation});
    return {q.w(), q.x(), q.y(), q.z()};
}

}  // namespace

void AnchoredGradients::set_zero() {
    each_attribute(*this, [](const GaussianAttribute&, std::vector<float>& v) { std::fill(v.begin(), v.end(), 0.0f); });
}

SplatFrames splat_frames(const Avatar& avatar, const HeadPose& pose) { return splat_frames(avatar, avatar.splats, pose); }

SplatFrames splat_frames(const Avatar& avatar, const AnchoredSplats& splats, const HeadPose& pose) {
    const Vertices surface = pose_surface(avatar, pose);
    const Vertices normals = vertex_normals(surface, avatar.triangles);
    SplatFrames frames;
    frames.values.resize(splats.count * frame_floats);
    parallel_for(splats.count, 2048, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const SurfacePoint& at = splats.anchor[i];
            const std::size_t s = std::size_t(at.triangle);
            const Eigen::Vector3i &t = avatar.triangles[s], &c = avatar.triangle_uv[s];
            const Eigen::Vector3f a = surface.col(t[0]), ab = surface.col(t[1]) - a, ac = surface.col(t[2]) - a;
            const Eigen::Vector3f face = ab.cross(ac);
            const Eigen::Vector2f ua = avatar.uv[std::size_t(c[0])], ub = avatar.uv[std::size_t(c[1])] - ua,
                                  uc = avatar.uv[std::size_t(c[2])] - ua;
            Eigen::Vector3f normal = normals.col(t[0]) * at.barycentric[0] + normals.col(t[1]) * at.barycentric[1] +
                                     normals.col(t[2]) * at.barycentric[2];
            if (normal.squaredNorm() < 1e-12f) normal = face;
            if (normal.squaredNorm() < 1e-20f) normal = Eigen::Vector3f::UnitZ();
            normal.normalize();
            // dP/du of the triangle; the determinant's sign keeps the direction for mirrored charts.
            const float det = ub.x() * uc.y() - ub.y() * uc.x();
            Eigen::Vector3f tangent = (ab * uc.y() - ac * ub.y()) * (det < 0 ? -1.0f : 1.0f);
            tangent -= normal * normal.dot(tangent);
            if (tangent.squaredNorm() < 1e-20f) tangent = normal.unitOrthogonal();
            tangent.normalize();
            float* f = &frames.values[i * frame_floats];
            Eigen::Map<Eigen::Vector3f>{f} = surface_position(surface, avatar.triangles, at);
            Eigen::Map<RowMatrix3> rotation(f + 3);
            rotation.col(0) = tangent;
            rotation.col(1) = normal.cross(tangent);
            rotation.col(2) = normal;
            const float grown = face.norm() / std::max(avatar.neutral_double_area[s], 1e-12f);
            f[12] = std::clamp(std::sqrt(grown), 0.5f, 2.0f);
        }
    });
    return frames;
}

void deform(const AnchoredSplats& splats, const SplatFrames& frames, SplatSet& posed) {
    posed.resize(splats.count);
    parallel_for(splats.count, 2048, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const FrameView frame(frames, i);
            const Eigen::Map<const Eigen::Vector3f> offset(&splats.offset[i * 3]);
            Eigen::Map<Eigen::Vector3f>(&posed.means[i * 3]) = frame.origin + frame.stretch * (frame.rotation * offset);
            for (std::size_t k = 0; k < 3; ++k) {
                posed.scales[i * 3 + k] = frame.stretch * std::exp(splats.log_scale[i * 3 + k]);
                posed.colors[i * 3 + k] = splats.albedo[i * 3 + k];
            }
            Eigen::Map<Eigen::Vector4f>(&posed.rotations[i * 4]) =
                product(quaternion(frame.rotation), Eigen::Vector4f(&splats.rotation[i * 4]));
            posed.opacities[i] = 1 / (1 + std::exp(-splats.opacity[i]));
        }
    });
}

void deform_backward(const AnchoredSplats& splats, const SplatFrames& frames, const SplatSet& posed,
                     const SplatGradients& posed_gradients, AnchoredGradients& gradients) {
    parallel_for(splats.count, 2048, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const FrameView frame(frames, i);
            const Eigen::Map<const Eigen::Vector3f> mean(&posed_gradients.means[i * 3]);
            Eigen::Map<Eigen::Vector3f>(&gradients.offset[i * 3]) += frame.stretch * (frame.rotation.transpose() * mean);
            for (std::size_t k = 0; k < 3; ++k) {
                gradients.log_scale[i * 3 + k] += posed_gradients.scales[i * 3 + k] * posed.scales[i * 3 + k];
                gradients.albedo[i * 3 + k] += posed_gradients.colors[i * 3 + k];
            }
            // d<g, p (x) q>/dq = conj(p) (x) g for a fixed unit p.
            Eigen::Vector4f conjugate = quaternion(frame.rotation);
            conjugate.tail<3>() *= -1;
            Eigen::Map<Eigen::Vector4f>(&gradients.rotation[i * 4]) +=
                product(conjugate, Eigen::Vector4f(&posed_gradients.rotations[i * 4]));
            const float o = posed.opacities[i];
            gradients.opacity[i] += posed_gradients.opacities[i] * o * (1 - o);
        }
    });
}

}  // namespace likeness
