#include "tests/ui/display_hands.h"

#include <X11/Xlib.h>
#include <X11/extensions/XTest.h>

#include <chrono>
#include <thread>

namespace likeness::test {

Hands::Hands() : display_(XOpenDisplay(nullptr)) {}

Hands::~Hands() {
    if (display_) XCloseDisplay(display_);
}

Hands& Hands::type(const char* text) {
    for (; *text; ++text) tap(*text == ' ' ? XK_space : static_cast<unsigned long>(*text));
    return *this;
}

Hands& Hands::move(float x, float y) {
    XTestFakeMotionEvent(display_, -1, int(x), int(y), CurrentTime);
    return *this;
}

Hands& Hands::press_button() {
    XTestFakeButtonEvent(display_, 1, True, CurrentTime);
    return *this;
}

Hands& Hands::release_button() {
    XTestFakeButtonEvent(display_, 1, False, CurrentTime);
    return *this;
}

void Hands::flush() { XSync(display_, False); }

Hands& Hands::send_key(unsigned long key, bool down) {
    XTestFakeKeyEvent(display_, XKeysymToKeycode(display_, key), down, CurrentTime);
    XSync(display_, False);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // GLFW drops a second press with the same time
    return *this;
}

}  // namespace likeness::test
