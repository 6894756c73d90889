#include "core/vision/face_watcher.h"

#include <algorithm>
#include <cmath>

#include "core/vision/crop.h"

namespace likeness {
namespace {

constexpr float least_score = 0.5f;  // of landmarks that were followed
constexpr int search_every = 8;      // frames, while there is no face: a whole search is slow

// Whether two looks are of one face: middles within half its size, sizes alike.
bool same_place(const FaceLandmarks& a, const FaceLandmarks& b) {
    const float size_a = (a.high - a.low).maxCoeff(), size_b = (b.high - b.low).maxCoeff();
    const float apart = ((a.high + a.low) - (b.high + b.low)).norm() / 2;
    return apart < 0.5f * size_a && size_b < 1.5f * size_a && size_a < 1.5f * size_b;
}

}  // namespace

// A picture of 32 x 32 grey values changes far more than it did from frame to frame before.
bool FaceWatcher::is_cut(const Image& frame) {
    constexpr int side = 32;
    constexpr float least_change = 0.08f, times_usual = 5;
    Crop whole;
    whole.size = {float(frame.width), float(frame.height)};
    whole.centre = whole.size / 2;
    std::vector<float> color(std::size_t(side * side * 3)), grey(std::size_t(side * side));
    sample_crop(frame, whole, side, side, {}, color);
    for (std::size_t i = 0; i < grey.size(); ++i)
        grey[i] = 0.2126f * color[3 * i] + 0.7152f * color[3 * i + 1] + 0.0722f * color[3 * i + 2];
    bool cut = false;
    if (!small_.empty()) {
        float change = 0;
        for (std::size_t i = 0; i < grey.size(); ++i) change += std::abs(grey[i] - small_[i]) / float(grey.size());
        cut = change > least_change && change > times_usual * usual_change_;
        if (!cut) usual_change_ += 0.1f * (change - usual_change_);
    }
    small_ = std::move(grey);
    return cut;
}

Result<std::optional<FaceLandmarks>> FaceWatcher::follow(const Image& frame) {
    const auto first = models_.follow_landmarks(frame, *last_);
    if (!first) {
        if (first.error().code == ErrorCode::not_found) return std::optional<FaceLandmarks>();
        return first.error();
    }
    if (first->score < least_score || !same_place(*last_, *first)) return std::optional<FaceLandmarks>();
    const auto second = models_.follow_landmarks(frame, *first, {.crops = std::max(1, options_.looks - 1)});
    if (!second) {
        if (second.error().code == ErrorCode::not_found) return std::optional<FaceLandmarks>();
        return second.error();
    }
    if (second->score < least_score || !same_place(*first, *second)) return std::optional<FaceLandmarks>();
    FaceLandmarks mean = *second;
    const float share = 1 / float(std::max(2, options_.looks));
    for (std::size_t i = 0; i < FaceLandmarks::count; ++i)
        mean.points[i] = share * first->points[i] + (1 - share) * second->points[i];
    return std::optional(mean);
}

Result<std::optional<FaceLandmarks>> FaceWatcher::find(const Image& frame) {
    auto found = models_.search_faces(frame);
    if (!found) return found.error();
    std::erase_if(*found, [](const JudgedFace& face) { return !face.sure(); });
    if (found->empty()) return std::optional<FaceLandmarks>();
    if (last_) {  // the one that is where it was
        const auto nearest = std::min_element(found->begin(), found->end(), [&](const auto& a, const auto& b) {
            const auto away = [&](const JudgedFace& f) {
                return ((f.landmarks.high + f.landmarks.low) - (last_->high + last_->low)).norm();
            };
            return away(a) < away(b);
        });
        return std::optional(nearest->landmarks);
    }
    if (options_.face >= int(found->size())) {
        if (begun_) return std::optional<FaceLandmarks>();
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
        last_.reset();
        lost_ = 0;
    }
    if (last_ && lost_ == 0) {
        auto followed = follow(frame);
        if (!followed) return followed.error();
        watched.face = *std::move(followed);
    }
    if (!watched.face && lost_ % search_every == 0) {
        auto found = find(frame);
        if (!found) return found.error();
        watched.face = *std::move(found);
        watched.found_anew = watched.face.has_value();
    }
    lost_ = watched.face ? 0 : lost_ + 1;
    if (watched.face) {
        last_ = watched.face;
        begun_ = true;
    }
    return watched;
}

}  // namespace likeness
