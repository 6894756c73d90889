// Videos of flashes that click: whoever copies one with its sound must let them coincide still.
#pragma once

#include <filesystem>
#include <vector>

extern "C" {
#include <libavcodec/codec_id.h>
}

namespace likeness::test {

struct Clip {
    static constexpr int rate = 48000, fps = 25;
    const char* muxer = "mp4";
    AVCodecID sound = AV_CODEC_ID_AAC;
    double picture_start = 0;             // of both clocks, seconds
    double sound_start = 0, seconds = 6;  // what comes before is not recorded
    double hole_begin = 0, hole_end = 0;  // sound that was lost
    int sample_rate = rate, channels = 2;
};

// One frame in 25 is white, from 0.4 s on; when it is shown 1 kHz begins for 10 ms. Counted from the first picture.
bool is_flash(int frame);
float click_at(double seconds);

// 64 x 64 pixels.
void make_clip(const std::filesystem::path& path, const Clip& clip);

// Begins of clicks in seconds on the clock of the file's pictures, which start at `first`; and the sound's end.
struct Heard {
    std::vector<double> clicks;
    double end = 0;
    int streams = 0;
};
Heard listen(const std::filesystem::path& path, double first);

}  // namespace likeness::test
