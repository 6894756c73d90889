// Autosaves, and what a crash left behind.
//
// All lies in one folder of the program's own, for its user only (0700, files 0600). A running program has a session
// there, "session-" and random letters: ".lock", held while it lives; ".likeness", its autosave; ".json", a record of
// which document that belongs to. A record names no file of the folder: what belongs to a session has its name. A
// session whose lock is free is one of a program that ended; whoever takes up or deletes it takes its lock first.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/file_identity.h"
#include "core/base/result.h"

namespace likeness {

struct Recovery {
    std::filesystem::path autosave;  // a whole .likeness file
    std::filesystem::path document;  // where it belongs; empty when it was never saved
    FileStamp on_disk;               // of the document when the autosaved work began
    std::string name;                // for the question
    double time = 0;                 // of the autosave, seconds since the Unix epoch
};

// Any thread may use it.
class RecoveryFolder {
  public:
    // `folder` is made when it is needed; empty: nothing can be kept.
    explicit RecoveryFolder(std::filesystem::path folder);
    ~RecoveryFolder();  // gives up its locks; leaves an autosave that was not removed
    RecoveryFolder(const RecoveryFolder&) = delete;
    RecoveryFolder& operator=(const RecoveryFolder&) = delete;

    // What programs that no longer run left, newest first. Sessions without an autosave are removed.
    std::vector<Recovery> find() const;
    // Nobody else may take it up or delete it from now on. Error: invalid_argument (another program has it).
    Status claim(const Recovery& recovery);
    // Deletes it. Error: as claim.
    Status discard(const Recovery& recovery);

    // This program's own autosave; begins the session. Error: io.
    Result<std::filesystem::path> autosave();
    // Writes this program's record: what its autosave is of. Error: io.
    Status remember(const Recovery& recovery);
    // Removes this program's autosave and record; nothing when there is none.
    void forget();

  private:
    Status begin();
    Status take(const Recovery& recovery);
    mutable std::mutex mutex_;
    std::filesystem::path folder_, session_;  // without an ending; empty until it began
    int lock_ = -1;
    std::map<std::filesystem::path, int> claimed_;  // locks by their files
};

}  // namespace likeness
