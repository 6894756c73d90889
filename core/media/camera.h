// A camera as a source of frames, and a thread that always holds its newest one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/media/frame_source.h"

namespace likeness {

struct CameraMode {
    int width = 0, height = 0;
    double fps = 0;  // the highest at that size; 0: not told
};

struct CameraInfo {
    std::string device;             // "/dev/video0"
    std::string name;               // as its driver calls it
    std::vector<CameraMode> modes;  // the largest first, each size once
};

// The V4L2 devices that give pictures, in the order of their numbers. Those that may not be opened are left out.
std::vector<CameraInfo> list_cameras();

struct CameraOptions {
    int width = 0, height = 0;  // 0: the camera's own; else the nearest that it has
    double fps = 0;             // 0: the camera's own
    bool mirror = false;        // left and right swapped
    double patience = 5;        // seconds that next() waits for a picture
};

class LiveSource : public FrameSource {
  public:
    // When the frame that was returned last was taken: by the camera's own stamp where it has one.
    virtual std::chrono::steady_clock::time_point captured() const = 0;
    // From any thread: next() returns soon, with the end.
    virtual void stop() = 0;
};

// `device`: "/dev/video0", empty for the first camera, or "lavfi:" and a graph of FFmpeg's filters, which plays as a
// camera would ("lavfi:testsrc2=size=640x480:rate=30", "lavfi:movie=FILE") and ends when its graph does.
// Errors: not_found (no camera, no such device), device (used by another program, not permitted, no pictures);
// bad_input (a graph that makes no pictures); invalid_argument (sizes above 16384, rate, patience).
// Its next(): device when it was unplugged or sent nothing for `patience` seconds.
Result<std::unique_ptr<LiveSource>> open_camera(const std::string& device, const CameraOptions& options = {});

// Reads a live source on a thread of its own. The newest frame wins: one that was not taken before the next came is
// dropped, and counted.
class CameraFrames {
  public:
    explicit CameraFrames(std::unique_ptr<LiveSource> source);
    ~CameraFrames();
    CameraFrames(const CameraFrames&) = delete;
    CameraFrames& operator=(const CameraFrames&) = delete;

    struct Frame {
        Image picture;  // 3 channels, sRGB
        std::chrono::steady_clock::time_point captured;
        double seconds = 0;       // since the first
        std::int64_t number = 0;  // from 0, of all that came; what lacks was dropped
    };
    // The newest frame, if need be the next, for which it waits at most `seconds`; nothing at the end. An error and the
    // end come after what was read before, and again with every call. Errors: the source's; device (nothing came).
    Result<std::optional<Frame>> next(double seconds = 5);
    std::int64_t dropped() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace likeness
