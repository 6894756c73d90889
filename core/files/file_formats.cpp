#include "core/files/file_formats.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "core/base/file_kind.h"
#include "core/files/avatar_format.h"
#include "core/files/motion_formats.h"
#include "core/files/picture_formats.h"
#include "core/files/splat_formats.h"

namespace likeness {
namespace {

// In the order in which a file's content is compared with them; the first that writes a content is its usual one.
std::vector<std::unique_ptr<const FileFormat>> make_formats() {
    std::vector<std::unique_ptr<const FileFormat>> formats;
    formats.push_back(std::make_unique<TrackFormat>());  // a zip, too
    formats.push_back(std::make_unique<LikenessFormat>());
    formats.push_back(std::make_unique<SplatPlyFormat>());
    formats.push_back(std::make_unique<JsonMotionFormat>());
    formats.push_back(std::make_unique<CsvMotionFormat>());
    for (const PictureFormat& format : picture_formats())
        if (std::string_view(format.name) == "PNG")
            formats.push_back(std::make_unique<PngFormat>(format));
        else
            formats.push_back(std::make_unique<PictureFileFormat>(format));
    formats.push_back(std::make_unique<RadianceFormat>());
    return formats;
}

std::vector<std::unique_ptr<const FileFormat>>& all_formats() {
    static auto formats = make_formats();
    return formats;
}

std::string ending_of(const std::filesystem::path& file) {
    std::string ending = file.extension().string();
    for (char& c : ending) c = char(std::tolower(static_cast<unsigned char>(c)));
    return ending;
}

std::vector<std::uint8_t> beginning_of(const std::filesystem::path& file) {
    std::vector<std::uint8_t> bytes(4096);
    std::ifstream in(file, std::ios::binary);
    in.read(reinterpret_cast<char*>(bytes.data()), std::streamsize(bytes.size()));
    bytes.resize(std::size_t(in.gcount()));
    return bytes;
}

bool has_ending(const FileFormat& format, const std::string& ending) {
    const auto endings = format.endings();
    return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

std::vector<std::string> endings_of(std::span<const FileContent> contents, bool to_write) {
    std::vector<std::string> all;
    for (const FileFormat* format : formats_of(contents))
        if (!to_write || format->writes())
            for (const std::string& ending : format->endings())
                if (std::find(all.begin(), all.end(), ending) == all.end()) all.push_back(ending);
    return all;
}

}  // namespace

Status FileFormat::write(const FileValue&, const std::filesystem::path& file, const WriteOptions&) const {
    return Error{ErrorCode::invalid_argument, "'" + file.string() + "' cannot be written as " + title() + ".", id()};
}

std::span<const std::unique_ptr<const FileFormat>> file_formats() { return all_formats(); }

void add_file_format(std::unique_ptr<const FileFormat> format) { all_formats().push_back(std::move(format)); }

const FileFormat* format_of(const std::filesystem::path& file, std::span<const FileContent> contents) {
    const std::vector<std::uint8_t> bytes = beginning_of(file);
    const auto formats = formats_of(contents);
    for (const FileFormat* format : formats)
        if (format->recognises(bytes, file)) return format;
    for (const FileFormat* format : formats)
        if (has_ending(*format, ending_of(file))) return format;
    return nullptr;
}

std::string kind_of_file(const std::filesystem::path& file) {
    const std::vector<std::uint8_t> bytes = beginning_of(file);
    return std::string(file_kind({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file.string()).what);
}

const FileFormat* format_to_write(const std::filesystem::path& file, FileContent content) {
    for (const FileFormat* format : formats_to_write(content))
        if (has_ending(*format, ending_of(file))) return format;
    return nullptr;
}

std::vector<const FileFormat*> formats_of(std::span<const FileContent> contents) {
    std::vector<const FileFormat*> found;
    for (const auto& format : file_formats())
        if (std::find(contents.begin(), contents.end(), format->holds()) != contents.end())
            found.push_back(format.get());
    return found;
}

std::vector<const FileFormat*> formats_to_write(FileContent content) {
    auto formats = formats_of({&content, 1});
    std::erase_if(formats, [](const FileFormat* format) { return !format->writes(); });
    return formats;
}

std::vector<std::string> file_patterns(std::span<const FileContent> contents, bool to_write) {
    std::vector<std::string> patterns = endings_of(contents, to_write);
    for (std::string& pattern : patterns) pattern.insert(0, "*");
    return patterns;
}

std::string file_endings(FileContent content, bool to_write) {
    std::string text;
    for (const std::string& ending : endings_of({&content, 1}, to_write)) text += (text.empty() ? "" : ", ") + ending;
    return text;
}

std::filesystem::path with_ending(std::filesystem::path name, FileContent content) {
    if (!format_to_write(name, content)) name += formats_to_write(content).front()->endings().front();
    return name;
}

}  // namespace likeness
