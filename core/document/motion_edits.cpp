#include "core/document/motion_edits.h"

#include <algorithm>

namespace likeness {

bool KeptNeutral::operator==(const KeptNeutral& other) const {
    const auto same_body = [](const BodyMove& a, const BodyMove& b) { return a.turn == b.turn && a.shift == b.shift; };
    const auto same_face = [](const FaceShape& a, const FaceShape& b) {
        return a.points == b.points && a.left_lids == b.left_lids && a.right_lids == b.right_lids && a.lips == b.lips;
    };
    const PoseSample &a = sample, &b = other.sample;
    return names == other.names && a.weights == b.weights && a.head == b.head && a.neck == b.neck &&
           a.body.has_value() == b.body.has_value() && (!a.body || same_body(*a.body, *b.body)) &&
           a.face.has_value() == b.face.has_value() && (!a.face || same_face(a.face->now, b.face->now));
}

bool MotionEdit::drops(int frame) const {
    return std::any_of(dropped.begin(), dropped.end(), [&](const auto& r) { return frame >= r[0] && frame < r[1]; });
}

namespace {

// Takes the frames out of the ranges, and puts them in if they are to be there.
void set_frames(std::vector<std::array<int, 2>>& ranges, int begin, int end, bool in) {
    std::vector<std::array<int, 2>> left;
    for (const auto& r : ranges) {
        if (r[0] < begin) left.push_back({r[0], std::min(r[1], begin)});
        if (r[1] > end) left.push_back({std::max(r[0], end), r[1]});
    }
    if (in) left.push_back({begin, end});
    std::sort(left.begin(), left.end());
    ranges.clear();
    for (const auto& r : left)
        if (!ranges.empty() && r[0] <= ranges.back()[1])
            ranges.back()[1] = std::max(ranges.back()[1], r[1]);
        else
            ranges.push_back(r);
}

}  // namespace

void MotionEdit::drop(int begin, int end, bool leave_out) { set_frames(dropped, begin, end, leave_out); }

void MotionEdit::refit(int begin, int end) {
    set_frames(refitted, begin, end, true);
    set_frames(dropped, begin, end, false);
}

std::size_t content_bytes(const MotionEdits& edits, const BlockVisitor&) {
    std::size_t bytes = sizeof(edits);
    for (const auto& [name, edit] : edits.of) {
        bytes += name.capacity() + sizeof(edit) +
                 (edit.dropped.capacity() + edit.refitted.capacity()) * sizeof(edit.dropped[0]);
        if (edit.neutral) bytes += edit.neutral->names.size() * (sizeof(std::string) + sizeof(float));
    }
    return bytes;
}

std::size_t content_bytes(const KeyPoses& poses, const BlockVisitor&) {
    std::size_t bytes = sizeof(poses);
    for (const KeyPose& key : poses.keys)
        bytes += sizeof(key) + std::size_t(key.pose.controls.size() + key.pose.joints.size()) * sizeof(float);
    return bytes;
}

}  // namespace likeness
