// The studio's own controls, all of one look: each has a tooltip, commands say for themselves why they cannot run.
#pragma once

#include <imgui.h>

#include <functional>
#include <optional>
#include <string>

#include "core/image/image.h"
#include "core/studio/studio.h"

namespace likeness::ui {

// Shown after the pointer rests on the last item; wrapped to a readable width.
void tooltip(const std::string& text);

// A row that a slider fills: name on the left, value on the right. Drag or click to set, Ctrl-click to type,
// double-click for `fallback`. Its drag is one entry of the history.
struct SliderSpec {
    std::string label = {};
    float low = 0, high = 1, fallback = 0;
    const char* format = "%.2f";
    const char* unit = "";  // after the value, e.g. "°"
    std::string about = {};  // tooltip: what it does; the unit and how to use a slider are added
    float width = 0;        // 0: what is left of the line
    bool logarithmic = false;
};
// True when `value` was changed.
bool slider(Studio& studio, const char* id, const SliderSpec& spec, float& value);

// A button for a command: its title or `label`, its tooltip and shortcut; disabled with the reason when it cannot run.
enum class ButtonStyle { normal, primary, flat };
bool command_button(Studio& studio, const std::string& command, const Arguments& arguments = {},
                    const std::string& label = "", ButtonStyle style = ButtonStyle::normal, float width = 0);
// The same as an entry of a menu. `keys` are what does the same with these arguments; the command's own unless given.
void command_item(Studio& studio, const std::string& command, const Arguments& arguments = {},
                  const std::string& label = "", bool selected = false, const char* keys = nullptr);
// Buttons that are no commands.
bool button(const std::string& label, ButtonStyle style, const std::string& about, float width = 0);
// A square button with an icon that stays pressed while `on`.
bool icon_button(const char* id, const char* icon, bool on, const std::string& about, bool enabled = true);
// The cross that ends a running task; a gap where it cannot be ended. It acts when the button goes down: the task may
// be elsewhere when it comes up.
void cancel_button(Studio& studio, const JobInfo& job);

// A button with words that stays pressed while `on`.
bool toggle_button(const char* label, bool on, const std::string& about, float width = 0);

// A heading that folds what belongs to it; true while it is open.
bool section(const char* label, bool open = true);
// Words that matter less.
void note(const std::string& text);
// "label        value", in two columns.
void fact(const char* label, const std::string& value);
// An icon, a line and a sentence in the middle of an empty panel.
void empty_state(const char* icon, const std::string& title, const std::string& text);
// What an empty panel says that shows an avatar: that one is on its way, or how to get one.
std::string needs_avatar_text(const Studio& studio);
// The same with a bar, for a panel whose content is being made. fraction < 0: it is not known how far.
void busy_state(const std::string& title, float fraction);
// What went wrong, in a frame of its own.
void problem_box(const std::string& sentence);
void progress_bar(float fraction, const std::string& text, float width = -1, float height = 0);
// A field that narrows a list; true when it changed.
bool search_field(const char* id, std::string& text, const char* hint);
// `text` holds every word of `query`, whatever the case.
bool matches(const std::string& text, const std::string& query);
// A row of choices of which one is on; the new one when it changed, else -1.
int choice_row(const char* id, const std::vector<std::string>& labels, int chosen,
               const std::vector<std::string>& about = {});

// `text`, or as much of it as fits into so many pixels with "..." after it.
std::string shortened(std::string text, float room);
// What the first of the running tasks that people see is doing, and how far it is; nothing when none runs.
struct RunningStage {
    std::string words;
    float fraction = 0;
};
std::optional<RunningStage> running_stage(const Studio& studio);
// How far a task is and how long it will take: "40 %, 0:12 left"; of one that cannot say, how long it has run.
std::string progress_words(const JobInfo& job);
std::string format_seconds(double seconds);      // "1:05", "0:07"
std::string format_count(std::size_t count);     // "87,977"
std::string readable(const std::string& camel);  // "mouthSmileLeft" -> "Mouth smile left"

// A picture that panels show; Dear ImGui's renderer makes the texture.
class Picture {
  public:
    Picture() = default;
    ~Picture();
    Picture(const Picture&) = delete;
    Picture& operator=(const Picture&) = delete;
    // Grey, RGB or RGBA; larger sides than `longest` are reduced first.
    void set(const Image& image, int longest = 1024);
    // Transparent, to be written in parts.
    void create(int width, int height);
    // Where the RGBA of a part's first row goes, rows are 4 * width() bytes apart; what is written before the frame
    // ends is shown. Precondition: not empty().
    unsigned char* write(int x, int y, int width, int height);
    void clear();
    bool empty() const { return texture_ == nullptr; }
    int width() const { return width_; }
    int height() const { return height_; }
    bool ready() const;              // may be drawn in this frame
    ImTextureRef reference() const;  // precondition: ready()

  private:
    ImTextureData* texture_ = nullptr;
    int width_ = 0, height_ = 0;
};

// Frees textures of pictures that are gone; once a frame.
void collect_pictures();

}  // namespace likeness::ui
