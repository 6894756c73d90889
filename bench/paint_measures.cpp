#include "bench/paint_measures.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "bench/metrics/measure_statistics.h"
#include "bench/metrics/picture.h"
#include "core/avatar/deform.h"
#include "core/editing/brush.h"
#include "core/editing/painted_splats.h"
#include "core/editing/sticker_layer.h"
#include "core/geometry/mesh_raster.h"
#include "core/head/mediapipe_landmarks.h"
#include "core/image/ops.h"

namespace likeness::bench {
namespace {

using Clock = std::chrono::steady_clock;
double milliseconds(Clock::time_point from) {
    return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
    const auto at = values.begin() + std::ptrdiff_t(share * double(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

constexpr int picture_side = 512, close_side = 1536;
constexpr float front_height = 0.40f, close_height = 0.15f;  // metres
constexpr int margin = 5;                                    // pixels around a sticker

using Surface = std::shared_ptr<const PaintSurface>;

SurfacePoint landmark(const PaintSurface& surface, int index) {
    return surface.avatar().model->landmarks(landmarks::scheme).at(std::size_t(index));
}

SurfacePoint spot(const PaintSurface& surface, const char* name) {
    const auto found = sticker_spot(surface, name);
    if (!found) throw std::runtime_error(std::string("the head has no ") + name);
    return *found;
}

Image picture(SceneRenderer& renderer, const Avatar& avatar, const HeadPose& pose, const Camera& camera) {
    Scene scene;
    scene.avatar = avatar;
    scene.pose = pose;
    renderer.pose(scene);
    std::vector<std::uint8_t> pixels(std::size_t(camera.width) * std::size_t(camera.height) * 4);
    renderer.draw(camera, FrameContent::color, {pixels.data(), false});
    // Over 50 % grey.
    Image image(camera.width, camera.height, 3);
    for (std::size_t i = 0; i < image.pixels.size() / 3; ++i)
        for (std::size_t c = 0; c < 3; ++c)
            image.pixels[3 * i + c] =
                float(pixels[4 * i + c]) / 255 + 0.5f * (1 - float(pixels[4 * i + 3]) / 255);
    return image;
}

// The sticker as it would be on the posed mesh, filtered to the pixel, over what the avatar shows without it; and the
// box of pixels that it touches, grown.
struct Ideal {
    Image picture;
    int left = std::numeric_limits<int>::max(), top = left, right = -1, bottom = -1;
};
Ideal ideal_of(const PaintSurface& surface, const PaintTexels& texels, const Image& without, const HeadPose& pose,
               const Camera& camera) {
    constexpr int samples = 4;  // across a pixel
    const Avatar& avatar = surface.avatar();
    const Vertices posed = pose_head(*avatar.model, avatar.head(), pose).vertices;
    const MeshBuffer buffer = rasterize_mesh(posed, avatar.model->triangles,
                                             camera.resized(camera.width * samples, camera.height * samples), true);
    Ideal ideal{without};
    for (int y = 0; y < camera.height; ++y)
        for (int x = 0; x < camera.width; ++x) {
            Eigen::Vector4f sum = Eigen::Vector4f::Zero();
            for (int j = 0; j < samples; ++j)
                for (int i = 0; i < samples; ++i) {
                    const std::size_t k = buffer.index(x * samples + i, y * samples + j);
                    if (buffer.triangle[k] >= 0) sum += texels.bilinear(atlas_position(avatar, buffer.point(k)));
                }
            sum /= samples * samples;
            if (sum[3] <= 0) continue;
            for (int c = 0; c < 3; ++c) {
                float& pixel = ideal.picture.at(x, y)[c];
                pixel = sum[c] + (1 - sum[3]) * pixel;
            }
            ideal.left = std::min(ideal.left, x);
            ideal.right = std::max(ideal.right, x);
            ideal.top = std::min(ideal.top, y);
            ideal.bottom = std::max(ideal.bottom, y);
        }
    ideal.left = std::max(0, ideal.left - margin);
    ideal.top = std::max(0, ideal.top - margin);
    ideal.right = std::min(camera.width - 1, ideal.right + margin);
    ideal.bottom = std::min(camera.height - 1, ideal.bottom + margin);
    return ideal;
}

double similarity(const Ideal& ideal, const Image& shown) {
    if (ideal.right < ideal.left) return 0;  // the sticker is not seen
    const auto box = [&](const Image& image) {
        return crop(image, ideal.left, ideal.top, ideal.right - ideal.left + 1, ideal.bottom - ideal.top + 1);
    };
    const Image wanted = box(ideal.picture);
    return metrics::ssim(wanted, box(shown), Image(wanted.width, wanted.height, 1, 1.0f));
}

// Seen from the front, a sticker's middle in the picture's.
Camera close_camera(const Avatar& avatar, const Eigen::Vector3f& middle) {
    Camera camera = default_camera(avatar, close_side, close_side);
    camera.fx *= front_height / close_height;
    camera.fy *= front_height / close_height;
    const Eigen::Vector2f at = camera.project(middle);
    camera.cx += 0.5f * close_side - at.x();
    camera.cy += 0.5f * close_side - at.y();
    return camera;
}

// How far, seen from the front, the Gaussians that show a sticker are from where the posed mesh has them; millimetres.
double slip(const Avatar& avatar, const std::vector<HeadPose>& poses) {
    PaintedSplats painter;
    const Part<AnchoredSplats> shown = painter.update(avatar);
    const Camera camera = default_camera(avatar, picture_side, picture_side);
    std::vector<double> distances;
    for (const HeadPose& pose : poses) {
        SplatSet posed;
        deform(*shown, splat_frames(avatar, *shown, pose), posed);
        const Vertices surface = pose_surface(avatar, pose);
        for (std::size_t i = shown->painted_from; i < shown->count; i += 5) {
            float depth = 0;
            const Eigen::Vector2f is = camera.project(Eigen::Vector3f::Map(&posed.means[3 * i]));
            const Eigen::Vector2f wanted =
                camera.project(surface_position(surface, avatar.triangles(), shown->anchor[i]), &depth);
            distances.push_back(double((is - wanted).norm() * depth / camera.fx) * 1e3);
        }
    }
    return percentile(distances, 0.95);
}

PaintLayer sticker_layer(const Surface& surface, const Image& text, const SurfacePoint& at) {
    Sticker sticker;
    sticker.picture = std::make_shared<const Image>(text);
    sticker.atlas = atlas_position(surface->avatar(), at);
    sticker.width = 40e-3f;
    PaintLayer layer{.id = 1, .name = "sticker"};
    layer.texels = sticker_texels(surface, sticker);
    layer.sticker = std::make_shared<const Sticker>(std::move(sticker));
    return layer;
}

void measure_sticker(const Surface& surface, SceneRenderer& renderer, const Image& text, const SurfacePoint& at,
                     const std::vector<HeadPose>& poses, PaintMeasures& measures) {
    const Avatar& avatar = surface->avatar();
    Avatar painted = avatar;
    painted.paint = PaintStack{{sticker_layer(surface, text, at)}};
    const PaintTexels& texels = *painted.paint->layers[0].texels;
    const HeadPose neutral = HeadPose::neutral(*avatar.model);
    const auto in = [&](const Camera& camera) {
        const Image without = picture(renderer, avatar, neutral, camera);
        return similarity(ideal_of(*surface, texels, without, neutral, camera),
                          picture(renderer, painted, neutral, camera));
    };
    measures.ssim_front = std::min(measures.ssim_front, in(default_camera(avatar, picture_side, picture_side)));
    measures.ssim_close = std::min(measures.ssim_close, in(close_camera(avatar, surface->position(at))));
    measures.slip_mm = std::max(measures.slip_mm, slip(painted, poses));
}

// A stroke from place to place, in steps of a millimetre.
std::vector<SurfacePoint> way(const PaintSurface& surface, SurfacePoint at, const SurfacePoint& to) {
    std::vector<SurfacePoint> points{at};
    constexpr float step = 1e-3f;
    constexpr std::size_t most = 400;
    while (points.size() < most) {
        const Eigen::Vector3f left = surface.position(to) - surface.position(at);
        if (left.norm() < step) break;
        at = surface.walk(at, step * left.normalized());
        points.push_back(at);
    }
    return points;
}

// Strokes over the seams from the chin to the neck, from the forehead to the scalp and from a cheek to the ear: the
// largest change off them, two pixels away from any painted texel.
double leak(const Surface& surface, SceneRenderer& renderer, const SurfacePoint& below) {
    const Avatar& avatar = surface->avatar();
    auto texels = std::make_shared<const PaintTexels>();
    BrushOptions brush;
    brush.size = 8e-3f;
    brush.color = {0, 0.9f, 0.2f};
    SurfacePoint scalp = surface->walk(landmark(*surface, 10), Eigen::Vector3f(0, 30e-3f, -10e-3f));
    SurfacePoint ear = surface->walk(landmark(*surface, 454), Eigen::Vector3f(0, 0, -25e-3f));
    for (const auto& [from, to] : {std::pair(landmark(*surface, 199), below), std::pair(landmark(*surface, 151), scalp),
                                   std::pair(landmark(*surface, 280), ear)}) {
        BrushStroke stroke(surface, texels, brush, BrushStroke::Effect::paint);
        for (const SurfacePoint& at : way(*surface, from, to)) stroke.dab(at);
        texels = stroke.texels();
    }
    Avatar painted = avatar;
    painted.paint = PaintStack{{{.id = 1, .name = "strokes", .texels = texels}}};
    double largest = 0;
    for (const float yaw : {0.0f, 0.7f}) {
        const Camera camera =
            orbit(default_camera(avatar, picture_side, picture_side), head_middle(avatar), yaw, 0);
        const HeadPose neutral = HeadPose::neutral(*avatar.model);
        const Image before = picture(renderer, avatar, neutral, camera);
        const Image after = picture(renderer, painted, neutral, camera);
        const Vertices posed = pose_surface(avatar, neutral);
        const MeshBuffer buffer = rasterize_mesh(posed, avatar.triangles(), camera);
        constexpr int reach = 3;
        Image near(camera.width, camera.height, 1);
        // Also of what hair or cloth hides: all painted places count, as the mesh projects them.
        texels->each_tile([&](const PaintTileKey& key, const auto& tile) {
            const auto lies = surface->tile(key);
            for (std::size_t t = 0; t < paint_tile_texels; ++t) {
                if (tile->texels[t][3] == 0 || lies->triangle[t] < 0) continue;
                const Eigen::Vector2f at =
                    camera.project(surface_position(posed, avatar.triangles(), lies->point(int(t))));
                for (int y = int(at.y()) - reach; y <= int(at.y()) + reach; ++y)
                    for (int x = int(at.x()) - reach; x <= int(at.x()) + reach; ++x)
                        if (x >= 0 && y >= 0 && x < near.width && y < near.height) *near.at(x, y) = 1;
            }
        });
        for (std::size_t i = 0; i < near.pixels.size(); ++i) {
            if (near.pixels[i] > 0) continue;
            for (std::size_t c = 0; c < 3; ++c)
                largest = std::max(largest, double(std::abs(after.pixels[3 * i + c] - before.pixels[3 * i + c])));
        }
    }
    return largest;
}

// Dabs on top of a look and a sticker, each until its picture is whole; then the stroke taken back.
void measure_speed(const Surface& surface, SceneRenderer& renderer, const PaintLayer& sticker,
                   const std::vector<PaintLayer>& look, PaintMeasures& measures) {
    constexpr int warm_up = 20, dabs = 500, layers = 20;
    Avatar avatar = surface->avatar();
    PaintStack stack{look};
    for (PaintLayer layer : {sticker, PaintLayer{.name = "strokes"}}) {
        layer.id = new_paint_layer_id(stack);
        stack.layers.push_back(std::move(layer));
    }
    avatar.paint = stack;
    const Part<PaintStack> without = avatar.paint;
    const Camera camera = default_camera(avatar, picture_side, picture_side);
    std::vector<std::uint8_t> pixels(std::size_t(camera.width) * std::size_t(camera.height) * 4);
    Scene scene;
    scene.pose = HeadPose::neutral(*avatar.model);
    const auto show = [&] {
        scene.avatar = avatar;
        renderer.pose(scene);
        renderer.draw(camera, FrameContent::color, {pixels.data(), false});
    };
    show();
    BrushOptions brush;
    brush.size = 10e-3f;
    brush.color = {0.1f, 0.2f, 0.8f};
    BrushStroke stroke(surface, nullptr, brush, BrushStroke::Effect::paint);
    const std::vector<SurfacePoint> to = way(*surface, landmark(*surface, 50), landmark(*surface, 280));
    std::vector<double> times;
    for (int d = 0; d < dabs; ++d) {
        const auto start = Clock::now();
        const std::size_t turn = std::size_t(d) / to.size(), at = std::size_t(d) % to.size();
        stroke.dab(to[turn % 2 == 0 ? at : to.size() - 1 - at]);
        stack.layers.back().texels = stroke.texels();
        avatar.paint = stack;
        show();
        if (d >= warm_up) times.push_back(milliseconds(start));
    }
    measures.dab_p95_ms = percentile(times, 0.95);
    auto start = Clock::now();
    avatar.paint = without;
    show();
    measures.undo_ms = milliseconds(start);

    // Twenty layers, each with strokes of its own over the face.
    stack.layers.clear();
    for (int k = 0; k < layers; ++k) {
        brush.color = {float(k) / layers, 0.5f, 1 - float(k) / layers};
        brush.opacity = 0.3f;
        BrushStroke own(surface, nullptr, brush, BrushStroke::Effect::paint);
        const SurfacePoint from = surface->walk(landmark(*surface, 50), Eigen::Vector3f(0, 2e-3f * float(k - 10), 0));
        for (const SurfacePoint& point : way(*surface, from, landmark(*surface, 280))) own.dab(point);
        PaintLayer layer{.id = k + 1, .name = "strokes"};
        layer.texels = own.texels();
        stack.layers.push_back(std::move(layer));
    }
    avatar.paint = stack;
    PaintedSplats painter;
    (void)painter.update(avatar);
    times.clear();
    for (int k = 0; k < 2 * layers; ++k) {
        PaintLayer& layer = stack.layers[std::size_t(k / 2)];
        layer.visible = !layer.visible;
        avatar.paint = stack;
        start = Clock::now();
        (void)painter.update(avatar);
        times.push_back(milliseconds(start));
    }
    measures.toggle_ms = metrics::median(times);
}

}  // namespace

PaintMeasures measure_paint(const Avatar& avatar, SceneRenderer& renderer, const Image& text,
                            const std::vector<PaintLayer>& look, const std::vector<HeadPose>& poses) {
    const Surface surface = std::make_shared<const PaintSurface>(avatar);
    PaintMeasures measures;
    const SurfacePoint cheek = spot(*surface, "left_cheek"), forehead = spot(*surface, "forehead"),
                       below = spot(*surface, "neck");
    for (const SurfacePoint& at : {cheek, forehead, below})
        measure_sticker(surface, renderer, text, at, poses, measures);
    measures.leak = leak(surface, renderer, below);
    measure_speed(surface, renderer, sticker_layer(surface, text, cheek), look, measures);
    return measures;
}

}  // namespace likeness::bench
