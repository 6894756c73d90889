#include "ui/video_view.h"

#include <algorithm>

#include "core/head/mediapipe_landmarks.h"
#include "ui/theme.h"

namespace likeness::ui {

void VideoView::clear() {
    for (Picture& picture : pictures_) picture.clear();
    shown_ = {};
}

bool VideoView::draw(Studio& studio, const ImVec2& size, bool landmarks) {
    const Driving* driving = studio.driver().driving();
    if (!driving || !driving->pictures) {
        clear();
        return false;
    }
    const auto now = driving->pictures->at(driving->begin + studio.motions().playhead());
    if (!now) return false;
    const FaceTrack& track = *driving->track;
    const TrackedFrame& frame = track.frames[std::size_t(driving->frame_at(now->seconds - driving->begin))];
    Shown shown{now, frame.landmarks, frame.state == FrameState::tracked, float(now->width)};
    for (Eigen::Vector3f& p : shown.points) p.head<2>() += track.origin.cast<float>();
    return draw(now->picture, std::move(shown), size, landmarks);
}

bool VideoView::draw_tracked(const TrackPreview& preview, const ImVec2& size, bool landmarks) {
    if (!preview.picture) return false;
    return draw(*preview.picture,
                {preview.picture, preview.landmarks.value_or(no_landmarks()), preview.landmarks.has_value(),
                 float(preview.picture->width)},
                size, landmarks);
}

bool VideoView::draw(const Image& image, Shown next, const ImVec2& size, bool landmarks) {
    const std::size_t back = 1 - front_;
    if (shown_[back].what && pictures_[back].ready()) front_ = back;
    if (const std::size_t free = 1 - front_; next.what != shown_[front_].what && next.what != shown_[free].what) {
        shown_[free] = std::move(next);
        pictures_[free].set(image);
    }
    const Picture& picture = pictures_[front_];
    const Shown& shown = shown_[front_];
    if (!shown.what || !picture.ready()) return false;
    const float grow = std::min(size.x / float(picture.width()), size.y / float(picture.height()));
    const ImVec2 extent = {grow * float(picture.width()), grow * float(picture.height())};
    const ImVec2 from = ImGui::GetCursorScreenPos() + ImVec2(0.5f * (size.x - extent.x), 0.5f * (size.y - extent.y)),
                 to = from + extent;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddImageRounded(picture.reference(), from, to, {0, 0}, {1, 1}, IM_COL32_WHITE, px(4));
    if (!landmarks || !shown.has_points) return true;
    const float scale = extent.x / std::max(shown.width, 1.0f);
    Eigen::Vector2f low = shown.points[0].head<2>(), high = low;
    for (const Eigen::Vector3f& p : shown.points) {
        low = low.cwiseMin(p.head<2>());
        high = high.cwiseMax(p.head<2>());
    }
    // Small faces have small dots, or they would be hidden.
    const float dot = std::clamp((high - low).maxCoeff() * scale / px(110), 0.55f, 1.0f) * px(1);
    draw.PushClipRect(from, to, true);
    for (std::size_t i = 0; i < shown.points.size(); ++i) {
        const bool iris = i >= likeness::landmarks::face_count;
        draw.AddCircleFilled({from.x + shown.points[i].x() * scale, from.y + shown.points[i].y() * scale},
                             (iris ? 1.6f : 1.0f) * dot, u32(iris ? palette().accent_strong : palette().info, 0.9f), 6);
    }
    draw.PopClipRect();
    return true;
}

}  // namespace likeness::ui
