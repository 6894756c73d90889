// The desktop's own file dialog, by portable-file-dialogs; it runs beside the interface.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "core/studio/studio.h"

namespace likeness::ui {

class NativeFileDialog {
  public:
    // Zenity, kdialog or the like is installed, and there is a display.
    static bool available();
    NativeFileDialog(const FileRequest& request, const std::filesystem::path& folder);
    ~NativeFileDialog();
    NativeFileDialog(const NativeFileDialog&) = delete;
    NativeFileDialog& operator=(const NativeFileDialog&) = delete;
    bool ready() const;
    // Empty when it was cancelled. Precondition: ready().
    std::filesystem::path result() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace likeness::ui
