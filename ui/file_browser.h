// A file dialog of our own, for desktops without one.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/studio/studio.h"
#include "ui/file_list.h"
#include "ui/places.h"

namespace likeness::ui {

// The file that a request to save shall write: with the request's ending, whatever dots its name has.
std::filesystem::path with_ending(const std::filesystem::path& file, const FileRequest& request);

class FileBrowser {
  public:
    // Begins in `folder`; with `ask_replace`, by asking whether the suggested file shall be replaced.
    void open(const Studio& studio, const FileRequest& request, const std::filesystem::path& folder,
              bool ask_replace = false);
    bool is_open() const { return open_; }
    void close();
    // The file that was chosen, once; `cancelled` is set when the person gave up.
    std::optional<std::filesystem::path> draw(Studio& studio, bool& cancelled);
    const FileList& list() const { return list_; }

  private:
    void go(const std::filesystem::path& folder);
    void draw_places();
    // Above the files: the folder, and how they are shown.
    void draw_head(Studio& studio, std::optional<std::filesystem::path>& chosen);
    // Below them: the name and what to do.
    void draw_foot(std::optional<std::filesystem::path>& chosen, bool& cancelled);

    FileRequest request_;
    FileList list_;
    std::vector<Place> places_;
    std::array<char, 1024> name_{};
    std::array<char, 2048> path_{};
    bool open_ = false, all_ = false, ask_replace_ = false, appeared_ = false;
};

}  // namespace likeness::ui
