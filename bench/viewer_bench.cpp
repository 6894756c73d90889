#include "bench/viewer_bench.h"

#include <Eigen/Geometry>
#include <chrono>
#include <cmath>
#include <deque>
#include <thread>

#include "core/avatar/deform.h"
#include "core/head/head_asset.h"
#include "render/frame_renderer.h"

namespace likeness::bench {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// Middles of triangles in cubes of a centimetre and a half.
class TriangleGrid {
  public:
    TriangleGrid(const Vertices& vertices, const Triangles& triangles) {
        low_ = vertices.rowwise().minCoeff();
        const Eigen::Vector3f size = vertices.rowwise().maxCoeff() - low_;
        for (int k = 0; k < 3; ++k) cells_[k] = int(size[k] / edge) + 1;
        bins_.resize(std::size_t(cells_[0] * cells_[1] * cells_[2]));
        for (std::size_t t = 0; t < triangles.size(); ++t) {
            middles_.push_back(
                (vertices.col(triangles[t][0]) + vertices.col(triangles[t][1]) + vertices.col(triangles[t][2])) / 3);
            bins_[bin(cell(middles_.back()))].push_back(int(t));
        }
    }
    int nearest(const Eigen::Vector3f& point) const {
        const Eigen::Vector3i at = cell(point);
        int best = 0;
        float least = 1e9f;
        for (int ring = 0; ring < cells_.maxCoeff(); ++ring) {
            if (least < float(ring - 1) * edge) break;  // nothing nearer can lie further out
            for (int x = at[0] - ring; x <= at[0] + ring; ++x)
                for (int y = at[1] - ring; y <= at[1] + ring; ++y)
                    for (int z = at[2] - ring; z <= at[2] + ring; ++z) {
                        const Eigen::Vector3i c(x, y, z);
                        if ((c - at).cwiseAbs().maxCoeff() != ring || (c.array() < 0).any() ||
                            (c.array() >= cells_.array()).any())
                            continue;
                        for (const int t : bins_[bin(c)])
                            if (const float d = (middles_[std::size_t(t)] - point).norm(); d < least) {
                                least = d;
                                best = t;
                            }
                    }
        }
        return best;
    }

  private:
    static constexpr float edge = 0.015f;
    Eigen::Vector3i cell(const Eigen::Vector3f& p) const {
        return ((p - low_) / edge).cast<int>().cwiseMax(0).cwiseMin(cells_ - Eigen::Vector3i::Ones());
    }
    std::size_t bin(const Eigen::Vector3i& c) const {
        return std::size_t((c[2] * cells_[1] + c[1]) * cells_[0] + c[0]);
    }
    Eigen::Vector3f low_;
    Eigen::Vector3i cells_;
    std::vector<std::vector<int>> bins_;
    std::vector<Eigen::Vector3f> middles_;
};

}  // namespace

Result<Scene> anchored_scene(const SplatSet& splats) {
    auto model = load_default_head();
    if (!model) return model.error();
    Avatar avatar;
    avatar.model = *std::move(model);
    avatar.person = Person{Eigen::VectorXf::Zero(avatar.model->identity_count()), {}, nullptr};
    avatar.prepare();

    Eigen::Vector3f middle = Eigen::Vector3f::Zero();
    for (std::size_t i = 0; i < splats.count; ++i) middle += Eigen::Vector3f(&splats.means[3 * i]);
    const Eigen::Vector3f shift = head_middle(avatar) - middle / float(std::max<std::size_t>(splats.count, 1));
    const TriangleGrid grid(avatar.neutral(), avatar.triangles());
    AnchoredSplats anchored;
    anchored.resize(splats.count);
    for (std::size_t i = 0; i < splats.count; ++i)
        anchored.anchor[i] = {grid.nearest(Eigen::Vector3f(&splats.means[3 * i]) + shift),
                              Eigen::Vector3f::Constant(1.0f / 3)};
    const SplatFrames frames = splat_frames(avatar, anchored, HeadPose::neutral(*avatar.model));
    for (std::size_t i = 0; i < splats.count; ++i) {
        const float* f = &frames.values[i * frame_floats];
        const Eigen::Matrix3f frame = Eigen::Map<const Eigen::Matrix<float, 3, 3, Eigen::RowMajor>>(f + 3);
        anchored.atlas[i] = atlas_position(avatar, anchored.anchor[i]);
        Eigen::Map<Eigen::Vector3f>(&anchored.offset[3 * i]) =
            frame.transpose() * (Eigen::Vector3f(&splats.means[3 * i]) + shift - Eigen::Vector3f(f)) / f[12];
        for (std::size_t k = 0; k < 3; ++k) {
            anchored.log_scale[3 * i + k] = std::log(splats.scales[3 * i + k] / f[12]);
            anchored.albedo[3 * i + k] = splats.colors[3 * i + k];
        }
        const float* q = &splats.rotations[4 * i];
        const Eigen::Quaternionf own =
            Eigen::Quaternionf(frame).conjugate() * Eigen::Quaternionf(q[0], q[1], q[2], q[3]);
        const float parts[] = {own.w(), own.x(), own.y(), own.z()};
        std::copy(parts, parts + 4, &anchored.rotation[4 * i]);
        const float opacity = std::clamp(splats.opacities[i], 1e-4f, 1 - 1e-4f);
        anchored.opacity_logit[i] = std::log(opacity / (1 - opacity));
    }
    Scene scene;
    scene.version = 1;
    avatar.splats = std::move(anchored);
    scene.pose = HeadPose::neutral(*avatar.model);
    scene.avatar = std::move(avatar);
    return scene;
}

