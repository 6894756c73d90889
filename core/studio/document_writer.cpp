#include "core/studio/document_writer.h"

#include "core/avatar/avatar_file.h"
#include "core/studio/identity_edit.h"
#include "core/studio/render_avatar.h"
#include "core/studio/studio_parts.h"

namespace likeness {

DocumentWriter::DocumentWriter(const Document& document)
    : avatar_(document.avatar),
      fitted_(document.fitted),
      gaussians_(document.gaussians),
      edits_(document.edits),
      baked_change_(document.baked_identity_change) {}

Status DocumentWriter::write(const std::filesystem::path& file, bool thumbnail) const {
    // The newest shape, baked or not.
    const bool behind = edits_.identity_change.size() > 0 && edits_.identity_change != baked_change_;
    Avatar whole = behind ? *IdentityBaker(fitted_).bake(edits_.identity_change) : *avatar_;
    whole.splats = *gaussians_;
    write_session(whole, fitted_->identity, edits_);
    Image small;
    if (thumbnail) {
        AvatarRenderer renderer;
        small = renderer.render(whole, HeadPose::neutral(*whole.model), default_camera(whole, 256, 256));
    }
    return save_avatar(file, whole, small);
}

}  // namespace likeness
