#include "tests/avatar/avatar_fixtures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/avatar/avatar_file.h"
#include "core/avatar/deform.h"
#include "core/avatar/hair_shell.h"
#include "core/avatar/surface_sampling.h"
#include "core/head/mediapipe_landmarks.h"

namespace likeness::test {
namespace {

void anchor(Avatar& avatar, const std::vector<SurfacePoint>& points) {
    AnchoredSplats s;
    s.resize(points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
        const Eigen::Vector3i& c = avatar.triangle_uv()[std::size_t(points[i].triangle)];
        s.anchor[i] = points[i];
        s.atlas[i].setZero();
        for (int k = 0; k < 3; ++k) s.atlas[i] += avatar.uv()[std::size_t(c[k])] * points[i].barycentric[k];
    }
    avatar.splats = std::move(s);
}

}  // namespace

Avatar ball_avatar(unsigned seed, std::size_t count, bool hair) {
    Random random(seed * 31 + 7);
    Avatar avatar;
    avatar.model = ball_head(seed);
    Person person;
    person.identity = random_identity(*avatar.model, random);
    person.offsets.resize(3, avatar.model->vertex_count());
    for (Eigen::Index i = 0; i < person.offsets.size(); ++i) person.offsets.data()[i] = uniform(random, -0.002f, 0.002f);
    avatar.person = std::move(person);
    if (hair) {
        // A shell a little wider than the ball, hanging straight down below its middle.
        Vertices vertices(3, hair_rows * hair_columns);
        Eigen::MatrixXf weights = Eigen::MatrixXf::Zero(avatar.model->joint_count(), hair_rows * hair_columns);
        for (int r = 0; r < hair_rows; ++r)
            for (int c = 0; c < hair_columns; ++c) {
                const float polar = 0.05f + 1.5f * float(std::min(r, hair_cap_rows)) / hair_cap_rows;
                const float azimuth = 2 * std::numbers::pi_v<float> * float(c) / hair_columns;
                const float drop = 0.005f * float(std::max(0, r - hair_cap_rows)),
                            radius = uniform(random, 0.118f, 0.122f);
                const int v = r * hair_columns + c;
                vertices.col(v) =
                    radius * Eigen::Vector3f(std::sin(polar) * std::sin(azimuth), std::cos(polar),
                                             std::sin(polar) * std::cos(azimuth)) -
                    Eigen::Vector3f(0, drop, 0);
                const float share = uniform(random, 0, 1);
                weights(2, v) = share;
                weights(1, v) = 1 - share;
            }
        avatar.shells = Shells{{std::move(vertices), std::move(weights)}};
    }
    avatar.prepare();
    double area = 0;
    for (float twice : avatar.neutral_double_area()) area += 0.5 * double(twice);
    const float spacing = float(std::sqrt(0.7 * area / double(std::max<std::size_t>(count, 1))));
    std::vector<SurfacePoint> points =
        sample_surface(avatar.neutral(), avatar.triangles(), std::vector<float>(avatar.triangles().size(), spacing), seed);
    while (points.size() < count) points.push_back(points[random() % points.size()]);
    anchor(avatar, points);
    AnchoredSplats& s = avatar.splats.edit();
    for (std::size_t i = 0; i < s.count; ++i) {
        s.part[i] = SplatPart(random() % splat_part_names.size());
        for (std::size_t k = 0; k < 3; ++k) {
            s.offset[i * 3 + k] = uniform(random, -0.004f, 0.004f);
            s.log_scale[i * 3 + k] = std::log(spacing) + uniform(random, -1.5f, 0.0f);
            s.albedo[i * 3 + k] = uniform(random, 0, 1);
        }
        for (std::size_t k = 0; k < 4; ++k) s.rotation[i * 4 + k] = uniform(random, -1, 1);
        if (std::abs(s.rotation[i * 4]) < 0.1f) s.rotation[i * 4] = 0.5f;
        s.opacity_logit[i] = uniform(random, -1, 3);
    }
    SourceView source;
    source.file = "somebody.png";
    source.pose = random_pose(*avatar.model, random, 0.1f);
    source.pose.translation *= 0.1f;
    source.camera = default_camera(avatar, 40, 40);
    Image picture(40, 40, 4);
    for (float& p : picture.pixels) p = float(random() % 256) / 255.0f;
    source.picture = std::make_shared<const Image>(std::move(picture));
    avatar.source = std::move(source);
    return avatar;
}

Avatar everything_avatar(unsigned seed, std::size_t count) {
    Avatar avatar = ball_avatar(seed, count, true);
    Random random(seed + 3);
    avatar.add_expressions(random_expressions(*avatar.model, random, 2));
    IdentityChange change{Eigen::VectorXf::Zero(avatar.model->identity_count())};
    change.added[1] = 0.3f;
    avatar.identity_change = std::move(change);
    TextureMaps maps;
    maps.side = 256;
    maps.squares = 2;
    for (std::size_t k = 0; k < map_attributes.size(); ++k) {
        MapTexels map(maps.texel_count() * map_attributes[k].channels);
        for (std::size_t i = 0; i < map.size(); i += 997) map[i] = Eigen::half(float(random() % 256) / 255.0f);
        maps.texels[k] = std::make_shared<const MapTexels>(std::move(map));
    }
    avatar.maps = std::move(maps);
    auto& points = avatar.source.edit().landmarks;
    for (int i = 0; i < landmarks::count; ++i) points.emplace_back(float(random() % 40), 0.25f * float(i), -1.5f);
    const auto texels = [&](int channels) {
        Image picture(8, 6, channels);
        for (float& p : picture.pixels) p = float(random() % 256) / 255.0f;
        return std::make_shared<const Image>(std::move(picture));
    };
    const auto painted = [&](int level) {
        auto of = std::make_shared<PaintTexels>();
        for (const int block : {0, 37, 300}) {
            auto tile = std::make_shared<PaintTile>();
            for (PaintTexel& t : tile->texels)
                t = {std::uint8_t(random()), std::uint8_t(random()), std::uint8_t(random()), std::uint8_t(random())};
            of->set_tile({block, level, (1 << level) - 1, 0}, std::move(tile));
        }
        return of;
    };
    auto sticker = std::make_shared<Sticker>();
    sticker->picture = texels(4);
    sticker->text = "A\u00e9";
    sticker->atlas = {0.25f, 0.75f};
    sticker->pair = true;
    sticker->warp[5] = {0.1f, -0.2f};
    avatar.paint =
        PaintStack{{{.id = 2,
                     .group = 7,
                     .name = "strokes",
                     .opacity = 0.5f,
                     .blend = PaintBlend::soft_light,
                     .region = "lips",
                     .mask = painted(1),
                     .texels = painted(2),
                     .relief = 1e-3f},
                    {.id = 5, .group = 7, .name = "tattoo", .visible = false, .texels = painted(3), .sticker = sticker},
                    {.id = 7, .is_group = true, .name = "look"},
                    {.id = 1,
                     .name = "red",
                     .make_up = std::make_shared<MakeUp>(MakeUp{"lipstick", {0.5f, 0, 0.1f}, {{"gloss", 0.25f}}}),
                     .erase = 0.5f}}};
    avatar.slots = AttributeSlots{{{"beard", "full", {0.5f, -1.25f}}, {"hat", "", {}}}};
    Light light;
    light.harmonics[3] = {0.1f, -0.2f, 0.3f};
    light.exposure = 0.5f;
    light.white_balance = {1.1f, 1, 0.9f};
    avatar.light = light;
    avatar.prepare();
    return avatar;
}

void cover(Avatar& avatar, float spacing) {
    anchor(avatar,
           sample_surface(avatar.neutral(), avatar.triangles(), std::vector<float>(avatar.triangles().size(), spacing), 5));
    AnchoredSplats& s = avatar.splats.edit();
    for (std::size_t i = 0; i < s.count; ++i) {
        const Eigen::Vector3f p = surface_position(avatar.neutral(), avatar.triangles(), s.anchor[i]);
        for (std::size_t k = 0; k < 3; ++k) {
            s.log_scale[i * 3 + k] = std::log(spacing * (k < 2 ? 0.7f : 0.2f));
            s.albedo[i * 3 + k] = 0.5f + 0.3f * std::sin(40 * p[Eigen::Index(k)] + float(k));
        }
        s.rotation[i * 4] = 1;
        s.opacity_logit[i] = 2.5f;
    }
}

Frame render(const Avatar& avatar, const HeadPose& pose, const Camera& camera, const std::array<float, 3>& background) {
    SplatSet posed;
    deform(*avatar.splats, splat_frames(avatar, pose), posed);
    Frame frame;
    RasterOptions options;
    options.background = background;
    make_cpu_rasterizer()->forward(posed, camera, options, frame);
    return frame;
}

Photo photo_of(const Avatar& avatar, int side) {
    Photo photo;
    photo.camera = default_camera(avatar, side, side);
    photo.pose = HeadPose::neutral(*avatar.model);
    const Frame frame = render(avatar, photo.pose, photo.camera);
    photo.color = frame.color;
    photo.alpha = frame.alpha;
    for (std::size_t i = 0; i < photo.alpha.pixels.size(); ++i)
        for (std::size_t c = 0; c < 3; ++c)
            if (const float a = photo.alpha.pixels[i]; a > 0)
                photo.color.pixels[i * 3 + c] = std::min(1.0f, photo.color.pixels[i * 3 + c] / a);
    photo.hair = Image(side, side, 1, 0.0f);
    photo.skin = Image(side, side, 1, 1.0f);
    photo.cloth = Image(side, side, 1, 0.0f);
    photo.head = see_head(*avatar.model, pose_head(*avatar.model, avatar.head(), photo.pose).vertices, photo.camera);
    return photo;
}

Result<Avatar> load_avatar(const std::filesystem::path& path, std::shared_ptr<const HeadModel> model) {
    HeadRegistry heads(model);
    return likeness::load_avatar(path, model ? &heads : nullptr);
}

void expect_equal(const Avatar& a, const Avatar& b) {
    EXPECT_EQ(a.person->identity, b.person->identity);
    EXPECT_EQ(a.person->offsets, b.person->offsets);
    const ExpressionBasis own_a = a.own_expressions(), own_b = b.own_expressions();
    EXPECT_EQ(own_a.targets, own_b.targets);
    EXPECT_EQ(own_a.control_map, own_b.control_map);
    EXPECT_EQ(*a.identity_change, *b.identity_change);
    EXPECT_EQ(a.shells->hair.vertices, b.shells->hair.vertices);
    EXPECT_EQ(*a.shells->hair.weights, *b.shells->hair.weights);
    EXPECT_EQ(a.splats->count, b.splats->count);
    EXPECT_TRUE(a.splats->atlas == b.splats->atlas);
    EXPECT_TRUE(a.splats->part == b.splats->part);
    EXPECT_TRUE(a.splats->offset == b.splats->offset);
    EXPECT_TRUE(a.splats->log_scale == b.splats->log_scale);
    EXPECT_TRUE(a.splats->rotation == b.splats->rotation);
    EXPECT_TRUE(a.splats->albedo == b.splats->albedo);
    EXPECT_TRUE(a.splats->opacity_logit == b.splats->opacity_logit);
    EXPECT_EQ(a.source->file, b.source->file);
    EXPECT_EQ(a.source->pose.controls, b.source->pose.controls);
    EXPECT_EQ(a.source->pose.joints, b.source->pose.joints);
    EXPECT_EQ(a.source->pose.translation, b.source->pose.translation);
    EXPECT_EQ(a.source->camera.world_to_camera, b.source->camera.world_to_camera);
    EXPECT_EQ(a.source->camera.fx, b.source->camera.fx);
    EXPECT_EQ(a.source->camera.cy, b.source->camera.cy);
    EXPECT_EQ(a.source->camera.width, b.source->camera.width);
    EXPECT_EQ(a.source->landmarks, b.source->landmarks);
    EXPECT_EQ(*a.light, *b.light);
    ASSERT_EQ(a.slots->slots.size(), b.slots->slots.size());
    for (std::size_t i = 0; i < a.slots->slots.size(); ++i) {
        const AttributeSlot &x = a.slots->slots[i], &y = b.slots->slots[i];
        EXPECT_TRUE(x.name == y.name && x.choice == y.choice && x.code == y.code);
    }
    ASSERT_EQ(a.maps->side, b.maps->side);
    ASSERT_EQ(a.maps->squares, b.maps->squares);
    for (std::size_t k = 0; k < map_attributes.size(); ++k) {
        ASSERT_EQ(a.maps->texels[k] != nullptr, b.maps->texels[k] != nullptr);
        if (a.maps->texels[k]) {
            EXPECT_TRUE(*a.maps->texels[k] == *b.maps->texels[k]) << map_attributes[k].name;
        }
    }
    const auto same_texels = [](const std::shared_ptr<const Image>& x, const std::shared_ptr<const Image>& y) {
        ASSERT_EQ(x != nullptr, y != nullptr);
        if (!x) return;
        ASSERT_EQ(x->channels, y->channels);
        ASSERT_EQ(x->pixels.size(), y->pixels.size());
        for (std::size_t k = 0; k < x->pixels.size(); ++k) ASSERT_NEAR(x->pixels[k], y->pixels[k], 1e-6);
    };
    ASSERT_EQ(a.paint->layers.size(), b.paint->layers.size());
    const auto same_paint = [](const std::shared_ptr<const PaintTexels>& x,
                               const std::shared_ptr<const PaintTexels>& y) {
        ASSERT_EQ(x != nullptr, y != nullptr);
        if (!x) return;
        ASSERT_EQ(x->tile_count(), y->tile_count());
        x->each_tile([&](const PaintTileKey& key, const auto& tile) {
            ASSERT_TRUE(y->tile(key));
            EXPECT_EQ(tile->texels, y->tile(key)->texels);
        });
    };
    for (std::size_t i = 0; i < a.paint->layers.size(); ++i) {
        const PaintLayer &x = a.paint->layers[i], &y = b.paint->layers[i];
        EXPECT_TRUE(x.id == y.id && x.group == y.group && x.is_group == y.is_group && x.name == y.name &&
                    x.visible == y.visible && x.opacity == y.opacity && x.blend == y.blend && x.region == y.region &&
                    x.relief == y.relief && x.erase == y.erase);
        same_paint(x.texels, y.texels);
        same_paint(x.mask, y.mask);
        ASSERT_EQ(x.sticker != nullptr, y.sticker != nullptr);
        if (x.sticker) {
            same_texels(x.sticker->picture, y.sticker->picture);
            EXPECT_TRUE(x.sticker->text == y.sticker->text && x.sticker->atlas == y.sticker->atlas &&
                        x.sticker->pair == y.sticker->pair && x.sticker->warp == y.sticker->warp);
        }
        ASSERT_EQ(x.make_up != nullptr, y.make_up != nullptr);
        if (x.make_up) {
            EXPECT_TRUE(x.make_up->kind == y.make_up->kind && x.make_up->color == y.make_up->color &&
                        x.make_up->amount == y.make_up->amount);
        }
    }
    ASSERT_EQ(a.source->picture != nullptr, b.source->picture != nullptr);
    if (!a.source->picture) return;
    ASSERT_EQ(a.source->picture->pixels.size(), b.source->picture->pixels.size());
    for (std::size_t i = 0; i < a.source->picture->pixels.size(); ++i)
        ASSERT_NEAR(a.source->picture->pixels[i], b.source->picture->pixels[i], 1e-6) << "8-bit values survive";
}

}  // namespace likeness::test
