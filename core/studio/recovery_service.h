// Autosaves of the open document, and taking up what a crash left.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/commands/command.h"
#include "core/document/document.h"
#include "core/document/recovery.h"
#include "core/studio/jobs.h"

namespace likeness {

class Studio;

class RecoveryService {
  public:
    explicit RecoveryService(Studio& studio);
    void add_commands(CommandRegistry& registry);

    const std::vector<Recovery>& recoveries() const { return recoveries_; }
    void autosave(bool at_once);  // when it is due, or now
    void begin_document();        // another document is open
    void document_saved();
    void recovered(const Recovery& recovery);  // it is the document now
    // The program ends, as a person wished or not. `interrupted`: by a signal, then unsaved changes are written first.
    void end(bool wished, bool interrupted);
    // For a worker whose save failed: autosaves the state, and says where; empty when that cannot be done either.
    std::function<std::string(const DocumentState&)> keeper() const;

  private:
    Document& document();
    bool on() const;
    Recovery record() const;
    void autosaved(const Status& status, std::uint64_t document, const Revision& revision);
    void forget_recovered();
    Status recover(std::size_t index);
    Status discard(std::size_t index);

    Studio& studio_;
    std::shared_ptr<RecoveryFolder> folder_;  // workers write to it
    std::vector<Recovery> recoveries_;
    std::optional<Recovery> recovered_;  // the document came from it; removed when another copy is safe
    double due_ = 0;
    bool warned_ = false;
    JobHandle job_;
};

}  // namespace likeness
