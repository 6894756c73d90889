// Ctrl+P: every command by any word about it, with its shortcut; Enter runs it. A command that needs values has a row
// for each where they are few, else the palette asks for them.
#pragma once

#include <string>
#include <vector>

#include "core/studio/studio.h"

namespace likeness::ui {

class CommandPalette {
  public:
    struct Row {
        std::string command, title;
        Arguments arguments;  // chosen by the row
        bool asks = false;    // others are needed
        bool operator==(const Row&) const = default;
    };

    void open();
    bool is_open() const { return open_; }
    void draw(Studio& studio);

    // The rows for what is typed: those whose title begins with it first, then those whose title has its words, then
    // those that have them, or this program's word for them, in category, id or tooltip; what cannot be done now last.
    static std::vector<Row> find(const Studio& studio, const std::string& query);

  private:
    void choose(Studio& studio, const Row& row);
    void draw_rows(Studio& studio);
    void draw_form(Studio& studio);

    bool open_ = false, appeared_ = false;
    std::string query_;
    int chosen_ = 0;
    Row asking_;       // the command that is asked about; its title empty: none
    Arguments asked_;  // values so far
    bool form_appeared_ = false;
};

}  // namespace likeness::ui
