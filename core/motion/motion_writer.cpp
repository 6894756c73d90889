#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/image/file_bytes.h"
#include "core/motion/motion_track.h"

namespace likeness {

// By hand: a tree of half an hour's values would take gigabytes.
Status save_motion(const std::filesystem::path& file, const MotionTrack& track) {
    std::string text = "{\"fps\": ";
    std::array<char, 40> buffer{};
    const auto add = [&](const char* format, double value) {
        text.append(buffer.data(), std::size_t(std::snprintf(buffer.data(), buffer.size(), format, value)));
    };
    add("%.6g", 1 / track.frame_seconds);
    if (!track.made_for.empty()) text += ",\n\"made_for\": " + nlohmann::json(track.made_for).dump();
    text += ",\n\"names\": " + nlohmann::json(track.names).dump() + ",\n\"frames\": [";
    const std::size_t width = track.names.size();
    for (std::size_t f = 0; f < track.frame_count(); ++f) {
        add(f == 0 ? "\n{\"time\": %.6f, \"weights\": [" : ",\n{\"time\": %.6f, \"weights\": [", track.times[f]);
        for (std::size_t i = 0; i < width; ++i) add(i == 0 ? "%.5g" : ", %.5g", double(track.weights[f * width + i]));
        text += "]}";
    }
    text += "]";
    for (std::size_t f = 0; f < track.head.size(); ++f) {
        text += f == 0 ? ",\n\"head_pose\": [\n" : ",\n";
        for (int k = 0; k < 3; ++k) add(k == 0 ? "[%.6g" : ", %.6g", double(track.head[f][k]));
        text += "]";
    }
    text += track.head.empty() ? "}\n" : "]}\n";
    return save_file(file, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace likeness