ViewerRate viewer_rate(const Scene& scene, const Device& device, int width, int height, double seconds) {
    std::string reason;
    FrameRenderer frames(make_frame_store(StoreKind::automatic, device.name != "cpu", reason),
                         device.make_scene_renderer, [] {});
    ViewerRate rate;
    rate.path = frames.store().name();
    FrameRequest request;
    request.scene = scene;
    request.camera.width = width;
    request.camera.height = height;
    request.camera.fx = request.camera.fy = float(height) * 1.1f / 0.4f;
    request.camera.cx = 0.5f * float(width);
    request.camera.cy = 0.5f * float(height);
    const Eigen::Vector3f middle = head_middle(scene.avatar);
    const int jaw = scene.avatar.model->control("jawOpen"), blink = scene.avatar.model->control("eyeBlinkLeft");
    // When each version was asked for; pictures come back in order, some may be left out.
    std::deque<std::pair<std::uint64_t, Clock::time_point>> asked;
    const auto ask = [&](int number) {
        const float t = 0.02f * float(number);
        ++request.scene.version;
        if (jaw >= 0) request.scene.pose.controls[jaw] = 0.5f + 0.5f * std::sin(3 * t);
        if (blink >= 0) request.scene.pose.controls[blink] = 0.5f + 0.5f * std::sin(5 * t);
        request.scene.pose.joints(1, 2) = 0.3f * std::sin(t);
        request.camera.world_to_camera = look_at(
            middle + 1.1f * Eigen::Vector3f(std::sin(0.4f * std::sin(t)), 0, std::cos(0.4f * std::sin(t))), middle);
        asked.emplace_back(request.scene.version, Clock::now());
        frames.request(request);
    };
    double latency = 0;
    int pictures = 0;
    const auto take = [&](bool drawn) {
        if (!frames.update()) return std::this_thread::yield();
        if (drawn) frames.store().texture();
        while (asked.front().first < frames.shown()->version) asked.pop_front();
        latency += seconds_since(asked.front().second);
        rate.raster_ms += double(frames.shown()->raster_ms);
        rate.pose_ms += double(frames.shown()->pose_ms);
        ++pictures;
    };
    // One is asked for while another is drawn; when `drawn`, OpenGL takes over each picture.
    int number = 0;
    const auto run = [&](double limit, bool drawn) {
        const auto begin = Clock::now();
        latency = rate.raster_ms = rate.pose_ms = 0;
        pictures = 0;
        while (seconds_since(begin) < limit && !frames.device_failed()) {
            ask(number++);
            while (frames.waiting() && !frames.device_failed()) take(drawn);
        }
        while (frames.busy() && !frames.device_failed()) take(drawn);
        frames.store().texture();
        glFinish();
        return pictures / seconds_since(begin);
    };
    run(0.1, false);
    rate.drawn_per_second = run(0.5 * seconds, true);
    rate.frames_per_second = run(seconds, false);
    rate.latency_ms = 1000 * latency / std::max(pictures, 1);
    rate.raster_ms /= std::max(pictures, 1);
    rate.pose_ms /= std::max(pictures, 1);
    rate.gaussians = int(scene.gaussian_count());
    return rate;
}

}  // namespace likeness::bench
