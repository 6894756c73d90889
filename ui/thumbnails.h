// Small pictures of files, made by a worker while they are looked at; those not seen for long are forgotten.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ui/widgets.h"

namespace likeness::ui {

class Thumbnails {
  public:
    static constexpr int side = 256;            // pixels of the longer side
    static constexpr std::size_t most = 200;    // that are kept
    enum class State { waiting, none, ready };  // none: another kind of file, missing or damaged
    struct Entry {
        State state = State::waiting;
        Picture picture;
        std::filesystem::file_time_type changed{};  // the file, when it was looked at
        bool again = false;                         // the file may have changed meanwhile
        int used = 0;                               // the last frame that asked for it
    };

    ~Thumbnails();
    // What is known now; the rest comes in later frames. Asked for in each frame that shows it.
    const Entry& of(Studio& studio, const std::filesystem::path& file);
    // All files are looked at again when they are next asked for.
    void refresh();
    // What was asked for and is not begun is not made.
    void stop();
    std::size_t count() const { return entries_.size(); }

  private:
    struct Wanted {
        std::filesystem::path file;
        std::filesystem::file_time_type known{};  // Entry::changed
        int frame = 0;                            // that asked for it
    };
    struct Queue {
        std::mutex mutex;
        std::vector<Wanted> files;  // of the latest frame the first comes first
    };
    void start(Studio& studio);
    void forget_unused();

    std::map<std::string, Entry> entries_;
    std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
    std::shared_ptr<int> alive_ = std::make_shared<int>();  // what a worker posts may come after the end
    JobHandle job_;
};

// Draws one into the middle of a square, as large as fits; null, before it is there and without one: an icon.
void draw_thumbnail(const Thumbnails::Entry* entry, const char* icon, const ImVec2& from, float size);

}  // namespace likeness::ui
