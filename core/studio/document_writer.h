// The document's avatar as it is now, to be written by a worker while the document goes on.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/studio/document.h"

namespace likeness {

class DocumentWriter {
  public:
    // Takes hold of the parts; copies nothing large. Precondition: the document has an avatar.
    explicit DocumentWriter(const Document& document);
    // Any thread. Errors: those of save_avatar.
    Status write(const std::filesystem::path& file, bool thumbnail) const;

  private:
    std::shared_ptr<const Avatar> avatar_, fitted_;
    std::shared_ptr<const AnchoredSplats> gaussians_;
    EditableState edits_;
    Eigen::VectorXf baked_change_;
};

}  // namespace likeness
