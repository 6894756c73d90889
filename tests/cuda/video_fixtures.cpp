#include "tests/cuda/video_fixtures.h"

#include <algorithm>

namespace likeness::cuda_tests {
namespace {

HeadPose some_pose(const Avatar& avatar, unsigned seed) {
    test::Random random(seed);
    HeadPose pose = test::random_pose(*avatar.model, random, 0.15f);
    pose.controls *= 0.6f;
    pose.translation = {0.004f, -0.003f, 0.002f};
    return pose;
}

}  // namespace

std::vector<unsigned char> bytes_of(const Frame& frame) {
    std::vector<unsigned char> rgba;
    const auto byte = [](float v) { return static_cast<unsigned char>(std::clamp(v, 0.0f, 1.0f) * 255 + 0.5f); };
    for (std::size_t i = 0; i < frame.alpha.pixels.size(); ++i) {
        const float a = frame.alpha.pixels[i];
        for (std::size_t c = 0; c < 3; ++c) rgba.push_back(byte(a > 0 ? frame.color.pixels[3 * i + c] / a : 0));
        rgba.push_back(byte(a));
    }
    return rgba;
}

LossTarget target_of(const TrainingFrame& frame) {
    LossTarget target;
    target.color = Image(frame.camera.width, frame.camera.height, 3);
    target.alpha = Image(frame.camera.width, frame.camera.height, 1);
    for (std::size_t i = 0; i < target.alpha.pixels.size(); ++i) {
        for (std::size_t c = 0; c < 3; ++c) target.color.pixels[3 * i + c] = float(frame.rgba[4 * i + c]) / 255;
        target.alpha.pixels[i] = float(frame.rgba[4 * i + 3]) / 255;
    }
    return target;
}

Camera camera_of(const Avatar& avatar, int number) {
    Camera camera = default_camera(avatar, side, side);
    const Eigen::Vector3f middle = head_middle(avatar);
    const float turn = 0.2f * float(number) - 0.2f;
    camera.world_to_camera = look_at(middle + 1.1f * Eigen::Vector3f(std::sin(turn), 0.1f, std::cos(turn)), middle);
    return camera;
}

std::vector<TrainingFrame> make_frames(const Avatar& avatar, int count) {
    Avatar other = avatar;
    for (float& c : other.splats.albedo) c = 0.7f * c + 0.2f;
    std::vector<TrainingFrame> frames;
    for (int k = 0; k < count; ++k) {
        const HeadPose pose = some_pose(avatar, 40 + unsigned(k));
        HeadPose shown = pose;
        shown.joints(1, 2) += 0.05f;
        shown.controls *= 0.8f;
        const Camera camera = camera_of(avatar, k);
        frames.push_back({bytes_of(test::render(other, shown, camera)), camera, pose});
    }
    return frames;
}

std::vector<int> first_frames(int count) {
    std::vector<int> frames;
    for (int k = 0; k < count; ++k) frames.push_back(k);
    return frames;
}

VideoStepRates plain_rates() {
    VideoStepRates rates;
    rates.splats.keep_offset = rates.splats.keep_scale = rates.splats.keep_albedo = 0;
    rates.keep_control = rates.keep_identity = rates.keep_vertex = rates.smooth_vertex = 0;
    return rates;
}
VideoStepRates still_rates() {
    VideoStepRates rates = plain_rates();
    rates.splats.offset = rates.splats.log_scale = rates.splats.rotation = rates.splats.albedo = rates.splats.opacity =
        0;
    rates.control = rates.joint = rates.translation = rates.identity = rates.vertex = 0;
    return rates;
}

std::unique_ptr<VideoStepEngine> engine_with(const Avatar& avatar, const std::vector<TrainingFrame>& frames,
                                             const VideoUnknowns& unknowns, const CudaVideoOptions& options) {
    auto engine = make_cuda_video_engine(options);
    engine->load(avatar, {unknowns, {}});
    for (std::size_t k = 0; k < frames.size(); ++k) EXPECT_EQ(engine->add_frame(frames[k]), int(k));
    return engine;
}

ByProcessor::ByProcessor(const Avatar& avatar, const TrainingFrame& frame) {
    deform(avatar.splats, splat_frames(avatar, frame.pose), posed);
    const auto rasterizer = make_cpu_rasterizer();
    RasterOptions options;
    options.background = grey;
    Frame picture;
    rasterizer->forward(posed, frame.camera, options, picture);
    FrameGradients by_picture;
    loss = ImageLoss().evaluate(picture, target_of(frame), grey, {}, by_picture);
    rasterizer->backward(by_picture, gradients);
}

double ByProcessor::along(const Avatar& from_avatar, const HeadPose& from, const Avatar& to_avatar, const HeadPose& to,
                          double distance) const {
    SplatSet a, b;
    deform(from_avatar.splats, splat_frames(from_avatar, from), a);
    deform(to_avatar.splats, splat_frames(to_avatar, to), b);
    double sum = 0;
    for (std::size_t i = 0; i < posed.means.size(); ++i) {
        sum += double(gradients.means[i]) * (double(b.means[i]) - double(a.means[i]));
        sum += double(gradients.scales[i]) * (double(b.scales[i]) - double(a.scales[i]));
    }
    for (std::size_t i = 0; i < posed.count; ++i) {
        const Eigen::Map<const Eigen::Vector4f> qa(&a.rotations[4 * i]), qb(&b.rotations[4 * i]),
            q(&posed.rotations[4 * i]), g(&gradients.rotations[4 * i]);
        const Eigen::Vector4f signed_a = q.dot(qa) < 0 ? -qa : Eigen::Vector4f(qa),
                              signed_b = q.dot(qb) < 0 ? -qb : Eigen::Vector4f(qb);
        sum += double(g.dot(signed_b - signed_a));
    }
    return sum / distance;
}

}  // namespace likeness::cuda_tests
