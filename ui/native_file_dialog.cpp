#include "ui/native_file_dialog.h"

#include <portable_file_dialogs.h>

namespace likeness::ui {

struct NativeFileDialog::State {
    std::unique_ptr<pfd::open_file> open;
    std::unique_ptr<pfd::save_file> save;
    std::unique_ptr<pfd::select_folder> folder;
};

bool NativeFileDialog::available() {
    const auto named = [](const char* variable) {
        const char* value = std::getenv(variable);
        return value && *value;
    };
    if (!named("DISPLAY") && !named("WAYLAND_DISPLAY")) return false;
    if (!pfd::settings::available()) pfd::settings::rescan();  // one may have been installed meanwhile
    return pfd::settings::available();
}

NativeFileDialog::NativeFileDialog(const FileRequest& request, const std::filesystem::path& folder)
    : state_(std::make_unique<State>()) {
    std::string patterns;
    for (const std::string& pattern : request.patterns) patterns += (patterns.empty() ? "" : " ") + pattern;
    const std::vector<std::string> filters = {"Files", patterns, "All files", "*"};
    if (request.patterns.empty())
        state_->folder = std::make_unique<pfd::select_folder>(request.title, folder.string());
    else if (request.saving)
        state_->save =
            std::make_unique<pfd::save_file>(request.title, (folder / request.suggested_name).string(), filters);
    else
        state_->open = std::make_unique<pfd::open_file>(request.title, folder.string(), filters);
}

NativeFileDialog::~NativeFileDialog() {
    // The program must not wait for a dialog that is still open.
    if (state_->open && !state_->open->ready(0)) state_->open->kill();
    if (state_->save && !state_->save->ready(0)) state_->save->kill();
    if (state_->folder && !state_->folder->ready(0)) state_->folder->kill();
}

bool NativeFileDialog::ready() const {
    if (state_->open) return state_->open->ready(0);
    if (state_->save) return state_->save->ready(0);
    return state_->folder->ready(0);
}

std::filesystem::path NativeFileDialog::result() const {
    if (state_->save) return state_->save->result();
    if (state_->folder) return state_->folder->result();
    const std::vector<std::string> files = state_->open->result();
    return files.empty() ? std::filesystem::path() : std::filesystem::path(files.front());
}

}  // namespace likeness::ui
