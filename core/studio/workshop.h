// What workers need and share: the head, the networks, the device.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/pool.h"
#include "core/head/head_asset.h"
#include "core/pipeline/devices.h"
#include "core/pipeline/portrait.h"

namespace likeness {

class Studio;

// Loaded on the first of them that asks.
struct WorkTools {
    // Networks and solvers. Preparing borrows one; who follows a video meanwhile has another.
    Pool<PortraitTools> portraits{[this] { return PortraitTools::load(load_head()); }};

    std::mutex head_mutex;
    std::shared_ptr<const HeadModel> head;  // one for all documents: their avatars share it
    std::mutex device_mutex;
    std::string device_name;
    std::optional<Device> device;

    // Null when there is no default head: files bring their own.
    std::shared_ptr<const HeadModel> load_head() {
        std::lock_guard lock(head_mutex);
        if (!head)
            if (auto loaded = load_default_head()) head = *std::move(loaded);
        return head;
    }
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
    std::shared_ptr<WorkTools> tools_ = std::make_shared<WorkTools>();
    std::optional<Device> device_;
};

}  // namespace likeness
