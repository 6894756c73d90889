// Keys and pointer of a display, by XTest, from a second client of it.
#pragma once

#include <X11/keysym.h>

struct _XDisplay;

namespace likeness::test {

// What is sent between two frames of the program under test arrives in one.
class Hands {
  public:
    Hands();
    ~Hands();
    Hands(const Hands&) = delete;
    Hands& operator=(const Hands&) = delete;

    bool there() const { return display_ != nullptr; }  // false without a display
    Hands& press(unsigned long key) { return send_key(key, true); }
    Hands& release(unsigned long key) { return send_key(key, false); }
    Hands& tap(unsigned long key) { return press(key).release(key); }
    Hands& type(const char* text);  // small letters and spaces
    Hands& move(float x, float y);  // pixels of the screen
    Hands& press_button();          // the left one
    Hands& release_button();
    void flush();

  private:
    Hands& send_key(unsigned long key, bool down);
    _XDisplay* display_;
};

}  // namespace likeness::test
