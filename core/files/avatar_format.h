// Inside core/files: avatars.
#pragma once

#include "core/avatar/avatar_file.h"
#include "core/files/file_format.h"

namespace likeness {

class LikenessFormat : public FileFormat {
  public:
    std::string id() const override { return "likeness"; }
    std::string title() const override { return "avatar"; }
    FileContent holds() const override { return FileContent::avatar; }
    std::vector<std::string> endings() const override { return {".likeness"}; }
    bool recognises(std::span<const std::uint8_t> begin, const std::filesystem::path&) const override {
        return begins_with(begin, "PK");  // a zip archive; there are no others so far
    }
    Result<FileValue> read(const std::filesystem::path& file, const ReadContext& context) const override {
        if (context.progress) context.progress->report(0.1, "Reading the avatar");
        return as_value(load_avatar(file, context.heads));
    }
    bool writes() const override { return true; }
    Status write(const FileValue& value, const std::filesystem::path& file,
                 const WriteOptions& options) const override {
        const auto* avatar = std::get_if<Avatar>(&value);
        return avatar ? save_avatar(file, *avatar, options.thumbnail, options.access)
                      : FileFormat::write(value, file, options);
    }
};

}  // namespace likeness
