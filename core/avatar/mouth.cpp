#include "core/avatar/mouth.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>

#include "core/geometry/mesh_raster.h"
#include "core/image/ops.h"

namespace likeness {
namespace {

float smoothstep(float low, float high, float x) {
    const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
    return t * t * (3 - 2 * t);
}

Eigen::Vector3f color_at(const Image& image, std::size_t pixel) {
    return Eigen::Map<const Eigen::Vector3f>(&image.pixels[pixel * 3]);
}

struct Median {
    std::vector<float> values;
    // `otherwise` where there are too few to tell.
    float value(float otherwise) {
        if (values.size() < 50) return otherwise;
        const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
        std::nth_element(values.begin(), middle, values.end());
        return *middle;
    }
};

}  // namespace

MouthColors::MouthColors(const Photo& photo) {
    const auto& regions = photo.head.region;
    Median skin_light, skin_red, lip_light, lip_red;
    Eigen::Vector3f skin = Eigen::Vector3f::Zero(), lip = Eigen::Vector3f::Zero();
    for (std::size_t i = 0; i < regions.size(); ++i) {
        const bool is_lip = regions[i] == HeadRegion::lips;
        if (!is_lip && (regions[i] != HeadRegion::face || photo.skin.pixels[i] < 0.5f)) continue;
        const Eigen::Vector3f c = color_at(photo.color, i);
        const auto lab = srgb_to_lab(c[0], c[1], c[2]);
        (is_lip ? lip_light : skin_light).values.push_back(lab[0]);
        (is_lip ? lip_red : skin_red).values.push_back(lab[1]);
        (is_lip ? lip : skin) += c;
    }
    skin = skin_light.values.size() < 50 ? Eigen::Vector3f(0.7f, 0.55f, 0.47f)
                                         : Eigen::Vector3f(skin / float(skin_light.values.size()));
    lip = lip_light.values.size() < 50 ? Eigen::Vector3f(skin.cwiseProduct(Eigen::Vector3f(0.9f, 0.65f, 0.65f)))
                                       : Eigen::Vector3f(lip / float(lip_light.values.size()));
    // Colors are compared by their ratio to these: what is black (a face found in the dark border) has no ratio.
    constexpr float darkest = 1;
    skin_light_ = std::max(skin_light.value(skin_light_), darkest);
    skin_red_ = skin_red.value(skin_red_);
    lip_light_ = std::max(lip_light.value(lip_light_), darkest);
    lip_red_ = std::max(lip_red.value(lip_red_), skin_red_ + 4);

    // Half what such parts are under a light as bright as the skin's, half the lips under the picture's own light.
    const float light = std::clamp(skin.maxCoeff() * 1.15f, 0.35f, 1.0f);
    const Eigen::Vector3f tissue = 0.5f * (Eigen::Vector3f(0.68f, 0.37f, 0.37f) * light + lip);
    usual_.fill(skin);
    const auto set_usual = [&](HeadRegion region, const Eigen::Vector3f& color) {
        usual_[std::size_t(region)] = color;
    };
    set_usual(HeadRegion::lips, lip);
    // Lips shade teeth, the lower ones more.
    set_usual(HeadRegion::teeth_upper, Eigen::Vector3f(0.80f, 0.76f, 0.70f) * light);
    set_usual(HeadRegion::teeth_lower, Eigen::Vector3f(0.70f, 0.66f, 0.59f) * light);
    for (const HeadRegion region : {HeadRegion::gums_upper, HeadRegion::gums_lower, HeadRegion::tongue})
        set_usual(region, tissue);
    set_usual(HeadRegion::mouth_bag, 0.42f * tissue.cwiseProduct(Eigen::Vector3f(1, 0.75f, 0.75f)));
}

float MouthColors::tooth(const Eigen::Vector3f& color) const {
    const auto lab = srgb_to_lab(color[0], color[1], color[2]);
    const float reddest = skin_red_ + 0.3f * (lip_red_ - skin_red_);
    return smoothstep(reddest + 2, reddest - 3, lab[1]) * smoothstep(0.5f, 0.8f, lab[0] / skin_light_);
}

float MouthColors::plausible(HeadRegion region, const Eigen::Vector3f& color) const {
    if (region != HeadRegion::lips && !is_mouth(region)) return 1;
    const auto lab = srgb_to_lab(color[0], color[1], color[2]);
    // Pale and shining lips are lips: only what is clearly less red than skin and lighter than lips is
    // none, and what is as dark as a gap.
    if (region == HeadRegion::lips)
        return (1 - smoothstep(skin_red_ + 1, skin_red_ - 3, lab[1]) * smoothstep(1.1f, 1.3f, lab[0] / lip_light_)) *
               smoothstep(0.35f, 0.55f, lab[0] / lip_light_);
    const float tooth_like = tooth(color);
    if (is_teeth(region)) return tooth_like;
    const float red = smoothstep(skin_red_ - 2, 0.5f * (skin_red_ + lip_red_), lab[1]);
    // A gap is dark, and no color of what is in it; tongue and gums are about as light as lips.
    if (region != HeadRegion::mouth_bag)
        return (1 - tooth_like) * red * smoothstep(0.45f, 0.7f, lab[0] / lip_light_) *
               smoothstep(1.5f, 1.2f, lab[0] / lip_light_);
    return (1 - tooth_like) * smoothstep(0.8f, 0.5f, lab[0] / lip_light_);
}

TeethShift teeth_shift(const HeadModel& model, const PersonalHead& person, const Photo& photo) {
    constexpr float step = 0.0005f, back = 0.004f, forth = 0.008f;  // metres
    constexpr float lower_forth = 0.004f;  // further down they would come through the chin
    constexpr float price = 40;     // share of what tells that a metre of shift must win
    constexpr float too_few = 150;  // pixels
    const PosedHead posed = pose_head(model, person, photo.pose);
    const auto& regions = photo.head.region;
    const MouthColors colors(photo);

    // What the mouth's opening shows: 1 for teeth, -1 for anything else; and the window of the picture that holds it.
    const int width = photo.color.width;
    std::vector<float> evidence(regions.size(), 0.0f);
    float teeth = 0;
    Eigen::AlignedBox2i window;
    for (std::size_t i = 0; i < regions.size(); ++i) {
        if (!regions[i] || !is_mouth(*regions[i]) || photo.alpha.pixels[i] < 0.9f) continue;
        const float tooth = colors.tooth(color_at(photo.color, i));
        evidence[i] = 2 * tooth - 1;
        teeth += tooth;
        window.extend(Eigen::Vector2i(int(i) % width, int(i) / width));
    }
    if (window.isEmpty()) return {};
    Camera camera = photo.camera;
    camera.cx -= float(window.min().x());
    camera.cy -= float(window.min().y());
    camera.width = window.sizes().x() + 1;
    camera.height = window.sizes().y() + 1;

    // Pixels of the opening that a row's crowns cover (added to `seen`), and the evidence there.
    const auto covered = [&](const Triangles& crowns, const Eigen::Vector3f& move, float& seen) {
        const Vertices moved = posed.vertices.colwise() + move;
        const MeshBuffer buffer = rasterize_mesh(moved, crowns, camera);
        float sum = 0;
        for (int y = 0; y < camera.height; ++y)
            for (int x = 0; x < camera.width; ++x) {
                if (buffer.triangle[buffer.index(x, y)] < 0) continue;
                const float here = evidence[std::size_t((window.min().y() + y) * width + window.min().x() + x)];
                sum += here;
                seen += std::abs(here);
            }
        return sum;
    };
    const auto best_shift = [&](HeadRegion row, int joint, float from, float to) {
        Triangles crowns;
        for (std::size_t t = 0; t < model.triangles.size(); ++t)
            if (model.triangle_region[t] == row) crowns.push_back(model.triangles[t]);
        const Eigen::Vector3f down = posed.joint_transforms[std::size_t(joint)].linear() * Eigen::Vector3f(0, -1, 0);
        float seen = 0, best = 0;
        const float now = covered(crowns, Eigen::Vector3f::Zero(), seen);
        seen = std::max(seen, teeth);
        if (seen < too_few) return 0.0f;
        float best_score = now;
        for (float shift = from; shift <= to; shift += step) {
            float ignored = 0;
            const float score = covered(crowns, shift * down, ignored) - price * std::abs(shift) * seen;
            if (score > best_score) {
                best_score = score;
                best = shift;
            }
        }
        // What the upper row explains says nothing about the lower one.
        const Vertices moved = posed.vertices.colwise() + best * down;
        const MeshBuffer taken = rasterize_mesh(moved, crowns, camera);
        for (int y = 0; y < camera.height; ++y)
            for (int x = 0; x < camera.width; ++x)
                if (taken.triangle[taken.index(x, y)] >= 0)
                    evidence[std::size_t((window.min().y() + y) * width + window.min().x() + x)] = 0;
        return best;
    };
    TeethShift shift;
    shift.upper = best_shift(HeadRegion::teeth_upper, model.joints.head, -back, forth);
    teeth = 0;
    for (float e : evidence) teeth += std::max(e, 0.0f);
    shift.lower = best_shift(HeadRegion::teeth_lower, model.joints.jaw, -back, lower_forth);
    return shift;
}

}  // namespace likeness
