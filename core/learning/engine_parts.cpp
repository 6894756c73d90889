#include "core/learning/engine_parts.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace likeness {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

template <class Matrix>
std::vector<float> floats(const Matrix& matrix) {
    return {matrix.data(), matrix.data() + matrix.size()};
}

std::vector<ParameterGroup> splat_groups(const AnchoredSplats& splats, const std::vector<std::string>& learned) {
    std::vector<ParameterGroup> groups;
    for (const GaussianAttribute& a : gaussian_attributes) {
        if (!contains(learned, a.name)) continue;
        ParameterGroup g{a.name, a.width, splats.*a.values, a.rate, {a.prior, a.unit}};
        if (a.low > -unbounded) g.low = {a.low};
        if (a.high < unbounded) g.high = {a.high};
        groups.push_back(std::move(g));
    }
    return groups;
}

std::vector<ParameterGroup> head_groups(const Avatar& avatar, const std::vector<std::string>& learned) {
    const HeadModel& model = *avatar.model;
    const auto zeros = [](std::size_t count) { return std::vector<float>(count, 0.0f); };
    const std::size_t identities = std::size_t(model.identity_count()), controls = std::size_t(model.control_count()),
                      joints = 3 * std::size_t(model.joint_count());
    constexpr float millimetre = 1e-3f;
    ParameterGroup identity{group::identity, 1, zeros(identities), 1e-3f, {1e-3f}};
    ParameterGroup vertices{group::vertices, 3, zeros(std::size_t(avatar.neutral().size())), 1e-5f, {1e-3f, millimetre}};
    vertices.prior.smooth = 0.1f;
    // Of the mean over the controls, as all priors were meant.
    const float each = 1 / float(std::max<std::size_t>(controls, 1));
    ParameterGroup control{group::controls, std::max<std::size_t>(controls, 1), {}, 2e-3f, {1e-3f * each}, {0}, {1}, StepClock::views};
    ParameterGroup joint{group::joints, std::max<std::size_t>(joints, 1), {}, 5e-4f, {}, floats(model.joint_low), floats(model.joint_high), StepClock::views};
    ParameterGroup translation{group::translation, 3, {}, 1e-4f, {}, {}, {}, StepClock::views};
    for (ParameterGroup* g : {&control, &joint, &translation}) g->values = zeros(g->width);

    std::vector<ParameterGroup> groups;
    for (ParameterGroup* g : {&identity, &vertices, &control, &joint, &translation})
        if (contains(learned, g->name)) groups.push_back(std::move(*g));
    return groups;
}

void check_names(const std::vector<std::string>& learned) {
    for (const std::string& name : learned) {
        bool known = false;
        for (const GaussianAttribute& a : gaussian_attributes) known |= name == a.name;
        for (const char* builtin : {group::identity, group::vertices, group::controls, group::joints, group::translation})
            known |= name == builtin;
        if (!known) throw std::invalid_argument("there is no built-in parameter group '" + name + "'");
    }
}

}  // namespace

std::vector<std::string> splat_groups() {
    std::vector<std::string> names;
    for (const GaussianAttribute& a : gaussian_attributes) names.push_back(a.name);
    return names;
}

std::vector<ParameterGroup> built_in_groups(const Avatar& avatar, const std::vector<std::string>& learned) {
    check_names(learned);
    std::vector<ParameterGroup> groups = splat_groups(*avatar.splats, learned);
    for (ParameterGroup& g : head_groups(avatar, learned)) groups.push_back(std::move(g));
    return groups;
}

BuiltInGroups::BuiltInGroups(const GroupTable& table)
    : poses{table.find(group::controls), table.find(group::joints), table.find(group::translation)},
      identity(table.find(group::identity)),
      vertices(table.find(group::vertices)) {
    for (std::size_t a = 0; a < splat.size(); ++a) splat[a] = table.find(gaussian_attributes[a].name);
}

bool BuiltInGroups::of_splats() const {
    return std::any_of(splat.begin(), splat.end(), [](int k) { return k >= 0; });
}

bool BuiltInGroups::of_poses() const {
    return std::any_of(poses.begin(), poses.end(), [](int k) { return k >= 0; });
}

PoseRow pose_row(const HeadPose& pose) {
    return {floats(pose.controls), floats(pose.joints), floats(pose.translation)};
}

std::array<std::size_t, 3> pose_widths(const HeadModel& model) {
    return {std::size_t(model.control_count()), 3 * std::size_t(model.joint_count()), 3};
}

