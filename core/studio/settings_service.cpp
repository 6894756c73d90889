#include "core/studio/settings_service.h"

#include "core/studio/studio.h"

namespace likeness {
namespace {

constexpr double delay = 1.0;  // seconds after the last change until settings are written

}  // namespace

SettingsService::SettingsService(Studio& studio) : studio_(studio) {
    LoadedSettings loaded = load_settings(studio.options().folders.settings);
    values_ = base_ = std::move(loaded.settings);
    if (!loaded.warning.empty()) studio.messages().warning(loaded.warning);
}

void SettingsService::drain() {
    if (!dirty_ || !studio_.options().remember) return;
    if (due_ == 0) due_ = studio_.now() + delay;
    if (studio_.now() < due_ || job_.running()) return;
    dirty_ = false;
    due_ = 0;
    job_ = studio_.jobs().start(
        "Writing settings",
        [folder = studio_.options().folders.settings, values = values_, base = base_](Progress&) {
            return save_settings(folder, values, base);
        },
        [this, values = values_](const Status& status) {
            if (status) base_ = values;
            if (!status) studio_.messages().warning(status.error().message, status.error().detail);
        },
        {.cancellable = false, .quiet = true});
}

void SettingsService::end() {
    if (studio_.options().remember && dirty_) (void)save_settings(studio_.options().folders.settings, values_, base_);
}

}  // namespace likeness
