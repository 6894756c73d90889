#include "render/pen_input.h"

#ifdef LIKENESS_HAVE_XINPUT
#include <X11/Xlib.h>
#include <X11/extensions/XInput2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>
#endif

namespace likeness {

#ifdef LIKENESS_HAVE_XINPUT
namespace {

// Raw events reach every client, whoever holds the pointer, and name the device itself (XI2proto, "RawEvent").
class XPenInput final : public PenInput {
  public:
    XPenInput(Display* display, int extension) : display_(display), extension_(extension) {
        select(XIAllMasterDevices, {XI_RawMotion, XI_RawButtonPress, XI_RawButtonRelease});
        select(XIAllDevices, {XI_HierarchyChanged, XI_DeviceChanged});
        look_for_pens();
    }
    ~XPenInput() override { XCloseDisplay(display_); }
    const std::vector<PenDevice>& devices() const override { return reader_.devices(); }

    PenState poll() override {
        bool changed = false;
        while (XPending(display_) > 0) {
            XEvent event;
            XNextEvent(display_, &event);
            XGenericEventCookie& cookie = event.xcookie;
            if (cookie.type != GenericEvent || cookie.extension != extension_ || !XGetEventData(display_, &cookie))
                continue;
            if (cookie.evtype == XI_HierarchyChanged || cookie.evtype == XI_DeviceChanged)
                changed = true;
            else
                take(*static_cast<const XIRawEvent*>(cookie.data));
            XFreeEventData(display_, &cookie);
        }
        if (changed) look_for_pens();
        return reader_.state();
    }

  private:
    void select(int device, std::initializer_list<int> events) {
        std::array<unsigned char, XIMaskLen(XI_LASTEVENT)> bits{};
        for (const int event : events) {  // as XISetMask does, whose types do not match
            unsigned char& of = bits[std::size_t(event >> 3)];
            of = static_cast<unsigned char>(of | 1 << (event & 7));
        }
        XIEventMask mask{device, int(bits.size()), bits.data()};
        XISelectEvents(display_, DefaultRootWindow(display_), &mask, 1);
    }

    void take(const XIRawEvent& event) {
        values_.clear();
        const double* value = event.raw_values;
        for (int i = 0; i < event.valuators.mask_len * 8; ++i)
            if (XIMaskIsSet(event.valuators.mask, i)) values_.emplace_back(i, *value++);
        reader_.moved(event.sourceid, values_);
    }

    void look_for_pens() {
        const Atom pressure = XInternAtom(display_, "Abs Pressure", True),
                   tilt_x = XInternAtom(display_, "Abs Tilt X", True),
                   tilt_y = XInternAtom(display_, "Abs Tilt Y", True);
        std::vector<PenDevice> pens;
        int count = 0;
        XIDeviceInfo* const all = XIQueryDevice(display_, XIAllDevices, &count);
        for (int i = 0; all && i < count; ++i) {
            if (all[i].use != XISlavePointer && all[i].use != XIFloatingSlave) continue;
            PenDevice pen;
            pen.id = all[i].deviceid;
            // Drivers give the eraser's end a device with that word in its name.
            std::string name = all[i].name ? all[i].name : "";
            std::transform(name.begin(), name.end(), name.begin(),
                           [](unsigned char c) { return char(std::tolower(c)); });
            pen.eraser = name.find("eraser") != std::string::npos;
            for (int k = 0; k < all[i].num_classes; ++k) {
                if (all[i].classes[k]->type != XIValuatorClass) continue;
                const auto& axis = *reinterpret_cast<const XIValuatorClassInfo*>(all[i].classes[k]);
                const PenAxis found{axis.number, axis.min, axis.max};
                if (axis.label == None) continue;
                if (axis.label == pressure) pen.pressure = found;
                if (axis.label == tilt_x) pen.tilt_x = found;
                if (axis.label == tilt_y) pen.tilt_y = found;
            }
            if (pen.pressure.number >= 0) pens.push_back(pen);
        }
        if (all) XIFreeDeviceInfo(all);
        reader_.set_devices(std::move(pens));
    }

    Display* display_;
    int extension_;
    PenReader reader_;
    std::vector<std::pair<int, double>> values_;
};

}  // namespace

std::unique_ptr<PenInput> open_pen_input() {
    Display* const display = XOpenDisplay(nullptr);
    if (!display) return nullptr;
    int extension = 0, event = 0, error = 0, major = 2, minor = 2;
    if (!XQueryExtension(display, "XInputExtension", &extension, &event, &error) ||
        XIQueryVersion(display, &major, &minor) != Success) {
        XCloseDisplay(display);
        return nullptr;
    }
    return std::make_unique<XPenInput>(display, extension);
}
#else
std::unique_ptr<PenInput> open_pen_input() { return nullptr; }
#endif

}  // namespace likeness
