// An animatable head: identity targets, ARKit controls, joints, linear blend skinning; with analytic gradients.
//
// Every source of heads (MakeHuman, FLAME, ...) is brought into this one linear form by a loader:
//   shaped  = template + identity * a + offsets
//   rested  = shaped + targets * (control_map * controls)     (ExpressionBasis: the model's, or a person's)
//           + correctives * (entries of the joints' rotations - identity)
//   posed   = sum_j weight_j * G_j(rested),   G_j = G_parent * rotate(axis_angle_j) about joint_position_j(a)
// with axis_angle_j = joints_j + sum_c controls_c * control_joint_cj. Rigid motion belongs to the joints.
// Metres, +Y up, the face looks along +Z, the origin is the head joint of the template.
#pragma once

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/geometry/mesh.h"
#include "core/head/regions.h"

namespace likeness {

using RowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// What controls do to the vertices at rest. Immutable and shared: the same pointer is the same basis, so caches need not
// look at its content.
struct ExpressionBasis {
    Eigen::MatrixXf targets;      // [3 V, K] metres per unit, rigid joint motion taken out
    Eigen::MatrixXf control_map;  // [K, C] coefficients per unit of a control
    Eigen::Index count() const { return targets.cols(); }
};
// A basis of one target whose coefficient is the projection of the controls onto `controls` [C]: 1 at these controls, 0
// at the neutral. Without targets when one of them is empty or zero.
ExpressionBasis target_at(const Vertices& target, const Eigen::VectorXf& controls);
// The targets of one, then of the other. Throws std::invalid_argument when they are of different heads.
ExpressionBasis join(const ExpressionBasis& first, const ExpressionBasis& second);

// A region that the program does not know.
struct OtherRegion {
    std::string name;
    std::vector<int> vertices, triangles;  // ascending
};

// Points that a detector finds in pictures, on the template.
struct LandmarkEmbedding {
    std::string scheme;  // whose points in which order, as landmarks::scheme
    std::vector<SurfacePoint> points;
};

// The joints that the program moves by what they are; every head has them.
struct HeadJoints {
    int neck = -1, head = -1, jaw = -1, eye_left = -1, eye_right = -1;
};

// One feature of the person's shape, as people change it: a target, or two that undo each other.
struct IdentitySlider {
    std::string name;         // "nose-hump"
    std::string group;        // "nose"
    int up = -1, down = -1;   // identity targets; down is -1 for one that has no opposite
    int mirror = -1;          // the other side's slider; its own number for a feature of the middle
    float low = 0, high = 1;  // sensible changes
};

struct HeadModel {
    std::string name, licence;

    Vertices vertices;  // the template [3, V]
    Triangles triangles;
    std::vector<Eigen::Vector2f> uv;  // atlas, unit square, v down
    Triangles triangle_uv;            // indices into uv, one triangle each
    std::vector<HeadRegion> vertex_region, triangle_region;
    std::vector<OtherRegion> other_regions;  // what HeadRegion::other stands for
    std::vector<int> mirror_vertex;          // the vertex on the other side; an involution

    RowMatrix identity;  // [3 V, I] metres per unit; row-major: solvers gather vertices
    std::shared_ptr<const ExpressionBasis> expression = std::make_shared<ExpressionBasis>();  // never null
    Eigen::MatrixXf control_joint;  // [3 J, C] axis-angle radians per unit of a control
    // [3 V, 9 J] metres per unit of an entry (row-major) of a joint's rotation in its parent's frame less the identity
    // (SMPL's pose blendshapes, Loper et al. 2015, eq. 9); empty for none.
    Eigen::MatrixXf correctives;

    Eigen::Matrix3Xf joint_position;  // [3, J] of the template
    Eigen::MatrixXf joint_identity;   // [3 J, I]
    std::vector<int> joint_parent;    // parents come before children; -1 for the root
    Eigen::Matrix3Xf joint_low, joint_high;  // axis-angle limits, radians
    Eigen::MatrixXf weights;                 // [J, V], columns sum to 1

    Eigen::Matrix2Xf identity_range;  // [2, I] lowest and highest sensible coefficient
    std::vector<std::string> identity_names, control_names, joint_names;

    // By these names, see resolve_names():
    HeadJoints joints;
    std::vector<int> mirror_control, mirror_joint;  // of the other side; its own number in the middle
    std::vector<IdentitySlider> identity_sliders;   // all targets, in their order

    std::vector<LandmarkEmbedding> embeddings;

    int vertex_count() const { return int(vertices.cols()); }
    int identity_count() const { return int(identity.cols()); }
    int control_count() const { return int(control_joint.cols()); }
    int joint_count() const { return int(joint_position.cols()); }
    const std::vector<SurfacePoint>& landmarks(std::string_view scheme) const;  // empty when the head lacks them
    int joint(const std::string& joint_name) const;    // -1 when unknown
    int control(const std::string& control_name) const;  // -1 when unknown
    std::string region_name(int triangle) const;         // as its source calls it
};

// The neck's share of the whole head's rotation; the head joint has the rest.
inline constexpr float neck_share = 0.4f;

// What the head does at one moment.
struct HeadPose {
    Eigen::VectorXf controls;      // [C], usually in [0, 1]
    Eigen::Matrix3Xf joints;       // [3, J] axis-angle, radians, in the parent's frame
    Eigen::Vector3f translation = Eigen::Vector3f::Zero();  // of the root, metres

    static HeadPose neutral(const HeadModel& model);
    HeadPose mirrored(const HeadModel& model) const;  // left and right exchanged
    bool operator==(const HeadPose& other) const;
};
// Turns neck and head so that the head as a whole has this rotation (axis-angle, radians).
void turn_head(const HeadModel& model, const Eigen::Vector3f& rotation, HeadPose& pose);

// A model with its identity baked in: what runs at every frame.
struct PersonalHead {
    Vertices vertices;                // [3, V] neutral, offsets included
    Eigen::Matrix3Xf joint_position;  // [3, J]
    // How this person makes expressions; never null. The model's very own unless the person has targets besides.
    std::shared_ptr<const ExpressionBasis> expression = std::make_shared<ExpressionBasis>();
};
// With the model's expressions.
PersonalHead personalise(const HeadModel& model, const Eigen::VectorXf& identity, const Vertices* offsets = nullptr);

struct PosedHead {
    Vertices vertices;                               // [3, V] world
    std::vector<Eigen::Affine3f> joint_transforms;  // [J] neutral space to world
};
PosedHead pose_head(const HeadModel& model, const PersonalHead& person, const HeadPose& pose);

// The linear map that skinning applies to a vertex: posed = A * rested + b; A is this sum of rotations.
Eigen::Matrix3f skinning_rotation(const HeadModel& model, const PosedHead& posed, int vertex);

// Columns of a Jacobian of all posed vertices.
struct HeadParameters {
    int identity, controls, joints, translation, count;  // first column of each group, and their number
    explicit HeadParameters(const HeadModel& model);
};
// Posed vertices and d(posed)/d(identity | controls | joints' axis-angles | translation), [3 V, count].
void pose_with_jacobian(const HeadModel& model, const PersonalHead& person, const HeadPose& pose, Vertices& posed,
                        RowMatrix& jacobian);

// A model of some of the vertices only (no triangles, regions or landmarks), for solvers.
HeadModel vertex_subset(const HeadModel& model, const std::vector<int>& kept);

}  // namespace likeness
