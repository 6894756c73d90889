#include "core/vision/face_watcher.h"

#include <algorithm>
#include <cmath>

#include "core/vision/crop.h"

namespace likeness {
namespace {

constexpr float least_score = 0.5f;  // of landmarks that were followed
constexpr int thorough_every = 64;   // frames, while there is no face

// Whether two looks are of one face: middles within half its size, sizes alike.
bool same_place(const FaceLandmarks& a, const FaceLandmarks& b) {
    const float size_a = (a.high - a.low).maxCoeff(), size_b = (b.high - b.low).maxCoeff();
    const float apart = ((a.high + a.low) - (b.high + b.low)).norm() / 2;
    return apart < 0.5f * size_a && size_b < 1.5f * size_a && size_a < 1.5f * size_b;
}

// 32 x 32.
std::vector<float> small_grey_values(const Image& frame) {
    constexpr int side = 32;
    Crop whole;
    whole.size = {float(frame.width), float(frame.height)};
    whole.centre = whole.size / 2;
    std::vector<float> color(std::size_t(side * side * 3)), grey(std::size_t(side * side));
    sample_crop(frame, whole, side, side, {}, color);
    for (std::size_t i = 0; i < grey.size(); ++i)
        grey[i] = 0.2126f * color[3 * i] + 0.7152f * color[3 * i + 1] + 0.0722f * color[3 * i + 2];
    return grey;
}

}  // namespace

// A picture of 32 x 32 grey values changes far more than it did from frame to frame before.
bool FaceWatcher::is_cut(const Image& frame) {
    constexpr float least_change = 0.08f, times_usual = 5;
    std::vector<float> grey = small_grey_values(frame);
    bool cut = false;
    if (!small_.empty()) {
        float change = 0;
        for (std::size_t i = 0; i < grey.size(); ++i) change += std::abs(grey[i] - small_[i]) / float(grey.size());
        cut = change > least_change && change > times_usual * memory_.usual_change;
        if (!cut) memory_.usual_change += 0.1f * (change - memory_.usual_change);
    }
    small_ = std::move(grey);
    return cut;
}

Result<std::optional<FaceLandmarks>> FaceWatcher::follow(const Image& frame) {
    const auto face = models_.follow_landmarks(frame, *memory_.last);
    if (!face) {
        if (face.error().code == ErrorCode::not_found) return std::optional<FaceLandmarks>();
        return face.error();
    }
    if (face->score < least_score || !same_place(*memory_.last, *face)) return std::optional<FaceLandmarks>();
    return std::optional(*face);
}

Result<std::optional<FaceLandmarks>> FaceWatcher::find(const Image& frame) {
    const bool just_lost = memory_.last && memory_.lost == 0;
    const bool thorough = options_.thorough && !just_lost && memory_.lost % thorough_every == 0;
    auto found = models_.search_faces(frame, {.thorough = thorough});
    if (!found) return found.error();
    std::erase_if(*found, [](const JudgedFace& face) { return !face.sure(); });
    if (found->empty()) return std::optional<FaceLandmarks>();
    if (memory_.last) {  // the one that is where it was
        const auto nearest = std::min_element(found->begin(), found->end(), [&](const auto& a, const auto& b) {
            const auto away = [&](const JudgedFace& f) {
                return ((f.landmarks.high + f.landmarks.low) - (memory_.last->high + memory_.last->low)).norm();
            };
            return away(a) < away(b);
        });
        return std::optional(nearest->landmarks);
    }
    if (options_.face >= int(found->size())) {
        if (memory_.begun) return std::optional<FaceLandmarks>();
        return Error{ErrorCode::invalid_argument,
                     "There is no face " + std::to_string(options_.face) + " where the video begins, only " +
                         std::to_string(found->size()) + "; they are numbered from 0, the largest first.",
                     ""};
    }
    return std::optional((*found)[std::size_t(options_.face)].landmarks);
}

Result<WatchedFrame> FaceWatcher::next(const Image& frame) {
    WatchedFrame watched;
    watched.cut = is_cut(frame);
    if (watched.cut) {
        memory_.last.reset();
        memory_.lost = 0;
    }
    if (memory_.last && memory_.lost == 0) {
        auto followed = follow(frame);
        if (!followed) return followed.error();
        watched.face = *std::move(followed);
    }
    if (!watched.face && memory_.lost % search_every == 0) {
        auto found = find(frame);
        if (!found) return found.error();
        watched.face = *std::move(found);
        watched.found_anew = watched.face.has_value();
    }
    memory_.lost = watched.face ? 0 : memory_.lost + 1;
    if (watched.face) {
        memory_.last = watched.face;
        memory_.begun = true;
    }
    return watched;
}

void FaceWatcher::remember(const Memory& memory, const Image& frame) {
    memory_ = memory;
    small_ = small_grey_values(frame);
}

Result<std::optional<FaceLandmarks>> look_again(LandmarkFinder& finder, const Image& frame, const FaceLandmarks& first,
                                                int looks) {
    if (looks <= 1) return std::optional(first);
    const auto others = finder.follow(frame, first, {.crops = looks - 1});
    if (!others) {
        if (others.error().code == ErrorCode::not_found) return std::optional<FaceLandmarks>();
        return others.error();
    }
    if (others->score < least_score || !same_place(first, *others)) return std::optional<FaceLandmarks>();
    FaceLandmarks mean = *others;
    const float share = 1 / float(looks);
    for (std::size_t i = 0; i < FaceLandmarks::count; ++i)
        mean.points[i] = share * first.points[i] + (1 - share) * others->points[i];
    return std::optional(mean);
}

}  // namespace likeness
