// All kinds of files that the program reads and writes, and questions to the list.
#pragma once

#include <array>

#include "core/files/file_format.h"

namespace likeness {

std::span<const std::unique_ptr<const FileFormat>> file_formats();
// One from outside, behind all others. While the program starts: not beside anything that looks at the list.
void add_file_format(std::unique_ptr<const FileFormat> format);

// What "open" takes.
inline constexpr std::array<FileContent, 4> openable = {FileContent::avatar, FileContent::splats, FileContent::motion,
                                                        FileContent::picture};

// The kind of a file by its content, else by its ending, among those that hold one of `contents`; null for none.
const FileFormat* format_of(const std::filesystem::path& file, std::span<const FileContent> contents);
// "a video", "Gaussian splats in SPZ form", ... for messages about what no format reads; "" for what is unknown.
std::string kind_of_file(const std::filesystem::path& file);
// All that hold one of `contents`, in the list's order.
std::vector<const FileFormat*> formats_of(std::span<const FileContent> contents);
// The kind that writes such content under this name, by its ending; null for none.
const FileFormat* format_to_write(const std::filesystem::path& file, FileContent content);
// All that write it, the usual one first.
std::vector<const FileFormat*> formats_to_write(FileContent content);

// What a format reads, as the type of its content. Errors: read's. Precondition: the format holds T.
template <class T>
Result<T> read_file_as(const FileFormat& format, const std::filesystem::path& file, const ReadContext& context = {}) {
    Result<FileValue> value = format.read(file, context);
    if (!value) return value.error();
    return std::get<T>(*std::move(value));
}

// For file dialogs: "*.jpg", ...
std::vector<std::string> file_patterns(std::span<const FileContent> contents, bool to_write = false);
// For help: ".json, .csv".
std::string file_endings(FileContent content, bool to_write = false);
// A name with the usual ending of what writes it: `name` as it is when it has one already.
std::filesystem::path with_ending(std::filesystem::path name, FileContent content);

}  // namespace likeness
