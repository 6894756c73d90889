// Inside core/files: Gaussians without a head.
#pragma once

#include "core/files/file_format.h"
#include "core/formats/splat_ply.h"

namespace likeness {

class SplatPlyFormat : public FileFormat {
  public:
    std::string id() const override { return "ply"; }
    std::string title() const override { return "Gaussian splats"; }
    FileContent holds() const override { return FileContent::splats; }
    std::vector<std::string> endings() const override { return {".ply"}; }
    bool recognises(std::span<const std::uint8_t> begin, const std::filesystem::path&) const override {
        return begins_with(begin, "ply");
    }
    Result<FileValue> read(const std::filesystem::path& file, const ReadContext& context) const override {
        return as_value(load_splat_ply(file, context.notes));
    }
    bool writes() const override { return true; }
    std::vector<FileFlag> flags() const override {
        return {{"sh3", "Pad to SH degree 3", "Pad to spherical harmonics of degree 3, for viewers that insist on it"}};
    }
    Status write(const FileValue& value, const std::filesystem::path& file,
                 const WriteOptions& options) const override {
        const auto* splats = std::get_if<SplatSet>(&value);
        return splats ? save_splat_ply(file, *splats, options.flags.contains("sh3"))
                      : FileFormat::write(value, file, options);
    }
};

}  // namespace likeness
