// What workers need and share: heads, networks, the device.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/pool.h"
#include "core/head/head_registry.h"
#include "core/pipeline/devices.h"
#include "core/pipeline/portrait.h"

namespace likeness {

class Studio;

// Loaded on the first of them that asks.
struct WorkTools {
    explicit WorkTools(std::shared_ptr<const HeadModel> head) : heads(std::move(head)) {}

    HeadRegistry heads;  // of all documents
    // Networks and solvers. Preparing borrows one; who follows a video meanwhile has another.
    Pool<PortraitTools> portraits{[this] { return PortraitTools::load(heads); }};

    std::mutex device_mutex;
    std::string device_name;
    std::optional<Device> device;

    Result<Device> open_device(const std::string& name) {
        std::lock_guard lock(device_mutex);
        if (!device || device_name != name) {
            auto opened = choose_device(name);
            if (!opened) return opened.error();
            device = *std::move(opened);
            device_name = name;
        }
        return *device;
    }
};

class Workshop {
  public:
    explicit Workshop(Studio& studio);
    const std::shared_ptr<WorkTools>& tools() const { return tools_; }
    const Device* device() const { return device_ ? &*device_ : nullptr; }  // null until it was found
    void find_device();                          // of the options or the settings
    std::string device_name() const;             // that was asked for

  private:
    Studio& studio_;
    std::shared_ptr<WorkTools> tools_;
    std::optional<Device> device_;
};

}  // namespace likeness
