#include "core/document/document_writer.h"

#include "core/document/session_file.h"
#include "core/files/file_formats.h"
#include "core/pipeline/render_avatar.h"

namespace likeness {

namespace {

Status write_as(const DocumentState& state, const std::filesystem::path& file, bool with_thumbnail, FileAccess access) {
    Avatar avatar = write_session(state);
    if (!avatar.prepared()) avatar.prepare();
    Image small;
    if (with_thumbnail) {
        AvatarRenderer renderer(make_cpu_rasterizer(), shown_parts(avatar));
        small = thumbnail(avatar, renderer);
    }
    return formats_to_write(FileContent::avatar)
        .front()
        ->write(avatar, file, {.flags = {}, .thumbnail = std::move(small), .access = access});
}

}  // namespace

Status write_document(const DocumentState& state, const std::filesystem::path& file, bool with_thumbnail) {
    return write_as(state, file, with_thumbnail, FileAccess::owner);
}

Status write_autosave(const DocumentState& state, const std::filesystem::path& file) {
    return write_as(state, file, false, FileAccess::program);
}

}  // namespace likeness
