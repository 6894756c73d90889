#include "core/studio/workshop.h"

#include "core/studio/studio.h"

namespace likeness {

Workshop::Workshop(Studio& studio) : studio_(studio), tools_(std::make_shared<WorkTools>(studio.options().head)) {}

std::string Workshop::device_name() const {
    const std::string& option = studio_.options().device;
    return option.empty() ? studio_.settings().device : option;
}

void Workshop::find_device() {
    const std::string name = device_name();
    const JobOptions quiet{.cancellable = false, .quiet = true};
    struct Found {
        Device device;
        std::string instead;  // why not the one that was asked for
    };
    studio_.jobs().start_for<Found>(
        "Looking for devices",
        [tools = tools_, name](Progress&) -> Result<Found> {
            auto device = tools->open_device(name);
            if (device) return Found{*std::move(device), ""};
            // A GPU that is gone must not keep anybody from working.
            auto processor = tools->open_device("cpu");
            if (!processor) return device.error();
            return Found{*std::move(processor), device.error().message};
        },
        [this](Result<Found> found) {
            if (!found) {
                studio_.messages().error(found.error());
                return;
            }
            device_ = std::move(found->device);
            if (!found->instead.empty()) studio_.messages().warning(found->instead + " The processor is used instead.");
        },
        quiet);
    if (studio_.options().preload)
        studio_.jobs().start(
            "Loading networks",
            [tools = tools_](Progress&) -> Status {
                const auto loaded = tools->portraits.borrow();
                return loaded ? Status() : Status(loaded.error());
            },
            {}, quiet);
}

}  // namespace likeness
