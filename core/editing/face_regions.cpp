#include "core/editing/face_regions.h"

#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/editing/own_colors.h"
#include "core/head/mediapipe_landmarks.h"
#include "core/image/ops.h"

namespace likeness {
namespace {

// Borders' softness: from full to nothing, metres on a usual face's skin.
constexpr float lip_softness = 0.7e-3f, brow_softness = 2e-3f, nose_softness = 6e-3f, forehead_softness = 14e-3f,
                beard_softness = 12e-3f, iris_softness = 0.06f;  // the last by the iris' radius
constexpr float cheek_reach = 26e-3f;
constexpr float beard_below_jaw = 32e-3f;

// MediaPipe's numbers, round each region.
constexpr std::array<int, 18> nose_border = {168, 193, 188, 174, 198, 129, 64,  98,  97,
                                             2,   326, 327, 294, 358, 420, 399, 412, 417};
constexpr std::array<int, 22> forehead_border = {21,  54,  103, 67,  109, 10, 338, 297, 332, 284, 251,
                                                 300, 293, 334, 296, 336, 9,  107, 66,  105, 63,  70};
constexpr std::array<int, 17> jaw_line = {132, 58,  172, 136, 150, 149, 176, 148, 152,
                                          377, 400, 378, 379, 365, 397, 288, 361};
// From the left ear over cheek and upper lip to the right one: the rest of the beard's border.
constexpr std::array<int, 15> beard_line = {401, 435, 416, 436, 426, 327, 326, 2, 97, 98, 206, 216, 192, 215, 177};
constexpr std::array<std::array<int, 3>, 2> cheek_line = {{{205, 50, 123}, {425, 280, 352}}};

}  // namespace

const FaceRegion* face_region_named(std::string_view name) {
    static constexpr auto all = [] {
        std::array<FaceRegion, face_region_count> regions{};
        for (std::size_t i = 0; i < face_region_count; ++i) regions[i] = FaceRegion(i);
        return regions;
    }();
    for (std::size_t i = 0; i < face_region_count; ++i)
        if (face_region_names[i].name == name) return &all[i];
    return nullptr;
}

FaceRegions::FaceRegions(const PaintSurface& surface) : surface_(surface), curves_(surface) {
    const HeadModel& model = *surface.avatar().model;
    head_triangles_ = int(model.triangles.size());
    const auto share_of = [&](auto&& belongs, int passes) {
        std::vector<bool> of(model.triangles.size());
        for (std::size_t t = 0; t < of.size(); ++t) of[t] = belongs(model.triangle_region[t]);
        return soft_share(of, passes);
    };
    lids_ = share_of([](HeadRegion r) { return r == HeadRegion::lids; }, 1);
    scalp_ = share_of([](HeadRegion r) { return r == HeadRegion::scalp; }, 1);
    neck_ = share_of([](HeadRegion r) { return r == HeadRegion::neck; }, 1);
    ears_ = share_of([](HeadRegion r) { return is_ear(r); }, 0);
    torso_ = share_of([](HeadRegion r) { return r == HeadRegion::torso; }, 1);
    find_cloth();
    if (!curves_.found()) return;
    std::vector<int> beard(jaw_line.begin(), jaw_line.end());
    beard.insert(beard.end(), beard_line.begin(), beard_line.end());
    beard_ = curves_.through(beard, true, 2);
    nose_ = curves_.through(nose_border, true, 3);
    forehead_ = curves_.through(forehead_border, true, 3);
    for (std::size_t side = 0; side < 2; ++side) cheek_[side] = curves_.through(cheek_line[side], false, 3);
    for (const int i : jaw_line) jaw_.push_back(surface.position(curves_.landmark_point(i)));
    find_irises();
}

// Of the triangles at each vertex, spread over so many rings of neighbours.
std::vector<float> FaceRegions::soft_share(const std::vector<bool>& triangles, int passes) const {
    const HeadModel& model = *surface_.avatar().model;
    const std::size_t count = std::size_t(model.vertex_count());
    std::vector<float> of(count), all(count), share(count);
    for (std::size_t t = 0; t < triangles.size(); ++t)
        for (int k = 0; k < 3; ++k) {
            all[std::size_t(model.triangles[t][k])] += 1;
            if (triangles[t]) of[std::size_t(model.triangles[t][k])] += 1;
        }
    for (std::size_t v = 0; v < count; ++v) share[v] = all[v] > 0 ? of[v] / all[v] : 0.0f;
    for (int pass = 0; pass < passes; ++pass) {
        std::fill(of.begin(), of.end(), 0.0f);
        for (const Eigen::Vector3i& t : model.triangles)
            for (int k = 0; k < 3; ++k)
                of[std::size_t(t[k])] +=
                    (share[std::size_t(t[0])] + share[std::size_t(t[1])] + share[std::size_t(t[2])]) / 3;
        for (std::size_t v = 0; v < count; ++v) share[v] = all[v] > 0 ? of[v] / all[v] : 0.0f;
    }
    return share;
}

void FaceRegions::find_cloth() {
    const Avatar& avatar = surface_.avatar();
    const AnchoredSplats& splats = *avatar.splats;
    // Collars are seen on the neck: what there is unlike the face's skin is cloth, too.
    std::vector<Eigen::Vector3f> face;
    const auto albedo = [&](std::size_t i) { return Eigen::Vector3f(Eigen::Vector3f::Map(&splats.albedo[3 * i])); };
    std::vector<std::array<float, 2>> counts(std::size_t(head_triangles_), {0, 0});  // all, cloth
    const std::size_t count = std::min(splats.count, splats.painted_from);
    for (std::size_t i = 0; i < count; ++i) {
        has_hair_ |= splats.part[i] == SplatPart::hair;
        has_cloth_ |= splats.part[i] == SplatPart::cloth;
        const int t = splats.anchor[i].triangle;
        if (t >= 0 && surface_.region(t) == HeadRegion::face) face.push_back(albedo(i));
    }
    if (!has_cloth_) {
        cloth_.assign(std::size_t(avatar.model->vertex_count()), 0.0f);
        return;
    }
    const bool known = face.size() >= 8;
    const Eigen::Vector3f skin = middle_color(std::move(face), 0.5f, Eigen::Vector3f::Ones());
    for (std::size_t i = 0; i < count; ++i) {
        const int t = splats.anchor[i].triangle;
        if (t < 0 || t >= head_triangles_) continue;
        const bool collar = known && surface_.region(t) == HeadRegion::neck && splats.part[i] == SplatPart::skin &&
                            skin_likeness(albedo(i), skin) < 0.5f;
        counts[std::size_t(t)][0] += 1;
        if (collar || splats.part[i] == SplatPart::cloth) counts[std::size_t(t)][1] += 1;
    }
    std::vector<bool> cloth(counts.size());
    for (std::size_t t = 0; t < counts.size(); ++t) cloth[t] = counts[t][0] > 0 && 2 * counts[t][1] > counts[t][0];
    cloth_ = soft_share(cloth, 0);
}

void FaceRegions::find_irises() {
    if (!curves_.has_irises()) return;
    const auto position = [&](int i) { return surface_.position(curves_.landmark_point(i)); };
    for (std::size_t side = 0; side < 2; ++side) {
        const int first = side == 0 ? landmarks::right_iris : landmarks::left_iris;
        if (!is_eye(surface_.region(curves_.landmark_point(first).triangle))) continue;
        // Border points in order round the iris: opposite ones are two apart.
        const Eigen::Vector3f a = 0.5f * (position(first + 1) - position(first + 3)),
                              b = 0.5f * (position(first + 2) - position(first + 4));
        const bool a_across = std::abs(a.x()) > std::abs(b.x());
        Eigen::Vector3f across = a_across ? a : b, up = a_across ? b : a;
        if (across.x() < 0) across = -across;
        if (up.y() < 0) up = -up;
        const Eigen::Vector3f middle =
            0.25f * (position(first + 1) + position(first + 2) + position(first + 3) + position(first + 4));
        if (across.squaredNorm() < 1e-10f || up.squaredNorm() < 1e-10f) continue;
        irises_[side] = {middle, across / across.squaredNorm(), up / up.squaredNorm(), true};
    }
}

FaceRegions::IrisPlace FaceRegions::iris(const FacePlace& place) const {
    const HeadRegion region = surface_.region(place.triangle);
    if (!is_eye(region)) return {};
    const int side = region == HeadRegion::eye_left ? 1 : 0;
    const Iris& iris = irises_[std::size_t(side)];
    if (!iris.found) return {1e3f, 0, side};
    const Eigen::Vector3f from = place.position - iris.middle;
    const float x = from.dot(iris.across), y = from.dot(iris.up);
    // The back of the globe is no iris.
    const bool in_front = from.dot(iris.across.cross(iris.up).normalized()) > -4e-3f;
    return {in_front ? std::hypot(x, y) : 1e3f, std::atan2(y, x), side};
}

std::string FaceRegions::missing(FaceRegion region) const {
    const HeadModel& model = *surface_.avatar().model;
    const auto has = [&](auto&& belongs) {
        return std::any_of(model.triangle_region.begin(), model.triangle_region.end(), belongs);
    };
    const std::string title = face_region_names[std::size_t(region)].title;
    const auto lacks = [&](bool lacking) {
        return lacking ? "This avatar's head has no region that tells where it is: " + title + "." : std::string();
    };
    switch (region) {
        case FaceRegion::teeth:
            return lacks(!has(is_teeth));
        case FaceRegion::scalp:
            return lacks(!has([](HeadRegion r) { return r == HeadRegion::scalp; }));
        case FaceRegion::neck:
            return lacks(!has([](HeadRegion r) { return r == HeadRegion::neck; }));
        case FaceRegion::ears:
            return lacks(!has(is_ear));
        case FaceRegion::hair:
            return has_hair_ ? "" : "This avatar has no hair.";
        case FaceRegion::cloth:
            return has_cloth_ ? "" : "This avatar has no clothes.";
        case FaceRegion::skin:
            return {};
        case FaceRegion::sclera:
        case FaceRegion::iris:
            return irises_[0].found || irises_[1].found
                       ? ""
                       : "This avatar's head has no landmarks of the irises (MediaPipe's 468 to 477): " + title + ".";
        default:
            return curves_.found() ? ""
                                   : "This avatar's head has no MediaPipe landmarks on one piece of its atlas, which "
                                     "tell where this is: " +
                                         title + ".";
    }
}

float FaceRegions::share(const std::vector<float>& of_vertex, const FacePlace& place) const {
    if (place.triangle >= head_triangles_) return 0;
    return surface_value(of_vertex, surface_.avatar().triangles(), {place.triangle, place.barycentric});
}

float FaceRegions::beside_lips(const FacePlace& place, float from, float to) const {
    if (is_far_from(curves_.lips, place, to)) return 1;
    return smooth_step(from, to, signed_distance(curves_.lips, place));
}

float FaceRegions::beard(const FacePlace& place) const {
    const float size = curves_.scale();
    const bool on_face = curves_.chart(place.triangle) == curves_.face_chart();
    float beard = 0;
    if (on_face && !is_far_from(beard_, place, beard_softness * size))
        beard =
            smooth_step(0.5f * beard_softness * size, -0.5f * beard_softness * size, signed_distance(beard_, place));
    // Under the jaw, across the border between face and neck.
    const bool below_ears = beard < 1 && place.position.y() < jaw_.front().y();
    float nearest = 1e3f, height = 0;  // the first is a square
    for (std::size_t i = 0; below_ears && i + 1 < jaw_.size(); ++i) {
        const Eigen::Vector3f way = jaw_[i + 1] - jaw_[i], from = place.position - jaw_[i];
        const float t = std::clamp(from.dot(way) / std::max(way.squaredNorm(), 1e-12f), 0.0f, 1.0f);
        const Eigen::Vector3f off = from - t * way;
        if (off.squaredNorm() < nearest) {
            nearest = off.squaredNorm();
            height = off.y();
        }
    }
    // Up to the jaw it is the border above that counts.
    const float end = (height < 0 ? beard_below_jaw : beard_softness) * size;
    if (height < 0 || (on_face && is_inside(beard_, place.atlas)))
        beard = std::max(beard, smooth_step(end, 0.25f * end, std::sqrt(nearest)));
    return beard > 0 && on_face ? beard * beside_lips(place, 0.3e-3f, 2e-3f) : beard;
}

// Of a triangle that is not of the face's piece of the atlas: whether the jaw is near enough.
bool FaceRegions::may_have_beard(int triangle) const {
    const auto corner = [&](int k) { return surface_.position({triangle, Eigen::Vector3f::Unit(k)}); };
    const Eigen::Vector3f middle = (corner(0) + corner(1) + corner(2)) / 3;
    float radius = 0;
    for (int k = 0; k < 3; ++k) radius = std::max(radius, (corner(k) - middle).norm());
    const float reach = beard_below_jaw * curves_.scale() + radius;
    for (std::size_t i = 0; i + 1 < jaw_.size(); ++i) {
        const Eigen::Vector3f way = jaw_[i + 1] - jaw_[i], from = middle - jaw_[i];
        const float t = std::clamp(from.dot(way) / std::max(way.squaredNorm(), 1e-12f), 0.0f, 1.0f);
        if ((from - t * way).norm() < 1.001f * reach) return true;
    }
    return false;
}

float FaceRegions::under_eye(const FacePlace& place) const {
    const float size = curves_.scale();
    const EyeCurves& eye = curves_.eyes[curves_.nearer_eye(place.atlas)];
    if (is_inside(eye.opening, place.atlas)) return 0;
    const CurveDistance low = distance_to(eye.lower, place), high = distance_to(eye.upper, place);
    // Deepest towards the nose, as the hollow there is.
    const float depth = (24e-3f - 6e-3f * low.along) * size;
    const float below = smooth_step(-1e-3f, 4e-3f, high.metres - low.metres);
    const float ends = smooth_step(-0.02f, 0.12f, low.along) * smooth_step(1.02f, 0.8f, low.along);
    return below * ends * smooth_step(3e-3f * size, 6.5e-3f * size, low.metres) *
           smooth_step(depth, 0.5f * depth, low.metres);
}

float FaceRegions::at(FaceRegion region, const FacePlace& place) const {
    const bool hair = place.triangle >= head_triangles_;
    const HeadRegion head = surface_.region(place.triangle);
    switch (region) {
        case FaceRegion::teeth:
            return is_teeth(head) ? 1 : 0;
        case FaceRegion::scalp:
            return share(scalp_, place);
        case FaceRegion::neck:
            return share(neck_, place);
        case FaceRegion::ears:
            return share(ears_, place);
        case FaceRegion::cloth:
            return is_inside_head(head) || is_eye(head) ? 0 : share(cloth_, place);
        case FaceRegion::hair:
            return hair ? 1 : has_hair_ ? share(scalp_, place) : 0;
        case FaceRegion::sclera:
            return is_eye(head) ? smooth_step(1 - iris_softness, 1 + iris_softness, iris(place).radius) : 0;
        case FaceRegion::iris: {
            const float radius = iris(place).radius;
            return smooth_step(1 + iris_softness, 1 - iris_softness, radius) *
                   smooth_step(pupil_radius - iris_softness, pupil_radius + iris_softness, radius);
        }
        default:
            break;
    }
    if (hair || is_eye(head) || is_inside_head(head) || head == HeadRegion::lashes || head == HeadRegion::other)
        return 0;
    if (region == FaceRegion::skin) {
        const float lips = curves_.found() && curves_.chart(place.triangle) == curves_.face_chart()
                               ? beside_lips(place, -0.5f * lip_softness, 0.5f * lip_softness)
                           : head == HeadRegion::lips ? 0.0f
                                                      : 1.0f;
        return lips * (1 - share(cloth_, place));
    }
    if (!curves_.found()) return 0;
    if (region == FaceRegion::beard) return beard(place);
    if (curves_.chart(place.triangle) != curves_.face_chart()) return 0;
    const float size = curves_.scale();
    // 1 well inside of a curve, 0 well outside.
    const auto within = [&](const AtlasCurve& curve, float softness) {
        if (is_far_from(curve, place, softness)) return 0.0f;
        return smooth_step(0.5f * softness, -0.5f * softness, signed_distance(curve, place));
    };
    switch (region) {
        case FaceRegion::lips:
            return within(curves_.lips, lip_softness);
        case FaceRegion::nose:
            return within(nose_, nose_softness * size);
        case FaceRegion::forehead:
            return within(forehead_, forehead_softness * size);
        case FaceRegion::brows:
            return std::max(within(curves_.eyes[0].brow, brow_softness), within(curves_.eyes[1].brow, brow_softness));
        case FaceRegion::under_eye:
            return under_eye(place);
        case FaceRegion::lids:
            return share(lids_, place);
        case FaceRegion::cheeks: {
            const float near = std::min(distance_to(cheek_[0], place).metres, distance_to(cheek_[1], place).metres);
            return smooth_step(cheek_reach * size, 0.25f * cheek_reach * size, near);
        }
        default:
            return 0;
    }
}

std::vector<int> FaceRegions::triangles(FaceRegion region) const {
    std::vector<int> found;
    if (!missing(region).empty()) return found;
    const Avatar& avatar = surface_.avatar();
    const int count = int(avatar.triangles().size());
    const float size = curves_.scale();
    switch (region) {
        case FaceRegion::lips:
            return curves_.near({&curves_.lips}, 1e-3f);
        case FaceRegion::nose:
            return curves_.near({&nose_}, nose_softness * size);
        case FaceRegion::forehead:
            return curves_.near({&forehead_}, forehead_softness * size);
        case FaceRegion::cheeks:
            return curves_.near({&cheek_[0], &cheek_[1]}, cheek_reach * size);
        case FaceRegion::brows:
            return curves_.near({&curves_.eyes[0].brow, &curves_.eyes[1].brow}, brow_softness);
        case FaceRegion::under_eye:
            return curves_.near({&curves_.eyes[0].lower, &curves_.eyes[1].lower}, 25e-3f * size);
        default:
            for (int t = 0; t < count; ++t) {
                const HeadRegion head = surface_.region(t);
                const bool on_head = t < head_triangles_;
                bool in = false;
                const auto any = [&](const std::vector<float>& of) {
                    if (!on_head) return false;
                    const Eigen::Vector3i& v = avatar.triangles()[std::size_t(t)];
                    return of[std::size_t(v[0])] > 0 || of[std::size_t(v[1])] > 0 || of[std::size_t(v[2])] > 0;
                };
                const bool outside = on_head && !is_eye(head) && !is_inside_head(head) && head != HeadRegion::lashes &&
                                     head != HeadRegion::other;
                switch (region) {
                    case FaceRegion::teeth:
                        in = is_teeth(head);
                        break;
                    case FaceRegion::sclera:
                    case FaceRegion::iris:
                        in = is_eye(head);
                        break;
                    case FaceRegion::hair:
                        in = !on_head || any(scalp_);
                        break;
                    case FaceRegion::scalp:
                        in = any(scalp_);
                        break;
                    case FaceRegion::neck:
                        in = any(neck_);
                        break;
                    case FaceRegion::ears:
                        in = any(ears_);
                        break;
                    case FaceRegion::lids:
                        in = outside && any(lids_);
                        break;
                    case FaceRegion::cloth:
                        in = any(cloth_) && !is_eye(head) && !is_inside_head(head);
                        break;
                    case FaceRegion::beard:
                        in = outside && head != HeadRegion::scalp && !is_ear(head) &&
                             (curves_.chart(t) == curves_.face_chart() || may_have_beard(t));
                        break;
                    default:
                        in = outside;
                        break;
                }
                if (in) found.push_back(t);
            }
    }
    return found;
}

PaintTexels FaceRegions::mask(FaceRegion region, float finest) const {
    const std::vector<PaintTileKey> keys = surface_.tiles_of(triangles(region), finest);
    std::vector<std::shared_ptr<const PaintTile>> tiles(keys.size());
    parallel_for(keys.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::shared_ptr<const TileSurface> on = surface_.tile(keys[i]);
            auto tile = std::make_shared<PaintTile>();
            bool any = false;
            for (int texel = 0; texel < paint_tile_texels; ++texel) {
                if (on->triangle[std::size_t(texel)] < 0) continue;
                const std::uint8_t alpha =
                    to_u8(at(region, curves_.place(on->point(texel), paint_texel_position(keys[i], texel))));
                if (alpha == 0) continue;
                tile->texels[std::size_t(texel)] = {255, 255, 255, alpha};
                any = true;
            }
            if (any) tiles[i] = std::move(tile);
        }
    });
    PaintTexels mask;
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (tiles[i]) mask.set_tile(keys[i], tiles[i]);
    return mask;
}

}  // namespace likeness
