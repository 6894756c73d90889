#include "core/pipeline/driver_pictures.h"

#include <algorithm>
#include <cmath>

#include "core/image/ops.h"

namespace likeness {

DriverPictures::DriverPictures(std::unique_ptr<FrameSource> frames, const FaceTrack& track, double begin, int size)
    : picture_(size, size, 3), size_(size), begin_(begin) {
    const FrameSource& source = *frames;
    Eigen::Vector2f low = Eigen::Vector2f::Constant(1e9f), high = -low;
    float face = 0;
    for (const TrackedFrame& frame : track.frames) {
        if (frame.state != FrameState::tracked) continue;
        Eigen::Vector2f from = Eigen::Vector2f::Constant(1e9f), to = -from;
        for (const Eigen::Vector3f& p : frame.landmarks) {
            from = from.cwiseMin(p.head<2>());
            to = to.cwiseMax(p.head<2>());
        }
        low = low.cwiseMin(from);
        high = high.cwiseMax(to);
        face = std::max(face, (to - from).maxCoeff());
    }
    // As much as an avatar's picture shows, but within the video.
    const Eigen::Vector2f middle = (low + high) / 2 + track.origin.cast<float>();
    const float wanted = std::max(2.6f * face, 1.3f * (high - low).maxCoeff());
    side_ = std::clamp(int(std::lround(wanted)), 16, std::max(16, std::min(source.width(), source.height())));
    left_ = std::clamp(int(std::lround(middle.x())) - side_ / 2, 0, std::max(0, source.width() - side_));
    top_ = std::clamp(int(std::lround(middle.y())) - side_ / 2, 0, std::max(0, source.height() - side_));
    frames_.emplace(std::move(frames));
}

Result<Image> DriverPictures::at(double seconds) {
    while (!ended_ && (!next_ || next_->seconds <= begin_ + seconds + 1e-6)) {
        if (next_) shown_ = std::move(next_->picture);
        next_.reset();
        auto frame = frames_->next();
        if (!frame) return frame.error();
        if (*frame)
            next_ = *std::move(frame);
        else
            ended_ = true;
    }
    if (!shown_.empty())
        picture_ = resize(crop(shown_, left_, top_, std::min(side_, shown_.width), std::min(side_, shown_.height)),
                          size_, size_);
    shown_ = {};
    return picture_;
}

Image beside(const Image& driver, const Image& avatar) {
    const int channels = avatar.channels;
    Image both(driver.width + avatar.width, avatar.height, channels, 1);
    for (int y = 0; y < avatar.height; ++y) {
        for (int x = 0; x < driver.width; ++x) std::copy_n(driver.at(x, y), 3, both.at(x, y));
        std::copy_n(avatar.at(0, y), avatar.width * channels, both.at(driver.width, y));
    }
    return both;
}

}  // namespace likeness
