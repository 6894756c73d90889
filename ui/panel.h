// One panel of the studio: a window that can be docked, closed and moved.
#pragma once

#include <string>

#include "core/studio/studio.h"

namespace likeness::ui {

class Panel {
  public:
    // `name` is its title and identity; `icon` stands before it.
    Panel(std::string name, std::string icon, std::string about)
        : name_(std::move(name)), about_(std::move(about)), icon_(std::move(icon)), window_(name_ + "###" + name_) {}
    virtual ~Panel() = default;
    Panel(const Panel&) = delete;
    Panel& operator=(const Panel&) = delete;

    const std::string& name() const { return name_; }
    const std::string& about() const { return about_; }
    const std::string& icon() const { return icon_; }
    const std::string& window() const { return window_; }  // Dear ImGui's name
    // Between Begin and End of its window.
    virtual void draw(Studio& studio) = 0;
    virtual bool wants_padding() const { return true; }
    // A key (Dear ImGui's number) that means something of its own to this panel, over which the pointer is.
    virtual bool takes_key(int) const { return false; }
    // Seconds from its last drawing to the next one although nothing happens.
    virtual double next_frame_in() const { return 10; }

    bool open = true;

  private:
    std::string name_, about_, icon_, window_;
};

}  // namespace likeness::ui
