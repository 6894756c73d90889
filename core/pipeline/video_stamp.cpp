#include "core/pipeline/video_stamp.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "core/base/hash.h"

namespace likeness {

std::string stamp_of(const std::filesystem::path& video) {
    namespace fs = std::filesystem;
    std::error_code failed;
    ContentHash hash;
    if (fs::is_directory(video, failed)) {
        std::vector<std::string> files;
        for (auto it = fs::directory_iterator(video, failed); !failed && it != fs::directory_iterator();
             it.increment(failed)) {
            std::error_code no_file;
            const auto bytes = it->file_size(no_file);
            if (!no_file) files.push_back(it->path().filename().string() + " " + std::to_string(bytes));
        }
        if (files.empty()) return "";
        std::sort(files.begin(), files.end());
        for (const std::string& file : files) hash.add(file.data(), file.size());
        return std::to_string(files.size()) + " files " + hash.text();
    }
    const auto size = fs::is_regular_file(video, failed) ? fs::file_size(video, failed) : 0;
    if (size == 0 || failed) return "";
    std::vector<char> begin(std::size_t(1) << 20);
    std::ifstream in(video, std::ios::binary);
    in.read(begin.data(), std::streamsize(begin.size()));
    hash.add(begin.data(), std::size_t(in.gcount()));
    return std::to_string(size) + " " + hash.text();
}

Status track_is_of(const FaceTrack& track, const std::filesystem::path& video) {
    const std::string name = video.filename().string(), stamp = stamp_of(video);
    // A video may have been renamed; of what has no stamp the name must do.
    if (track.video_stamp.empty() || stamp.empty() ? track.video == name : track.video_stamp == stamp) return {};
    return Error{ErrorCode::bad_input,
                 std::string("The track is of ") + (track.video == name ? "another '" : "'") + track.video +
                     "', not of '" + video.string() + "'; choose the video that it was made from, or track this one.",
                 ""};
}

}  // namespace likeness
