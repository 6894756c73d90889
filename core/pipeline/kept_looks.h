// What was seen of a video before its tracking was cancelled, as a file: safetensors, its owner's only (it holds
// landmarks of a face).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/pipeline/video_looks.h"
#include "core/vision/clothes_points.h"
#include "core/vision/face_watcher.h"

namespace likeness {

struct KeptLooks {
    std::deque<SeenFrame> frames;
    // As they were after the last of these frames.
    FaceWatcher::Memory face;
    ClothesPoints::Memory clothes;
    bool clothes_sought = false;
};

// Kept for a month, where nobody goes on. Errors: OutputFile's.
Status save_looks(const std::filesystem::path& file, const std::string& key, const KeptLooks& looks);
// Nothing where the file is missing, damaged or of another `key`.
std::optional<KeptLooks> parse_looks(std::vector<std::uint8_t> bytes, const std::string& key);
std::optional<KeptLooks> load_looks(const std::filesystem::path& file, const std::string& key);

}  // namespace likeness
