// Autosaves, and what a crash left behind.
//
// An autosave lies beside its document (".name.likeness.autosave"); that of a document without a file, or whose
// folder cannot be written, in the state folder. A small record in the state folder says which document it belongs
// to; a lock that the running program holds tells live records from those of a crash.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace likeness {

struct Recovery {
    std::filesystem::path autosave;  // a whole .likeness file
    std::filesystem::path document;  // where it belongs; empty when it was never saved
    std::string name;                // for the question
    double time = 0;                 // of the autosave, seconds since the Unix epoch
    std::filesystem::path record;    // removed with it; may be empty
};

// ".name.likeness.autosave" beside the document.
std::filesystem::path autosave_beside(const std::filesystem::path& document);

// Any thread may use it.
class RecoveryFolder {
  public:
    // `folder` is made when it is needed.
    explicit RecoveryFolder(std::filesystem::path folder);
    ~RecoveryFolder();  // gives up the lock; leaves records of autosaves that were not removed
    RecoveryFolder(const RecoveryFolder&) = delete;
    RecoveryFolder& operator=(const RecoveryFolder&) = delete;

    // What programs that no longer run left, newest first.
    std::vector<Recovery> find() const;
    // An autosave beside a document without a record (moved from elsewhere), newer than the document.
    static std::vector<Recovery> find_beside(const std::filesystem::path& document);

    // A name in the folder for a document without a file of its own.
    std::filesystem::path autosave_for_untitled(const std::string& name);
    // Writes this program's record. Error: io.
    Status remember(const Recovery& recovery);
    // Removes autosave and record of what remember() wrote last; nothing when there is none.
    void forget();
    static void discard(const Recovery& recovery);

  private:
    Status lock();
    mutable std::mutex mutex_;
    std::filesystem::path folder_, record_;
    Recovery mine_;
    bool has_mine_ = false;
    int lock_file_ = -1;
};

}  // namespace likeness
