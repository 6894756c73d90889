// A kind of file that the program reads or writes. A new one is a class (avatar_format.h, splat_formats.h, ... have
// examples) and a line in file_formats.cpp: opening, dropping, file dialogs, the palette, the export panel, the command
// line and their help are made from that list.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/avatar/avatar.h"
#include "core/base/output_file.h"
#include "core/base/result.h"
#include "core/base/task.h"
#include "core/head/head_registry.h"
#include "core/image/load.h"
#include "core/motion/motion_track.h"
#include "core/splat/splat_set.h"

namespace likeness {

struct EnvironmentMap {
    Image radiance;  // RGB, linear, 0 and more; longitude and latitude
};

enum class FileContent { avatar, splats, motion, picture, environment };
using FileValue = std::variant<Avatar, SplatSet, MotionTrack, LoadedImage, EnvironmentMap>;  // in FileContent's order

struct ReadContext {
    HeadRegistry* heads = nullptr;  // that avatars share theirs by; null: each brings its own
    Progress* progress = nullptr;   // may be null
    // What a person should know about a file that was read, a sentence each that does not name the file. May be null.
    std::vector<std::string>* notes = nullptr;
};

// What may be asked for while writing: "sh3", "Pad to SH degree 3", and a sentence about it without its full stop.
struct FileFlag {
    std::string name, title, about;
};

struct WriteOptions {
    std::set<std::string> flags;  // names of flags(); others are left out
    Image thumbnail;              // RGBA, for formats that have one; may be empty
    FileAccess access = FileAccess::owner;  // of avatars
};

// For formats' own use.
inline bool begins_with(std::span<const std::uint8_t> bytes, std::string_view text) {
    return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin(),
                                                     [](char a, std::uint8_t b) { return std::uint8_t(a) == b; });
}
template <class T>
Result<FileValue> as_value(Result<T> read) {
    if (!read) return read.error();
    return FileValue(*std::move(read));
}

class FileFormat {
  public:
    virtual ~FileFormat() = default;

    virtual std::string id() const = 0;     // a word, in the names of commands: "ply"
    virtual std::string title() const = 0;  // for people: "JPEG picture"
    virtual FileContent holds() const = 0;
    virtual std::vector<std::string> endings() const = 0;  // lower case, with the dot; the usual one first
    // By content: `begin` has the file's first bytes, 4096 at most. False for kinds without a mark of their own.
    virtual bool recognises(std::span<const std::uint8_t> begin, const std::filesystem::path& file) const = 0;

    // The alternative of holds(). Errors: not_found, bad_input, io, out_of_memory; one sentence that names the file.
    virtual Result<FileValue> read(const std::filesystem::path& file, const ReadContext& context) const = 0;

    virtual bool writes() const { return false; }
    virtual std::vector<FileFlag> flags() const { return {}; }
    // `value` is the alternative of holds(). By a temporary file and rename. Errors: io, invalid_argument (it does not
    // write, or not this).
    virtual Status write(const FileValue& value, const std::filesystem::path& file, const WriteOptions& options) const;
};

}  // namespace likeness
