// Inside core/files: pictures, a row of core/image's table each, and light.
#pragma once

#include "core/files/file_format.h"
#include "core/image/save.h"

namespace likeness {

class PictureFileFormat : public FileFormat {
  public:
    explicit PictureFileFormat(const PictureFormat& format) : format_(format) {}
    std::string id() const override { return format_.endings[0] + 1; }
    std::string title() const override { return std::string(format_.name) + " picture"; }
    FileContent holds() const override { return FileContent::picture; }
    std::vector<std::string> endings() const override { return {format_.endings.begin(), format_.endings.end()}; }
    bool recognises(std::span<const std::uint8_t> begin, const std::filesystem::path& file) const override {
        return format_.recognises(begin, file.string());
    }
    Result<FileValue> read(const std::filesystem::path& file, const ReadContext& context) const override {
        auto picture = load_picture(file);
        if (picture && context.notes)
            context.notes->insert(context.notes->end(), picture->notes.begin(), picture->notes.end());
        return as_value(std::move(picture));
    }

  private:
    const PictureFormat& format_;
};

class PngFormat : public PictureFileFormat {
  public:
    using PictureFileFormat::PictureFileFormat;
    bool writes() const override { return true; }
    Status write(const FileValue& value, const std::filesystem::path& file,
                 const WriteOptions& options) const override {
        const auto* picture = std::get_if<LoadedImage>(&value);
        return picture ? save_png(file, picture->image) : FileFormat::write(value, file, options);
    }
};

// A Radiance picture as light: the same files as the picture's.
class RadianceFormat : public FileFormat {
  public:
    std::string id() const override { return "radiance"; }
    std::string title() const override { return "Radiance environment"; }
    FileContent holds() const override { return FileContent::environment; }
    std::vector<std::string> endings() const override { return {".hdr"}; }
    bool recognises(std::span<const std::uint8_t> begin, const std::filesystem::path&) const override {
        return begins_with(begin, "#?");
    }
    Result<FileValue> read(const std::filesystem::path& file, const ReadContext&) const override {
        auto light = load_radiance(file);
        if (!light) return light.error();
        return FileValue(EnvironmentMap{*std::move(light)});
    }
};

}  // namespace likeness
