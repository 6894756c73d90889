#include "core/avatar/avatar_parts.h"

#include <algorithm>

namespace likeness {
namespace {

template <class Matrix>
std::size_t floats_of(const Matrix& matrix) {
    return std::size_t(matrix.size()) * sizeof(float);
}

void visit(const std::shared_ptr<const Image>& picture, const BlockVisitor& shared) {
    if (picture) shared(picture.get(), sizeof(Image) + picture->pixels.size() * sizeof(float));
}

}  // namespace

bool IdentityChange::operator==(const IdentityChange& other) const {
    const Eigen::Index common = std::min(added.size(), other.added.size());
    return (added.head(common).array() == other.added.head(common).array()).all() &&
           added.tail(added.size() - common).isZero(0) && other.added.tail(other.added.size() - common).isZero(0);
}

std::size_t content_bytes(const Person& person, const BlockVisitor& shared) {
    if (person.expression)
        shared(person.expression.get(),
               floats_of(person.expression->targets) + floats_of(person.expression->control_map));
    return sizeof(Person) + floats_of(person.identity) + floats_of(person.offsets);
}

std::size_t content_bytes(const IdentityChange& change, const BlockVisitor&) {
    return sizeof(IdentityChange) + floats_of(change.added);
}

std::size_t content_bytes(const Shells& shells, const BlockVisitor& shared) {
    shells.hair.weights.visit_memory(shared);
    return sizeof(Shells) + floats_of(shells.hair.vertices);
}

std::size_t content_bytes(const TextureMaps& maps, const BlockVisitor& shared) {
    for (const auto& texels : maps.texels)
        if (texels) shared(texels.get(), texels->size() * sizeof(Eigen::half));
    return sizeof(TextureMaps);
}

std::size_t content_bytes(const AttributeSlots& slots, const BlockVisitor&) {
    std::size_t bytes = sizeof(AttributeSlots);
    for (const AttributeSlot& slot : slots.slots)
        bytes += sizeof(AttributeSlot) + slot.name.size() + slot.choice.size() + slot.code.size() * sizeof(float);
    return bytes;
}

std::size_t content_bytes(const HeadPose& pose, const BlockVisitor&) {
    return sizeof(HeadPose) + floats_of(pose.controls) + floats_of(pose.joints);
}

std::size_t content_bytes(const SourceView& source, const BlockVisitor& shared) {
    visit(source.picture, shared);
    return sizeof(SourceView) + source.file.size() + source.landmarks.size() * sizeof(Eigen::Vector3f) +
           content_bytes(source.pose, shared);
}

}  // namespace likeness
