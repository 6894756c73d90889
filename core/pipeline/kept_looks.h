// What was seen of a video before its tracking was cancelled, as a file: safetensors, its owner's only (it holds
// landmarks of a face).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

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

// Held by who looks at a video: no other program keeps, takes up or clears what was seen of it meanwhile.
class LooksLock {
  public:
    // Of the file that save_looks() writes; its folder is made. Nothing where another holds it, or nothing can be
    // written there.
    static std::optional<LooksLock> take(const std::filesystem::path& looks);
    LooksLock(LooksLock&& other) noexcept : file_(std::move(other.file_)), handle_(std::exchange(other.handle_, -1)) {}
    LooksLock& operator=(LooksLock&&) = delete;
    ~LooksLock();

  private:
    LooksLock(std::filesystem::path file, int handle) : file_(std::move(file)), handle_(handle) {}
    std::filesystem::path file_;
    int handle_;
};

// Removes what nobody went on from for a month, and the oldest of what is more than `most_bytes` in all; nothing that
// is locked.
void clear_old_looks(const std::filesystem::path& folder, std::uintmax_t most_bytes = std::uintmax_t(1) << 30);

// Errors: OutputFile's.
Status save_looks(const std::filesystem::path& file, const std::string& key, const KeptLooks& looks);
// Nothing where the file is missing, damaged or of another `key`.
std::optional<KeptLooks> parse_looks(std::vector<std::uint8_t> bytes, const std::string& key);
std::optional<KeptLooks> load_looks(const std::filesystem::path& file, const std::string& key);

}  // namespace likeness
