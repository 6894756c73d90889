// The avatar: Gaussians anchored on the surface of an animatable head.
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
#include "core/geometry/camera.h"
#include "core/geometry/mesh.h"
#include "core/head/head_model.h"
#include "core/image/image.h"
#include "core/splat/splat_set.h"

namespace likeness {

enum class Layer : std::uint8_t { skin, eyes, mouth, hair, cloth, accessory };
inline constexpr std::array<const char*, 6> layer_names = {"skin", "eyes", "mouth", "hair", "cloth", "accessory"};

// Parameters of the Gaussians, one contiguous array each. The local frame is tangent, bitangent, normal of the
// surface at the anchor; lengths are metres in the neutral pose and grow with the surface's stretch.
struct AnchoredSplats : GaussianValues {
    std::size_t count = 0;
    std::vector<Eigen::Vector2f> atlas;  // where it is anchored
    std::vector<Layer> layer;

    std::vector<SurfacePoint> anchor;  // derived from atlas

    void resize(std::size_t n);
};

// The hair shell: rows from the crown downwards, columns round the head; see hair_shell.h.
struct HairShell {
    Vertices vertices;        // [3, S] neutral pose; empty when the person has no hair to speak of
    Eigen::MatrixXf weights;  // [J, S]
};

struct SourceView {
    HeadPose pose;
    Camera camera;  // of the square crop that was learned from
    Image picture;  // the crop, straight alpha is the matte
    std::string file;
};

struct Avatar {
    std::shared_ptr<const HeadModel> model;
    Eigen::VectorXf identity;
    Vertices offsets;  // [3, V]
    // The model's targets, then the person's own; null for the model's alone.
    std::shared_ptr<const ExpressionBasis> expression;
    HairShell hair;
    AnchoredSplats splats;
    SourceView source;
    std::string document;  // avatar.json as it was loaded: members that this version does not know are kept

    // Derived, see prepare().
    PersonalHead person;
    Triangles triangles;                    // head, then hair
    std::vector<Eigen::Vector2f> uv;        // head, then hair
    Triangles triangle_uv;
    Vertices neutral;                       // the whole surface at rest
    std::vector<float> neutral_double_area;  // of each triangle

    // Adds expression targets of the person's own, not prepared yet.
    void add_expressions(const ExpressionBasis& own);
    // The person's own expression targets alone.
    ExpressionBasis own_expressions() const;
    // Fills what is derived from the persistent members above; call after any of them but the splats' values change.
    void prepare();
    // Finds the triangles under splats.atlas.
    void rebuild_anchors();
};

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
