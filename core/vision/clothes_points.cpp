#include "core/vision/clothes_points.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/vision/crop.h"
#include "core/vision/optical_flow.h"

namespace likeness {
namespace {

constexpr int flow_side = 480;  // longest side of the picture that points are followed in
constexpr int most_points = 120;
constexpr int few_points = 60;
constexpr int border = 8;  // pixels at the picture's edge without new points
constexpr int apart = 9;   // pixels between points
constexpr float most_missed = 0.5f;  // pixels of the way back, as far as it can be told
// Eigenvalues of the structure tensor: the least of a point, and what makes one half sure.
constexpr float least_edge = 0.0025f, sure_edge = 0.0075f;

Image small_grey(const Image& frame, float scale) {
    const int width = std::max(32, int(std::lround(float(frame.width) * scale)));
    const int height = std::max(32, int(std::lround(float(frame.height) * scale)));
    Crop whole;
    whole.size = {float(frame.width), float(frame.height)};
    whole.centre = whole.size / 2;
    std::vector<float> color(std::size_t(width) * std::size_t(height) * 3);
    sample_crop(frame, whole, width, height, {}, color);
    Image grey(width, height, 1);
    for (std::size_t i = 0; i < grey.pixels.size(); ++i)
        grey.pixels[i] = 0.2126f * color[3 * i] + 0.7152f * color[3 * i + 1] + 0.0722f * color[3 * i + 2];
    return grey;
}

}  // namespace

class ClothesPoints::View {
  public:
    explicit View(const Image& frame)
        : picture(small_grey(frame, std::min(1.0f, float(flow_side) / float(std::max(frame.width, frame.height))))),
          scale(float(picture.width()) / float(frame.width), float(picture.height()) / float(frame.height)) {}
    const FlowPyramid picture;
    const Eigen::Vector2f scale;  // its pixels over the frame's
};

struct ClothesPoints::State {
    std::shared_ptr<const View> last;  // the frame last given
    Memory memory;
};

std::shared_ptr<const ClothesPoints::View> ClothesPoints::view(const Image& frame) {
    return std::make_shared<const View>(frame);
}

ClothesPoints::ClothesPoints() : state_(std::make_unique<State>()) {}
ClothesPoints::~ClothesPoints() = default;

const std::vector<ClothesPoint>& ClothesPoints::next(std::shared_ptr<const View> frame, bool cut) {
    State& state = *state_;
    const FlowPyramid& picture = frame->picture;
    if (cut || !state.last || picture.width() != state.last->picture.width() ||
        picture.height() != state.last->picture.height())
        state.memory.points.clear();
    std::vector<std::uint8_t> lost(state.memory.points.size(), 0);
    parallel_for(state.memory.points.size(), 8, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            ClothesPoint& point = state.memory.points[i];
            const FlowPyramid& before = state.last->picture;
            const Eigen::Vector2f start = point.at.cwiseProduct(frame->scale);
            const auto there = before.find(picture, start, start);
            const auto home = there ? picture.find(before, *there, *there) : there;
            const Eigen::Vector2f missed = home ? Eigen::Vector2f(*home - start) : Eigen::Vector2f::Zero();
            lost[i] = !home || missed.dot(point.sureness * missed) > most_missed * most_missed;
            if (!lost[i]) point.at = there->cwiseQuotient(frame->scale);
        }
    });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < lost.size(); ++i)
        if (!lost[i]) state.memory.points[kept++] = state.memory.points[i];
    state.memory.points.resize(kept);
    state.last = std::move(frame);
    return state.memory.points;
}

void ClothesPoints::cut() { state_->memory.points.clear(); }

const ClothesPoints::Memory& ClothesPoints::memory() const { return state_->memory; }

void ClothesPoints::remember(const Memory& memory, const Image& frame) {
    state_->memory = memory;
    state_->last = view(frame);
}

bool ClothesPoints::wants_more() const { return int(state_->memory.points.size()) < few_points; }

void ClothesPoints::add(const Image& person, const FaceLandmarks& face) {
    State& state = *state_;
    if (!state.last || person.empty()) return;
    const FlowPyramid& picture = state.last->picture;
    const Eigen::Vector2f scale = state.last->scale;
    const int width = picture.width(), height = picture.height();
    const Eigen::Vector2f size = face.high - face.low, middle = (face.high + face.low) / 2;
    std::vector<std::uint8_t> taken(std::size_t(width) * std::size_t(height), 0);
    const auto take = [&](int x, int y) {
        for (int j = std::max(0, y - apart); j <= std::min(height - 1, y + apart); ++j)
            for (int i = std::max(0, x - apart); i <= std::min(width - 1, x + apart); ++i)
                if ((i - x) * (i - x) + (j - y) * (j - y) <= apart * apart)
                    taken[std::size_t(j) * std::size_t(width) + std::size_t(i)] = 1;
    };
    for (const ClothesPoint& p : state.memory.points) take(int(p.at.x() * scale.x()), int(p.at.y() * scale.y()));

    struct Candidate {
        float strength;
        int x, y;
        Eigen::Matrix2f sureness;
    };
    std::vector<Candidate> candidates;
    for (int y = border; y < height - border; ++y)
        for (int x = border; x < width - border; ++x) {
            const Eigen::Vector2f at = Eigen::Vector2f(float(x) + 0.5f, float(y) + 0.5f).cwiseQuotient(scale);
            // Below the chin, and in a widening wedge: not the face, its hair or the neck.
            const float below = (at.y() - face.high.y()) / size.y(), beside = std::abs(at.x() - middle.x()) / size.x();
            if (below < 0.15f || (beside < 0.35f && below < 0.45f)) continue;
            if (*person.at(x * person.width / width, y * person.height / height) < 0.5f) continue;
            const Eigen::Vector3f t = picture.tensor_at(x, y);
            Eigen::Matrix2f tensor;
            tensor << t[0], t[1], t[1], t[2];
            const Eigen::SelfAdjointEigenSolver<Eigen::Matrix2f> eigen(tensor);
            if (eigen.eigenvalues()[1] < least_edge) continue;
            const Eigen::Vector2f sure = eigen.eigenvalues().cwiseMax(0).cwiseQuotient(
                (eigen.eigenvalues().array().max(0) + sure_edge).matrix());
            candidates.push_back({eigen.eigenvalues()[1], x, y,
                                  eigen.eigenvectors() * sure.asDiagonal() * eigen.eigenvectors().transpose()});
        }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.strength > b.strength; });
    for (const Candidate& c : candidates) {
        if (int(state.memory.points.size()) >= most_points) break;
        if (taken[std::size_t(c.y) * std::size_t(width) + std::size_t(c.x)]) continue;
        take(c.x, c.y);
        state.memory.points.push_back({state.memory.next_number++,
                                       Eigen::Vector2f(float(c.x) + 0.5f, float(c.y) + 0.5f).cwiseQuotient(scale),
                                       c.sureness});
    }
}

}  // namespace likeness
