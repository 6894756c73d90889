// What asks for an answer: files, unsaved changes, recovery after a crash, errors.
#pragma once

#include <memory>
#include <optional>

#include "core/studio/studio.h"
#include "ui/capture_dialog.h"
#include "ui/file_browser.h"

namespace likeness::ui {

class NativeFileDialog;

class Dialogs {
  public:
    Dialogs();
    ~Dialogs();
    void draw(Studio& studio);
    // Whether the desktop's own file dialogs are asked first; tests and machines without a display do without.
    void use_native(bool on) { native_allowed_ = on; }
    bool asks() const { return asks_; }
    // One of the desktop's dialogs is open, whose answer nothing announces.
    bool awaits_desktop() const { return native_ != nullptr; }
    const FileBrowser& browser() const { return browser_; }

  private:
    void answer_file_request(Studio& studio);
    void draw_question(Studio& studio);
    void draw_error(Studio& studio);
    void draw_recovery(Studio& studio);
    static std::filesystem::path first_folder(const Studio& studio, const FileRequest& request);

    FileBrowser browser_;
    CaptureDialog captures_;
    std::unique_ptr<NativeFileDialog> native_;
    std::optional<FileRequest> asked_;  // what the open dialog is for
    bool native_allowed_ = true, asks_ = false, recovery_dismissed_ = false;
};

}  // namespace likeness::ui
