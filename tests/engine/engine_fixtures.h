// What the tests of training engines share: views of a small avatar, engines that have them, and the same loss and
// gradients by the processor's parts.
#pragma once

#include <Eigen/Core>

#include "tests/avatar/avatar_fixtures.h"
#include "tests/engine/engine_test.h"

namespace likeness::test {

inline constexpr int picture_side = 96;
inline constexpr std::array<float, 3> grey = {0.4f, 0.5f, 0.6f};
inline std::array<float, 3> background(int step) { return {0.1f * float(step % 7), 0.5f, 0.1f * float(step % 9)}; }

// All built-in groups: what a video learns.
std::vector<std::string> all_groups();
std::vector<std::string> pose_groups();
std::vector<int> first_views(int count);

// 8 bits a channel and straight alpha, as a file has it, from a picture rendered over black.
LossPicture picture_of(const Frame& over_black);
Camera camera_of(const Avatar& avatar, int number, int side = picture_side);

// As a video has them: pictures of the avatar in a pose near the one that the view comes with, in other colors.
std::vector<TrainingView> video_views(const Avatar& avatar, int count, int side = picture_side);
// Every kind that a portrait has, in fixed poses: a photograph, one more for colors alone with a weight for each
// Gaussian, and an outline of half the size with a mask.
std::vector<TrainingView> portrait_views(const Avatar& avatar, int side = picture_side);

std::unique_ptr<TrainingEngine> engine_with(const Avatar& avatar, const std::vector<TrainingView>& views,
                                            const std::vector<std::string>& learned, const EngineChoice& choice = {},
                                            const TrainingModules& modules = {});
// With all attributes within their bounds, to which a step would bring them back.
Avatar bounded(Avatar avatar);
void set_rate(TrainingEngine& engine, const std::vector<std::string>& groups, float rate);
void without_priors(TrainingEngine& engine);
// No rates either: steps change nothing but what is out of its bounds.
void hold_still(TrainingEngine& engine);

// Of a batch as the engine is now, over grey.
LossValue mean_loss(TrainingEngine& engine, const std::vector<int>& views);
double total_of(const StepLoss& loss);

// Values of a group in an avatar's Gaussians.
std::vector<float>& splat_values(Avatar& avatar, const std::string& group);

// Another shape at rest; stretch goes on counting from the shape as it was.
Avatar reshaped(const Avatar& avatar, const Eigen::VectorXf& identity, const Vertices& moved);

// A view by the processor's parts: its loss over grey and the gradients of the posed Gaussians.
struct ByParts {
    SplatSet posed;
    LossValue loss;
    SplatGradients gradients;
    ByParts(const Avatar& avatar, const TrainingView& view, double share = 1);
    // Gradients by the Gaussians' own values, weighed as the view does.
    AnchoredGradients own(const Avatar& avatar, const TrainingView& view) const;
    // Derivative along the way from one pose or shape to another, by differences of the posed Gaussians.
    double along(const Avatar& from_avatar, const HeadPose& from, const Avatar& to_avatar, const HeadPose& to,
                 double distance) const;
};

// |a - b| / |b| in the Euclidean norm; what is not finite counts as infinitely far.
template <class A, class B>
double relative_distance(const A& a, const B& b) {
    if (std::size_t(a.size()) != std::size_t(b.size())) return HUGE_VAL;
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < std::size_t(a.size()); ++i) {
        const double x = double(a.data()[i]), y = double(b.data()[i]);
        if (!std::isfinite(x)) return HUGE_VAL;
        difference += (x - y) * (x - y);
        norm += y * y;
    }
    return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}
double norm_of(const std::vector<float>& values);
std::vector<float> difference(const std::vector<float>& a, const std::vector<float>& b);
bool same(const AnchoredSplats& a, const AnchoredSplats& b);
bool same(const HeadPose& a, const HeadPose& b);

}  // namespace likeness::test
