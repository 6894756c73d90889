#include "tests/engine/engine_fixtures.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace likeness::test {

std::vector<std::string> all_groups() {
    std::vector<std::string> names = splat_groups();
    names.insert(names.end(), {group::identity, group::vertices});
    for (const std::string& name : pose_groups()) names.push_back(name);
    return names;
}
std::vector<std::string> pose_groups() { return {group::controls, group::joints, group::translation}; }

std::vector<int> first_views(int count) {
    std::vector<int> views;
    for (int k = 0; k < count; ++k) views.push_back(k);
    return views;
}

LossPicture picture_of(const Frame& over_black) {
    LossPicture picture;
    picture.width = over_black.alpha.width;
    picture.height = over_black.alpha.height;
    const auto byte = [](float v) { return static_cast<unsigned char>(std::clamp(v, 0.0f, 1.0f) * 255 + 0.5f); };
    for (std::size_t i = 0; i < over_black.alpha.pixels.size(); ++i) {
        const float a = over_black.alpha.pixels[i];
        for (std::size_t c = 0; c < 3; ++c)
            picture.rgba.push_back(byte(a > 0 ? over_black.color.pixels[3 * i + c] / a : 0));
        picture.rgba.push_back(byte(a));
    }
    return picture;
}

Camera camera_of(const Avatar& avatar, int number, int side) {
    Camera camera = default_camera(avatar, side, side);
    const Eigen::Vector3f middle = head_middle(avatar);
    const float turn = 0.2f * float(number) - 0.2f;
    camera.world_to_camera = look_at(middle + 1.1f * Eigen::Vector3f(std::sin(turn), 0.1f, std::cos(turn)), middle);
    return camera;
}

namespace {

HeadPose some_pose(const Avatar& avatar, unsigned seed) {
    Random random(seed);
    HeadPose pose = random_pose(*avatar.model, random, 0.15f);
    pose.controls *= 0.6f;
    pose.translation = {0.004f, -0.003f, 0.002f};
    return pose;
}

Avatar recolored(const Avatar& avatar) {
    Avatar other = avatar;
    for (float& c : other.splats.edit().albedo) c = 0.7f * c + 0.2f;
    return other;
}

}  // namespace

std::vector<TrainingView> video_views(const Avatar& avatar, int count, int side) {
    const Avatar other = recolored(avatar);
    std::vector<TrainingView> views;
    for (int k = 0; k < count; ++k) {
        TrainingView view;
        view.pose = some_pose(avatar, 40 + unsigned(k));
        view.camera = camera_of(avatar, k, side);
        HeadPose shown = view.pose;
        shown.joints(1, 2) += 0.05f;
        shown.controls *= 0.8f;
        view.target = picture_of(render(other, shown, view.camera));
        views.push_back(std::move(view));
    }
    return views;
}

std::vector<TrainingView> portrait_views(const Avatar& avatar, int side) {
    const Avatar other = recolored(avatar);
    std::vector<TrainingView> views(3);
    for (int k = 0; k < 3; ++k) {
        TrainingView& view = views[std::size_t(k)];
        view.pose = k == 2 ? HeadPose::neutral(*avatar.model) : some_pose(avatar, 20);
        view.camera = camera_of(avatar, 2 * k, k == 2 ? side / 2 : side);
        HeadPose shown = view.pose;
        shown.joints(1, 2) += 0.05f;
        view.target = picture_of(render(other, shown, view.camera));
    }
    views[1].colors_only = true;
    views[1].weights.alpha = 0;
    Random random(7);
    for (std::size_t i = 0; i < avatar.splats->count; ++i) views[1].splat_weight.push_back(uniform(random, 0, 1));
    views[2].weights = {.l1 = 0, .dssim = 0, .alpha = 0.4f};
    std::vector<float>& mask = views[2].target.weight;
    mask.assign(views[2].target.rgba.size() / 4, 1.0f);
    for (std::size_t i = 0; i < mask.size(); i += 5) mask[i] = 0;
    return views;
}

std::unique_ptr<TrainingEngine> engine_with(const Avatar& avatar, const std::vector<TrainingView>& views,
                                            const std::vector<std::string>& learned, const EngineChoice& choice,
                                            const TrainingModules& modules) {
    auto engine = make_engine(choice);
    engine->load(avatar, learned, modules);
    for (std::size_t k = 0; k < views.size(); ++k) EXPECT_EQ(engine->add_view(views[k]), int(k));
    return engine;
}

Avatar bounded(Avatar avatar) {
    AnchoredSplats& splats = avatar.splats.edit();
    for (const GaussianAttribute& a : gaussian_attributes)
        for (float& v : splats.*a.values) v = std::clamp(v, a.low, a.high);
    return avatar;
}