std::map<int, std::vector<float>> learned_rows(const PoseRow& row, const BuiltInGroups& groups) {
    std::map<int, std::vector<float>> rows;
    for (std::size_t which = 0; which < row.size(); ++which)
        if (groups.poses[which] >= 0 && !row[which].empty()) rows[groups.poses[which]] = row[which];
    return rows;
}

HeadPose row_pose(const PoseRow& row) {
    const auto& [controls, joints, translation] = row;
    HeadPose pose;
    pose.controls = Eigen::Map<const Eigen::VectorXf>(controls.data(), Eigen::Index(controls.size()));
    pose.joints = Eigen::Map<const Eigen::Matrix3Xf>(joints.data(), 3, Eigen::Index(joints.size() / 3));
    pose.translation = Eigen::Map<const Eigen::Vector3f>(translation.data());
    return pose;
}

void add_learned_shape(Avatar& avatar, const std::vector<float>& identity, const std::vector<float>& vertices) {
    const Eigen::Index identities = avatar.model->identity_count(), head = avatar.model->vertex_count();
    if (!identity.empty()) {
        Eigen::VectorXf& all = avatar.person.edit().identity;
        if (all.size() == 0) all = Eigen::VectorXf::Zero(identities);
        all += Eigen::Map<const Eigen::VectorXf>(identity.data(), identities);
    }
    if (!vertices.empty()) {
        const Eigen::Map<const Vertices> moved(vertices.data(), 3, avatar.neutral().cols());
        Vertices& offsets = avatar.person.edit().offsets;
        if (offsets.size() == 0) offsets = Vertices::Zero(3, head);
        offsets += moved.leftCols(head);
        if (const Eigen::Index hair = avatar.shells->hair.vertices.cols(); hair > 0)
            avatar.shells.edit().hair.vertices += moved.rightCols(hair);
    }
    const std::vector<float> before = avatar.neutral_double_area();
    avatar.prepare();
    AnchoredSplats& s = avatar.splats.edit();
    for (std::size_t i = 0; i < s.count; ++i) {
        const auto t = std::size_t(s.anchor[i].triangle);
        const float grown = std::sqrt(std::max(avatar.neutral_double_area()[t], 1e-12f) / std::max(before[t], 1e-12f));
        for (std::size_t k = 0; k < 3; ++k) {
            s.offset[3 * i + k] *= grown;
            s.log_scale[3 * i + k] += std::log(grown);
        }
    }
}

LossValue mean_loss(const std::vector<LossValue>& losses) {
    LossValue mean;
    for (const auto term :
         {&LossValue::total, &LossValue::l1, &LossValue::dssim, &LossValue::alpha, &LossValue::squared}) {
        for (const LossValue& loss : losses) mean.*term += loss.*term;
        mean.*term /= double(losses.size());
    }
    return mean;
}

void check_splats(const AnchoredSplats& splats) {
    if (!attributes_match(splats, splats.count) || splats.anchor.size() != splats.count)
        throw std::invalid_argument("training step: arrays of Gaussians do not match");
}

void check_view(const TrainingView& view, const HeadModel& model) {
    const std::size_t pixels = std::size_t(view.camera.width) * std::size_t(view.camera.height);
    const LossPicture& t = view.target;
    if (view.camera.width <= 0 || view.camera.height <= 0 || t.width != view.camera.width ||
        t.height != view.camera.height || t.rgba.size() != 4 * pixels || (!t.weight.empty() && t.weight.size() != pixels))
        throw std::invalid_argument("training step: a view's picture and camera do not match");
    if (view.pose.controls.size() != model.control_count() || view.pose.joints.cols() != model.joint_count())
        throw std::invalid_argument("training step: a view's pose is of another head");
}

void check_splat_weight(const std::vector<float>& weight, std::size_t count) {
    if (!weight.empty() && weight.size() != count)
        throw std::invalid_argument("training step: weights of other Gaussians");
}

void check_number(int view, std::size_t count) {
    if (view < 0 || std::size_t(view) >= count) throw std::invalid_argument("training step: no such view");
}

void check_batch(std::span<const int> views, std::size_t count) {
    if (views.empty() || views.size() > std::size_t(largest_batch))
        throw std::invalid_argument("training step: a batch of no views, or of too many");
    for (auto view = views.begin(); view != views.end(); ++view)
        if (*view < 0 || std::size_t(*view) >= count || std::find(views.begin(), view, *view) != view)
            throw std::invalid_argument("training step: a view that there is not, or one twice in a batch");
}

void check_one_size(std::span<const Camera> cameras) {
    for (const Camera& camera : cameras)
        if (camera.width != cameras[0].width || camera.height != cameras[0].height)
            throw std::invalid_argument("training step: a batch of pictures of different sizes");
}

}  // namespace likeness
