// What is in a folder, as a list with sizes and dates or as pictures.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ui/thumbnails.h"

namespace likeness::ui {

class FileList {
  public:
    // Reads a folder; when it cannot be read problem() says why and the last one stays.
    void go(const std::filesystem::path& folder);
    const std::filesystem::path& folder() const { return folder_; }
    const std::string& problem() const { return problem_; }
    // Files that match one of these ("*.png") are shown; none: folders alone; `all`: every file.
    void show(const std::vector<std::string>& patterns, bool all);

    struct Pick {
        std::filesystem::path path;
        bool folder = false;
        bool twice = false;  // double-clicked
    };
    // Fills the room that is left. What was clicked.
    std::optional<Pick> draw(Studio& studio, bool pictures, const std::string& selected);
    void close() { thumbnails_.stop(); }
    const Thumbnails& thumbnails() const { return thumbnails_; }

  private:
    struct Entry {
        std::string name;
        bool folder = false;
        std::uintmax_t bytes = 0;
        std::filesystem::file_time_type changed{};
    };
    void sort();
    void choose_shown();
    void draw_rows(const std::string& selected, std::optional<Pick>& pick);
    void draw_pictures(Studio& studio, const std::string& selected, std::optional<Pick>& pick);
    Pick picked(const Entry& entry) const;

    std::filesystem::path folder_;
    std::vector<Entry> entries_;
    std::vector<const Entry*> shown_;
    std::string problem_;
    std::vector<std::string> patterns_;
    bool all_ = false, to_top_ = false;
    int sorted_by_ = 0;  // a column
    bool descending_ = false;
    Thumbnails thumbnails_;
};

}  // namespace likeness::ui
