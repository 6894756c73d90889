// The avatar: Gaussians anchored on the surface of an animatable head, in immutable parts (part.h).
//
// The surface is the personal head mesh and, behind it in the same arrays, the hair shell: a grid of fixed topology
// whose vertices are this person's own. Gaussians are kept by atlas position; which triangle that is follows from
// the position and is rebuilt on loading. The atlas is the unit square for the head and the square next to it
// (u in [1, 2)) for the hair shell.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/avatar/gaussian_attributes.h"
#include "core/avatar/paint.h"
#include "core/avatar/rest_surface.h"
#include "core/splat/splat_set.h"

namespace likeness {

enum class SplatPart : std::uint8_t { skin, eyes, mouth, hair, cloth, accessory };
inline constexpr std::array<const char*, 6> splat_part_names = {"skin", "eyes", "mouth", "hair", "cloth", "accessory"};

// Parameters of the Gaussians, one contiguous array each. The local frame is tangent, bitangent, normal of the
// surface at the anchor; lengths are metres in the neutral pose and grow with the surface's stretch.
struct AnchoredSplats : GaussianValues {
    std::size_t count = 0;
    std::vector<Eigen::Vector2f> atlas;  // where it is anchored
    std::vector<SplatPart> part;

    std::vector<SurfacePoint> anchor;  // derived from atlas

    // Gaussians from this one on show paint that is finer than those before it (core/editing); they are filtered
    // (splat_set.h), come last, and no file has them.
    std::size_t painted_from = SplatSet::none_filtered;
    std::size_t leading_from = SplatSet::none_filtered;  // those of them that are drawn before all near them

    void resize(std::size_t n);
};

std::size_t content_bytes(const AnchoredSplats& splats, const BlockVisitor& shared);

// A value: copies share their parts. Whoever makes something new of an avatar (a fit, a trainer, an editor) publishes the
// part that it is in; the rest stays the same part.
struct Avatar {
    std::shared_ptr<const HeadModel> model;  // null: there is no avatar
    Part<Person> person;
    Part<IdentityChange> identity_change;
    Part<Shells> shells;
    Part<AnchoredSplats> splats;
    Part<TextureMaps> maps;
    Part<PaintStack> paint;
    Part<AttributeSlots> slots;
    Part<Light> light;
    Part<SourceView> source;
    Part<KeptContent> kept;

    std::shared_ptr<const RestSurface> rest;  // derived, see prepare(); null before

    // Makes the surface at rest of model, person, identity_change and shells; call after any of them changed. Takes over
    // what is the same as before.
    void prepare();
    // `rest` is of these parts as they are now.
    bool prepared() const;
    // Finds the triangles under splats.atlas; precondition: prepared().
    void rebuild_anchors();

    // Adds expression targets of the person's own.
    void add_expressions(const ExpressionBasis& own);
    // The person's own expression targets alone.
    ExpressionBasis own_expressions() const;

    // Of the surface at rest, as the last prepare() left it.
    const PersonalHead& head() const { return rest->head; }
    const HairShell& hair() const { return rest->hair; }
    const Triangles& triangles() const { return rest->topology->triangles; }       // head, then hair
    const std::vector<Eigen::Vector2f>& uv() const { return rest->topology->uv; }  // head, then hair
    const Triangles& triangle_uv() const { return rest->topology->triangle_uv; }
    const Vertices& neutral() const { return rest->neutral; }
    const std::vector<float>& neutral_double_area() const { return rest->neutral_double_area; }
};

// Without the identity's change, prepared.
Avatar as_fitted(Avatar avatar);

// Where on the atlas a point of the surface lies.
Eigen::Vector2f atlas_position(const Avatar& avatar, const SurfacePoint& point);

// Middle between ears and eyes of the neutral head: what views look at and turn about.
Eigen::Vector3f head_middle(const Avatar& avatar);
// The default view: 0.40 m of image height at the head's middle, seen from 1.1 m.
Camera default_camera(const Avatar& avatar, int width, int height);

// The hair shell as it goes with a posed head.
Vertices pose_shell(const HairShell& shell, const PosedHead& head);

// The whole surface (head, then hair) in a pose.
Vertices pose_surface(const Avatar& avatar, const HeadPose& pose);

}  // namespace likeness
