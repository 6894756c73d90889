// Inside core/media: the sound of a video file as a stream of a video that is written.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/media/frame_writer.h"

struct AVCodecContext;
struct AVFormatContext;
struct AVPacket;

namespace likeness {

class SoundTrack {
  public:
    // Adds a stream to `muxer`, which keeps it. Null: the file has no sound, or `note` says why it cannot be used.
    // Errors: VideoReader's for the file, out_of_memory, invalid_argument (no interval).
    static Result<std::unique_ptr<SoundTrack>> open(const SoundOf& sound, AVFormatContext* muxer, std::string& note);
    ~SoundTrack();

    // Hands over the packets of what is heard until so many seconds from the beginning; `end`: and the rest of a packet
    // before that time. `put` takes packets with their stream and times set. 0 or FFmpeg's (or put's) error.
    int write_until(double seconds, bool end, const std::function<int(AVPacket*)>& put);

  private:
    struct State;
    explicit SoundTrack(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace likeness
