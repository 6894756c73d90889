// Inside core/files: recorded expressions, and those of tracked videos.
#pragma once

#include "core/files/file_format.h"
#include "core/head/head_registry.h"
#include "core/motion/tracked_motion.h"

namespace likeness {

class JsonMotionFormat : public FileFormat {
  public:
    std::string id() const override { return "json"; }
    std::string title() const override { return "JSON motion"; }
    FileContent holds() const override { return FileContent::motion; }
    std::vector<std::string> endings() const override { return {".json"}; }
    bool recognises(std::span<const std::uint8_t> begin, const std::filesystem::path&) const override {
        if (begins_with(begin, "\xef\xbb\xbf")) begin = begin.subspan(3);
        while (!begin.empty() && (begin[0] == ' ' || begin[0] == '\t' || begin[0] == '\r' || begin[0] == '\n'))
            begin = begin.subspan(1);
        return begins_with(begin, "{") || begins_with(begin, "[");
    }
    Result<FileValue> read(const std::filesystem::path& file, const ReadContext& context) const override {
        return as_value(load_motion(file, context.notes));
    }
};

// A table has no mark of its own: its ending says what it is.
class CsvMotionFormat : public FileFormat {
  public:
    std::string id() const override { return "csv"; }
    std::string title() const override { return "CSV motion"; }
    FileContent holds() const override { return FileContent::motion; }
    std::vector<std::string> endings() const override { return {".csv"}; }
    bool recognises(std::span<const std::uint8_t>, const std::filesystem::path&) const override { return false; }
    Result<FileValue> read(const std::filesystem::path& file, const ReadContext& context) const override {
        return as_value(load_motion(file, context.notes));
    }
};

class TrackFormat : public FileFormat {
  public:
    std::string id() const override { return "track"; }
    std::string title() const override { return "Tracked video"; }
    FileContent holds() const override { return FileContent::motion; }
    std::vector<std::string> endings() const override { return {".track"}; }
    // A zip whose first entry is the track's description.
    bool recognises(std::span<const std::uint8_t> begin, const std::filesystem::path&) const override {
        return begins_with(begin, "PK\x03\x04") && begin.size() > 30 && begins_with(begin.subspan(30), "track.json");
    }
    Result<FileValue> read(const std::filesystem::path& file, const ReadContext& context) const override {
        const auto track = load_track(file);
        if (!track) return track.error();
        if (track->tracked_count() == 0)
            return Error{ErrorCode::bad_input, "'" + file.string() + "' has no frame in which a face was tracked.", ""};
        if (context.notes) context.notes->insert(context.notes->end(), track->notes.begin(), track->notes.end());
        HeadRegistry own;
        return FileValue(motion_of(*track, tracked_head(*track, context.heads ? *context.heads : own).get()));
    }
};

}  // namespace likeness
