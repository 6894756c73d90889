#include "core/document/recovery.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

#include "core/formats/json_file.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

double seconds_of(const fs::path& file) {
    std::error_code failed;
    const auto written = fs::last_write_time(file, failed);
    if (failed) return 0;
    const auto system = std::chrono::file_clock::to_sys(written);
    return std::chrono::duration<double>(system.time_since_epoch()).count();
}

void remove_quietly(const fs::path& file) {
    std::error_code ignored;
    if (!file.empty()) fs::remove(file, ignored);
}

// Open and locked, or -1 when another program (or object) holds it.
int take_lock(const fs::path& file) {
    const int handle = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (handle < 0) return -1;
    if (::flock(handle, LOCK_EX | LOCK_NB) != 0) {
        ::close(handle);
        return -1;
    }
    return handle;
}

fs::path lock_of(fs::path record) { return record.replace_extension(".lock"); }

}  // namespace

fs::path autosave_beside(const fs::path& document) {
    return document.parent_path() / ("." + document.filename().string() + ".autosave");
}

RecoveryFolder::RecoveryFolder(fs::path folder) : folder_(std::move(folder)) {
    // Unique among the running programs, and among the objects of one.
    static std::atomic<int> number = 0;
    record_ = folder_ / ("session-" + std::to_string(::getpid()) + "-" + std::to_string(++number) + ".json");
}

RecoveryFolder::~RecoveryFolder() {
    if (lock_file_ < 0) return;
    if (!has_mine_) remove_quietly(lock_of(record_));
    ::close(lock_file_);
}

Status RecoveryFolder::lock() {
    if (lock_file_ >= 0) return {};
    std::error_code failed;
    fs::create_directories(folder_, failed);
    // A number that a crashed program used before may be taken again: its record is not ours to overwrite.
    for (int attempt = 1; attempt < 100 && !failed; ++attempt) {
        if (!fs::exists(record_)) {
            lock_file_ = take_lock(lock_of(record_));
            if (lock_file_ >= 0) return {};
        }
        record_.replace_filename(record_.stem().string() + "b.json");
    }
    return Error{ErrorCode::io, "Cannot write to '" + folder_.string() + "'; autosaves of unsaved documents are off.",
                 failed.message()};
}

std::vector<Recovery> RecoveryFolder::find() const {
    std::vector<Recovery> found;
    std::error_code failed;
    for (fs::directory_iterator it(folder_, failed), end; !failed && it != end; it.increment(failed)) {
        const fs::path record = it->path();
        if (record.extension() != ".json") continue;
        const int handle = take_lock(lock_of(record));
        if (handle < 0) continue;  // its program runs
        ::close(handle);
        Recovery recovery;
        recovery.record = record;
        JsonLimits limits;
        limits.max_bytes = 1 << 20;
        const auto text = load_json(record, limits);
        const auto member = [&](const char* name) {
            return text && text->is_object() && text->contains(name) && text->at(name).is_string()
                       ? text->at(name).get<std::string>()
                       : std::string();
        };
        recovery.autosave = member("autosave");
        recovery.document = member("document");
        recovery.name = member("name");
        recovery.time = seconds_of(recovery.autosave);
        std::error_code missing;
        if (recovery.autosave.empty() || !fs::is_regular_file(recovery.autosave, missing)) {
            remove_quietly(record);  // nothing is left to recover
            remove_quietly(lock_of(record));
            continue;
        }
        found.push_back(std::move(recovery));
    }
    std::sort(found.begin(), found.end(), [](const Recovery& a, const Recovery& b) { return a.time > b.time; });
    return found;
}

std::vector<Recovery> RecoveryFolder::find_beside(const fs::path& document) {
    Recovery recovery;
    recovery.autosave = autosave_beside(document);
    std::error_code failed;
    if (!fs::is_regular_file(recovery.autosave, failed)) return {};
    recovery.time = seconds_of(recovery.autosave);
    if (recovery.time <= seconds_of(document)) return {};
    recovery.document = document;
    recovery.name = document.stem().string();
    return {recovery};
}

fs::path RecoveryFolder::autosave_for_untitled(const std::string& name) {
    std::lock_guard guard(mutex_);
    (void)lock();  // settles the name; where nothing can be written, writing says so
    std::string safe;
    for (char c : name.substr(0, 60)) safe += std::isalnum(static_cast<unsigned char>(c)) || c == '-' ? c : '_';
    return folder_ / (record_.stem().string() + "-" + safe + ".likeness.autosave");
}

Status RecoveryFolder::remember(const Recovery& recovery) {
    std::lock_guard guard(mutex_);
    if (Status locked = lock(); !locked) return locked;
    // Another place than before: the older autosave is out of date.
    if (has_mine_ && mine_.autosave != recovery.autosave) remove_quietly(mine_.autosave);
    mine_ = recovery;
    mine_.record = record_;
    has_mine_ = true;
    return save_json(
        record_,
        {{"autosave", recovery.autosave.string()}, {"document", recovery.document.string()}, {"name", recovery.name}});
}

void RecoveryFolder::forget() {
    std::lock_guard guard(mutex_);
    if (!has_mine_) return;
    remove_quietly(mine_.autosave);
    remove_quietly(record_);
    has_mine_ = false;
}

void RecoveryFolder::discard(const Recovery& recovery) {
    remove_quietly(recovery.autosave);
    remove_quietly(recovery.record);
    if (!recovery.record.empty()) remove_quietly(lock_of(recovery.record));
}

}  // namespace likeness
