#include "bench/shoulders.h"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "core/avatar/deform.h"

namespace likeness::bench {
namespace {

// The Gaussians of shoulders and clothes alone.
AnchoredSplats on_the_torso(const Avatar& avatar) {
    const AnchoredSplats& all = *avatar.splats;
    const auto& regions = avatar.model->triangle_region;
    AnchoredSplats chosen;
    for (std::size_t i = 0; i < all.count; ++i) {
        const std::size_t triangle = std::size_t(all.anchor[i].triangle);
        const bool torso = triangle < regions.size() && regions[triangle] == HeadRegion::torso;
        const bool shows = all.opacity_logit[i] > 0 && all.part[i] != SplatPart::hair;
        if (!shows || !(torso || all.part[i] == SplatPart::cloth)) continue;
        chosen.atlas.push_back(all.atlas[i]);
        chosen.part.push_back(all.part[i]);
        chosen.anchor.push_back(all.anchor[i]);
        for (const GaussianAttribute& a : gaussian_attributes) {
            const auto from = (all.*a.values).begin() + std::ptrdiff_t(i * a.width);
            (chosen.*a.values).insert((chosen.*a.values).end(), from, from + std::ptrdiff_t(a.width));
        }
        ++chosen.count;
    }
    return chosen;
}

}  // namespace

double shoulder_motion(const Avatar& avatar, std::span<const HeadPose> poses, std::span<const Camera> cameras) {
    if (cameras.size() != 1 && cameras.size() != poses.size())
        throw std::invalid_argument("Shoulders need one camera, or one for each pose.");
    const AnchoredSplats points = on_the_torso(avatar);
    std::vector<bool> counts(points.count, false);
    std::vector<Eigen::Vector2d> sum(points.count, Eigen::Vector2d::Zero());
    std::vector<double> squares(points.count, 0);
    SplatSet posed;
    for (std::size_t frame = 0; frame < poses.size(); ++frame) {
        const Camera& camera = cameras.size() == 1 ? cameras[0] : cameras[frame];
        deform(points, splat_frames(avatar, points, poses[frame]), posed);
        for (std::size_t i = 0; i < points.count; ++i) {
            float depth = 0;
            const Eigen::Vector2f at =
                camera.project({posed.means[3 * i], posed.means[3 * i + 1], posed.means[3 * i + 2]}, &depth);
            if (frame == 0)
                counts[i] = depth > 0 && at.x() >= 0 && at.y() >= 0 && at.x() < float(camera.width) &&
                            at.y() < float(camera.height);
            if (!counts[i]) continue;
            sum[i] += at.cast<double>();
            squares[i] += at.cast<double>().squaredNorm();
        }
    }
    double variance = 0;
    std::size_t counted = 0;
    const double frames = double(poses.size());
    for (std::size_t i = 0; i < points.count; ++i) {
        if (!counts[i]) continue;
        variance += squares[i] / frames - (sum[i] / frames).squaredNorm();
        ++counted;
    }
    return counted > 0 ? std::sqrt(std::max(variance, 0.0) / double(counted)) : 0;
}

}  // namespace likeness::bench
