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
    const auto next = driving->pictures->at(driving->begin + studio.motions().playhead());
    const std::size_t back = 1 - front_;
    if (shown_[back] && pictures_[back].ready()) front_ = back;
    if (const std::size_t free = 1 - front_; next && next != shown_[front_] && next != shown_[free]) {
        shown_[free] = next;
        pictures_[free].set(next->picture);
    }
    const Picture& picture = pictures_[front_];
    const auto& shown = shown_[front_];
    if (!shown || !picture.ready()) return false;
    const float grow = std::min(size.x / float(picture.width()), size.y / float(picture.height()));
    const ImVec2 extent = {grow * float(picture.width()), grow * float(picture.height())};
    const ImVec2 from = ImGui::GetCursorScreenPos() + ImVec2(0.5f * (size.x - extent.x), 0.5f * (size.y - extent.y)),
                 to = from + extent;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddImageRounded(picture.reference(), from, to, {0, 0}, {1, 1}, IM_COL32_WHITE, px(4));
    if (!landmarks) return true;
    const FaceTrack& track = *driving->track;
    const TrackedFrame& frame = track.frames[std::size_t(driving->frame_at(shown->seconds - driving->begin))];
    if (frame.state != FrameState::tracked) return true;
    const float scale = extent.x / float(std::max(shown->width, 1));
    Eigen::Vector2f low = frame.landmarks[0].head<2>(), high = low;
    for (const Eigen::Vector3f& p : frame.landmarks) {
        low = low.cwiseMin(p.head<2>());
        high = high.cwiseMax(p.head<2>());
    }
    // Small faces have small dots, or they would be hidden.
    const float dot = std::clamp((high - low).maxCoeff() * scale / px(110), 0.55f, 1.0f) * px(1);
    draw.PushClipRect(from, to, true);
    for (std::size_t i = 0; i < frame.landmarks.size(); ++i) {
        const Eigen::Vector2f p = frame.landmarks[i].head<2>() + track.origin.cast<float>();
        const bool iris = i >= landmarks::face_count;
        draw.AddCircleFilled({from.x + p.x() * scale, from.y + p.y() * scale}, (iris ? 1.6f : 1.0f) * dot,
                             u32(iris ? palette().accent_strong : palette().info, 0.9f), 6);
    }
    draw.PopClipRect();
    return true;
}

}  // namespace likeness::ui
