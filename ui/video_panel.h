// The driver's video over its time: small pictures, the error of each frame, what is lost or left out.
#pragma once

#include <vector>

#include "ui/panel.h"
#include "ui/widgets.h"

namespace likeness::ui {

class VideoPanel : public Panel {
  public:
    VideoPanel();
    void draw(Studio& studio) override;

  private:
    // Where seconds of the video lie.
    struct Scale {
        ImVec2 from, to;
        double duration = 1;
        float x(double seconds) const { return from.x + float(seconds / duration) * (to.x - from.x); }
        double seconds(float x) const;
    };
    void gather(const Driving& driving);
    void draw_actions(Studio& studio, const Driving& driving);
    void draw_doubtful(Studio& studio, const Driving& driving);
    void draw_pictures(Studio& studio, const Driving& driving, const Scale& scale);
    void draw_errors(Studio& studio, const Driving& driving, const Scale& scale);
    void draw_marks(Studio& studio, const Driving& driving, const Scale& scale) const;
    void seek(Studio& studio, const Driving& driving, double video_seconds);
    bool selected() const { return first_ >= 0; }

    const FaceTrack* gathered_ = nullptr;
    const FaceTrack* opened_ = nullptr;  // what it was made of
    float most_error_ = 0.03f, doubtful_error_ = 0;
    std::vector<std::size_t> doubtful_;  // frames whose error is above that
    int first_ = -1, last_ = -1;  // frames that are chosen; first_ < 0: none
    bool dragged_ = false;
    double drag_from_ = 0;  // seconds of the video
    struct Small {
        std::shared_ptr<const VideoPictures::Shown> shown;
        Picture picture;
    };
    std::array<Small, VideoPictures::along> smalls_;
};

}  // namespace likeness::ui
