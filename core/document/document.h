// The one open document: an avatar (from a portrait or a .likeness file) or a file of splats to look at.
//
// The window's thread owns it. What a viewer draws is a Scene (core/view): shared immutable parts and small values,
// free to be handed to any thread.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/avatar/photo.h"
#include "core/base/file_identity.h"
#include "core/document/motion_edits.h"
#include "core/motion/pose_offset.h"
#include "core/splat/splat_set.h"
#include "core/tracking/portrait_fit.h"
#include "core/view/scene.h"
#include "core/vision/face_models.h"

namespace likeness {

inline constexpr std::size_t splat_part_count = splat_part_names.size();

// Which parts are to be seen.
struct PartChoice {
    std::array<bool, splat_part_count> hidden{}, solo{};
    bool operator==(const PartChoice&) const = default;
};

std::size_t content_bytes(const MotionOffsets& offsets, const BlockVisitor& shared);

// What a document is made of: parts that commands, trainers and bakers publish, that undo puts back and files keep.
struct DocumentState {
    Avatar avatar;  // the newest; its surface at rest may be behind an edit, see Avatar::prepared()
    Part<HeadPose> pose;
    Part<MotionOffsets> offsets;
    Part<MotionEdits> motions;
    Part<KeyPoses> keys;
    Part<PartChoice> parts;
};

// Calls visit(a's part, b's part) for each part that undo covers. Both states may be const.
template <class State, class OtherState, class Visit>
void each_part(State& a, OtherState& b, const Visit& visit) {
    visit(a.pose, b.pose);
    visit(a.offsets, b.offsets);
    visit(a.motions, b.motions);
    visit(a.keys, b.keys);
    visit(a.parts, b.parts);
    visit(a.avatar.person, b.avatar.person);
    visit(a.avatar.identity_change, b.avatar.identity_change);
    visit(a.avatar.shells, b.avatar.shells);
    visit(a.avatar.splats, b.avatar.splats);
    visit(a.avatar.maps, b.avatar.maps);
    visit(a.avatar.paint, b.avatar.paint);
    visit(a.avatar.slots, b.avatar.slots);
    visit(a.avatar.light, b.avatar.light);
    visit(a.avatar.source, b.avatar.source);
}

// The photograph, for the Source panel and overlays.
struct SourcePhotograph {
    std::filesystem::path file;            // as it was opened; empty for the crop inside a .likeness file
    std::shared_ptr<const Image> picture;  // RGB or RGBA, the whole photograph (or that crop: alpha is the matte)
    int full_side = 0;                     // the longer side of the file's picture where `picture` was reduced from it
    bool anyway = false;                   // it was asked to take what is no face for sure
    std::optional<float> focal_35mm;
    std::vector<FaceDetection> faces;         // largest first, pixels of `picture`
    int face = -1;                            // the one that the avatar is of
    std::optional<LandmarkPoints> landmarks;  // pixels of `picture`
    std::optional<HeadFit> fit;               // its camera is that of `picture`
    Eigen::Vector2i crop_origin = Eigen::Vector2i::Zero();
    int crop_side = 0;  // pixels of `picture`; the square that was learned from
};

enum class DocumentKind { empty, avatar, splats };

enum class DocumentStage {
    empty,      // nothing is open
    preparing,  // the photograph is there, the avatar not yet
    ready,
    failed,  // see Document::problem
};

// Which content a document has; equal ones are the same content.
struct Revision {
    std::uint64_t edits = 0;    // History::state(): undo brings it back to what it was
    std::uint64_t learned = 0;  // counts what cannot be undone, a trainer's snapshots
    bool operator==(const Revision&) const = default;
};

class Document {
  public:
    std::uint64_t id = 0;        // of this opening; late outcomes of another are dropped
    std::uint64_t pictures = 1;  // counts what changes its picture; goes on with another document
    DocumentKind kind = DocumentKind::empty;
    DocumentStage stage = DocumentStage::empty;
    std::optional<Error> problem;

    std::filesystem::path path;  // of the .likeness or .ply file; empty when it was never saved
    FileStamp on_disk;           // of that file when it was read or written here
    std::string name;            // for titles: "astronaut", without folder and ending
    std::shared_ptr<const SourcePhotograph> source;

    DocumentState state;
    std::shared_ptr<const PhotoEvidence> evidence;  // what training needs; absent for a reopened .likeness
    std::shared_ptr<const SplatSet> splats;         // of a .ply file
    bool symmetric = false;                         // expression edits move both sides

    // Points that views look at, metres, and the distance that fills the picture.
    Eigen::Vector3f middle = Eigen::Vector3f::Zero();
    float view_height = 0.40f;  // metres of the world that a default view's height shows

    // Saving remembers which content is on disk; undoing back to it makes the document clean again.
    Revision revision, saved_revision, autosaved_revision;
    bool dirty() const { return kind == DocumentKind::avatar && revision != saved_revision; }

    bool has_avatar() const { return state.avatar.model != nullptr; }
    const Avatar& avatar() const { return state.avatar; }
    const HeadModel* model() const { return state.avatar.model.get(); }  // null without an avatar
    bool part_shown(SplatPart part) const;
};

}  // namespace likeness