void set_rate(TrainingEngine& engine, const std::vector<std::string>& groups, float rate) {
    for (const std::string& name : groups) engine.settings(name).rate = rate;
}
void without_priors(TrainingEngine& engine) {
    for (const std::string& name : engine.groups()) engine.settings(name).prior = engine.settings(name).smooth = 0;
}
void hold_still(TrainingEngine& engine) {
    without_priors(engine);
    set_rate(engine, engine.groups(), 0);
}

LossValue mean_loss(TrainingEngine& engine, const std::vector<int>& views) {
    return engine.gradients(views, grey).loss.mean;
}
double total_of(const StepLoss& loss) { return loss.mean.total + loss.modules + loss.priors; }

std::vector<float>& splat_values(Avatar& avatar, const std::string& group) {
    for (const GaussianAttribute& a : gaussian_attributes)
        if (group == a.name) return avatar.splats.edit().*a.values;
    throw std::invalid_argument(group);
}

Avatar reshaped(const Avatar& avatar, const Eigen::VectorXf& identity, const Vertices& moved) {
    Avatar other = avatar;
    Person& person = other.person.edit();
    person.identity += identity;
    person.offsets += moved.leftCols(avatar.model->vertex_count());
    if (const Eigen::Index hair = avatar.hair().vertices.cols(); hair > 0)
        other.shells.edit().hair.vertices += moved.rightCols(hair);
    other.prepare();
    auto rest = std::make_shared<RestSurface>(*other.rest);
    rest->neutral_double_area = avatar.neutral_double_area();
    other.rest = std::move(rest);
    return other;
}

ByParts::ByParts(const Avatar& avatar, const TrainingView& view, double share) {
    deform(*avatar.splats, splat_frames(avatar, view.pose), posed);
    const auto rasterizer = make_cpu_rasterizer();
    RasterOptions options;
    options.background = grey;
    Frame picture;
    rasterizer->forward(posed, view.camera, options, picture);
    FrameGradients grad_picture;
    loss = ImageLoss().evaluate(picture, view.target, grey, view.weights, grad_picture, float(share));
    rasterizer->backward(grad_picture, gradients);
}

AnchoredGradients ByParts::own(const Avatar& avatar, const TrainingView& view) const {
    AnchoredGradients by;
    by.resize(avatar.splats->count);
    by.set_zero();
    deform_backward(*avatar.splats, splat_frames(avatar, view.pose), posed, gradients, by);
    each_attribute(by, [&](const GaussianAttribute& a, std::vector<float>& values) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (!view.splat_weight.empty()) values[i] *= view.splat_weight[i / a.width];
            if (view.colors_only && !a.color) values[i] = 0;
        }
    });
    return by;
}

double ByParts::along(const Avatar& from_avatar, const HeadPose& from, const Avatar& to_avatar, const HeadPose& to,
                      double distance) const {
    SplatSet a, b;
    deform(*from_avatar.splats, splat_frames(from_avatar, from), a);
    deform(*to_avatar.splats, splat_frames(to_avatar, to), b);
    double sum = 0;
    for (std::size_t i = 0; i < posed.means.size(); ++i) {
        sum += double(gradients.means[i]) * (double(b.means[i]) - double(a.means[i]));
        sum += double(gradients.scales[i]) * (double(b.scales[i]) - double(a.scales[i]));
    }
    for (std::size_t i = 0; i < posed.count; ++i) {
        const Eigen::Map<const Eigen::Vector4f> qa(&a.rotations[4 * i]), qb(&b.rotations[4 * i]),
            q(&posed.rotations[4 * i]), g(&gradients.rotations[4 * i]);
        const Eigen::Vector4f signed_a = q.dot(qa) < 0 ? -qa : Eigen::Vector4f(qa),
                              signed_b = q.dot(qb) < 0 ? -qb : Eigen::Vector4f(qb);
        sum += double(g.dot(signed_b - signed_a));
    }
    return sum / distance;
}

double norm_of(const std::vector<float>& values) {
    double sum = 0;
    for (const float v : values) sum += double(v) * double(v);
    return std::sqrt(sum);
}
std::vector<float> difference(const std::vector<float>& a, const std::vector<float>& b) {
    std::vector<float> d(a);
    for (std::size_t i = 0; i < d.size(); ++i) d[i] -= b.at(i);
    return d;
}

bool same(const AnchoredSplats& a, const AnchoredSplats& b) {
    bool equal = a.count == b.count && a.atlas == b.atlas && a.part == b.part;
    each_attribute(a, [&](const GaussianAttribute& attribute, const std::vector<float>& values) {
        equal &= values == b.*attribute.values;
    });
    return equal;
}
bool same(const HeadPose& a, const HeadPose& b) {
    return a.controls == b.controls && a.joints == b.joints && a.translation == b.translation;
}

}  // namespace likeness::test
