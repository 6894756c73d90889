#include "core/document/recovery.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "core/base/output_file.h"
#include "core/base/shared_folder.h"
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

fs::path with(fs::path session, const char* ending) { return session += ending; }

void remove_session(const fs::path& session) {
    for (const char* ending : {".likeness", ".json", ".lock"}) remove_quietly(with(session, ending));
}

// A file's name is bytes, JSON is Unicode: each byte becomes the character of that number.
std::string as_text(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            text += c;
        } else {
            text += char(0xc0 | byte >> 6);
            text += char(0x80 | (byte & 0x3f));
        }
    }
    return text;
}
std::string as_bytes(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte == 0xc2 || byte == 0xc3) && i + 1 < text.size())
            bytes += char((byte & 3) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f));
        else
            bytes += text[i];
    }
    return bytes;
}

Recovery read_record(const fs::path& session) {
    Recovery recovery;
    recovery.autosave = with(session, ".likeness");
    recovery.time = seconds_of(recovery.autosave);
    JsonLimits limits;
    limits.max_bytes = 1 << 20;
    const auto text = load_json(with(session, ".json"), limits);
    const auto member = [&](const char* name) {
        return text && text->is_object() && text->contains(name) && text->at(name).is_string()
                   ? as_bytes(text->at(name).get<std::string>())
                   : std::string();
    };
    recovery.document = member("document");
    recovery.on_disk = FileStamp::from_text(member("on_disk"));
    recovery.name = member("name");
    if (recovery.name.empty()) recovery.name = "Unsaved avatar";
    // An avatar's place, and no other file's.
    if (!recovery.document.is_absolute() || recovery.document.extension() != ".likeness") recovery.document.clear();
    return recovery;
}

}  // namespace

RecoveryFolder::RecoveryFolder(fs::path folder) : folder_(std::move(folder)) {}

RecoveryFolder::~RecoveryFolder() {
    for (const auto& [file, handle] : claimed_) ::close(handle);
    if (lock_ < 0) return;
    std::error_code ignored;
    if (!fs::exists(with(session_, ".likeness"), ignored)) remove_session(session_);
    ::close(lock_);
}

Status RecoveryFolder::begin() {
    if (lock_ >= 0) return {};
    if (folder_.empty())
        return Error{ErrorCode::io, "There is no home folder; autosaves of unsaved documents are off.", ""};
    if (Status made = make_private_folder(folder_); !made) return made;
    for (int attempt = 0; attempt < 10 && lock_ < 0; ++attempt) {
        const std::string random = random_name(16);
        if (random.empty()) break;
        session_ = folder_ / ("session-" + random);
        lock_ = take_lock(with(session_, ".lock"), O_CREAT | O_EXCL);
    }
    if (lock_ >= 0) return {};
    return Error{ErrorCode::io, "Cannot write to '" + folder_.string() + "'; autosaves of unsaved documents are off.",
                 "lock"};
}

std::vector<Recovery> RecoveryFolder::find() const {
    std::vector<fs::path> sessions;
    std::error_code failed;
    if (!folder_.empty())
        for (fs::directory_iterator it(folder_, failed), end; !failed && it != end; it.increment(failed))
            if (it->path().extension() == ".lock") sessions.push_back(fs::path(it->path()).replace_extension());
    std::vector<Recovery> found;
    for (const fs::path& session : sessions) {
        const int handle = take_lock(with(session, ".lock"));
        if (handle < 0) continue;  // its program runs
        if (fs::is_regular_file(fs::symlink_status(with(session, ".likeness"), failed)))
            found.push_back(read_record(session));
        else
            remove_session(session);  // nothing is left to recover
        ::close(handle);
    }
    std::sort(found.begin(), found.end(), [](const Recovery& a, const Recovery& b) { return a.time > b.time; });
    return found;
}

Status RecoveryFolder::take(const Recovery& recovery) {
    const fs::path lock = fs::path(recovery.autosave).replace_extension(".lock");
    if (claimed_.contains(lock)) return {};
    const int handle = lock.parent_path() == folder_ ? take_lock(lock) : -1;
    if (handle < 0)
        return Error{ErrorCode::invalid_argument, "Another program has taken up '" + recovery.name + "' already.", ""};
    claimed_[lock] = handle;
    return {};
}

Status RecoveryFolder::claim(const Recovery& recovery) {
    const std::lock_guard guard(mutex_);
    return take(recovery);
}

Status RecoveryFolder::discard(const Recovery& recovery) {
    const std::lock_guard guard(mutex_);
    if (Status taken = take(recovery); !taken) return taken;
    const fs::path lock = fs::path(recovery.autosave).replace_extension(".lock");
    remove_session(fs::path(lock).replace_extension());
    ::close(claimed_.at(lock));
    claimed_.erase(lock);
    return {};
}

Result<fs::path> RecoveryFolder::autosave() {
    const std::lock_guard guard(mutex_);
    if (Status begun = begin(); !begun) return begun.error();
    return with(session_, ".likeness");
}

Status RecoveryFolder::remember(const Recovery& recovery) {
    const std::lock_guard guard(mutex_);
    if (Status begun = begin(); !begun) return begun;
    return save_json(with(session_, ".json"),
                     {{"document", as_text(recovery.document.string())},
                      {"on_disk", recovery.on_disk.text()},
                      {"name", as_text(recovery.name)}},
                     FileAccess::program);
}

void RecoveryFolder::forget() {
    const std::lock_guard guard(mutex_);
    if (lock_ < 0) return;
    remove_quietly(with(session_, ".likeness"));
    remove_quietly(with(session_, ".json"));
}

}  // namespace likeness
