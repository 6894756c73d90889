// What an avatar is made of besides its Gaussians (avatar.h). Each is the content of a Part: small values, and pictures
// and bases that other parts may share.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/avatar/part.h"
#include "core/geometry/camera.h"
#include "core/geometry/mesh.h"
#include "core/head/head_model.h"
#include "core/image/image.h"

namespace likeness {

// Who it is: the head's shape as it was fitted or learned.
struct Person {
    Eigen::VectorXf identity;  // [I]; empty for a head without identity targets
    Vertices offsets;          // [3, V] metres; empty for none
    // The model's targets, then the person's own; null for the model's alone.
    std::shared_ptr<const ExpressionBasis> expression;
};

// What somebody made of the shape afterwards.
struct IdentityChange {
    Eigen::VectorXf added;                               // [I] to Person::identity; empty for nothing
    bool operator==(const IdentityChange& other) const;  // none is the same as zeros
};

// The hair shell: rows from the crown downwards, columns round the head; see hair_shell.h.
struct HairShell {
    Vertices vertices;              // [3, S] neutral pose; empty when the person has no hair to speak of
    Part<Eigen::MatrixXf> weights;  // [J, S]
};

// What lies over the head's own mesh. Clothes lie on the mesh itself so far: on its shoulders.
struct Shells {
    HairShell hair;
};

// Attribute maps: what the Gaussians' attributes are over the atlas, as texels that people and other programs can change.
// Half floats, in these units. FATE (Zhang et al. 2025) bakes the first five, 11 channels.
struct MapAttribute {
    const char* name;  // in files and commands
    std::size_t channels;
};
inline constexpr std::array<MapAttribute, 6> map_attributes = {{
    {"albedo", 3},    // sRGB-encoded
    {"opacity", 1},   // logit
    {"scale", 3},     // logarithm of millimetres
    {"rotation", 3},  // axis-angle, radians, in the surface's frame
    {"offset", 1},    // millimetres along the surface's normal
    {"normal", 3},    // unit length, in the surface's frame: tangent (u grows), bitangent (v falls), normal
}};
inline constexpr std::size_t albedo_map = 0, opacity_map = 1, scale_map = 2, rotation_map = 3, offset_map = 4,
                             normal_map = 5;
inline constexpr std::size_t map_channels = 14;  // of all
inline constexpr std::array<int, 4> map_sides = {256, 512, 1024, 2048};

// [squares, side, side, channels of the attribute], rows from the top (v grows downwards).
using MapTexels = std::vector<Eigen::half>;

// The Gaussians keep their full values: a map says what it says of them, and when it changes from M to M', sample(M') -
// sample(M) is added to them (core/maps/map_edit.h).
struct TextureMaps {
    int side = 0;     // texels of a square's side, one of map_sides; 0: there are no maps
    int squares = 0;  // 1: the head's; 2: the hair shell's beside it
    std::array<std::shared_ptr<const MapTexels>, map_attributes.size()> texels;  // none is null where there are maps
    bool empty() const { return side == 0; }
    std::size_t texel_count() const { return std::size_t(squares) * std::size_t(side) * std::size_t(side); }
};

// An attribute that can be exchanged ("beard", "hat"), as a code for its decoder. There is none yet.
struct AttributeSlot {
    std::string name, choice;
    std::vector<float> code;
};
struct AttributeSlots {
    std::vector<AttributeSlot> slots;
};

// The light that the colors are under: irradiance over pi by real spherical harmonics of degree 2 (Ramamoorthi and
// Hanrahan 2001; order 00, 1-1, 10, 11, 2-2, 2-1, 20, 21, 22), linear RGB. White unless it is known: then the
// Gaussians' albedo is the color that is seen.
struct Light {
    std::array<std::array<float, 3>, 9> harmonics = {{{constant, constant, constant}}};
    float exposure = 0;                               // stops
    std::array<float, 3> white_balance = {1, 1, 1};   // gains
    static constexpr float constant = 3.5449077018f;  // 2 sqrt(pi): 1 in all directions
    bool operator==(const Light&) const = default;
};

// The photograph that it was learned from.
struct SourceView {
    HeadPose pose;
    Camera camera;                         // of the square crop that was learned from
    std::shared_ptr<const Image> picture;  // the crop, RGBA, straight alpha is the matte; null for none
    std::string file;
    // Of the face, as the detector saw it (478, core/head/mediapipe_landmarks.h), pixels of the crop, z in the same
    // units; none where a file does not know them.
    std::vector<Eigen::Vector3f> landmarks;
};

// What a file held that this version does not know; written back byte for byte.
struct KeptEntry {
    std::string name;  // in the zip
    std::shared_ptr<const std::vector<std::uint8_t>> bytes;  // never null
};
struct KeptPart {
    std::string name;
    int version = 0;  // 0: the file did not say
};
struct KeptContent {
    std::string document;            // avatar.json as it was loaded: its unknown members are kept
    std::vector<KeptEntry> entries;  // sorted by name
    std::vector<KeptPart> unknown;   // the parts that these entries are
};

std::size_t content_bytes(const Person& person, const BlockVisitor& shared);
std::size_t content_bytes(const IdentityChange& change, const BlockVisitor& shared);
std::size_t content_bytes(const Shells& shells, const BlockVisitor& shared);
std::size_t content_bytes(const TextureMaps& maps, const BlockVisitor& shared);
std::size_t content_bytes(const AttributeSlots& slots, const BlockVisitor& shared);
std::size_t content_bytes(const HeadPose& pose, const BlockVisitor& shared);
std::size_t content_bytes(const SourceView& source, const BlockVisitor& shared);

}  // namespace likeness
