// A file dialog of our own, for desktops without one.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/studio/studio.h"

namespace likeness::ui {

// The file that a request to save shall write: with the request's ending, whatever dots its name has.
std::filesystem::path with_ending(const std::filesystem::path& file, const FileRequest& request);

class FileBrowser {
  public:
    // Begins in `folder`; with `ask_replace`, by asking whether the suggested file shall be replaced.
    void open(const FileRequest& request, const std::filesystem::path& folder, bool ask_replace = false);
    bool is_open() const { return open_; }
    void close() { open_ = false; }
    // The file that was chosen, once; `cancelled` is set when the person gave up.
    std::optional<std::filesystem::path> draw(bool& cancelled);

  private:
    struct Entry {
        std::string name;
        bool folder = false;
        std::uintmax_t bytes = 0;
        std::filesystem::file_time_type changed{};
    };
    void go(const std::filesystem::path& folder);
    void sort();
    // A file that was double-clicked or a folder to go to, if any.
    std::filesystem::path draw_list(float height);
    bool wanted(const std::string& name) const;

    FileRequest request_;
    std::filesystem::path folder_;
    std::vector<Entry> entries_;
    std::string problem_;
    std::array<char, 1024> name_{};
    std::array<char, 2048> path_{};
    bool open_ = false, all_ = false, ask_replace_ = false, appeared_ = false;
    int sorted_by_ = 0;  // a column
    bool descending_ = false;
};

}  // namespace likeness::ui
