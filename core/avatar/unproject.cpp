#include "core/avatar/unproject.h"

#include <Eigen/Sparse>
#include <Eigen/SparseCholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/avatar/hair_shell.h"
#include "core/base/parallel.h"
#include "core/image/ops.h"

namespace likeness {
namespace {

float smoothstep(float low, float high, float x) {
    const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
    return t * t * (3 - 2 * t);
}

// What an unseen part looks like by default, relative to the face's mean brightness.
Eigen::Vector3f usual_color(HeadRegion region, const Eigen::Vector3f& skin) {
    const float light = std::clamp(skin.maxCoeff() * 1.15f, 0.35f, 1.0f);
    if (is_eye(region)) return Eigen::Vector3f(0.80f, 0.77f, 0.75f) * light;
    if (region == HeadRegion::eye_socket) return skin.cwiseProduct(Eigen::Vector3f(0.75f, 0.5f, 0.47f));
    if (region == HeadRegion::lashes) return skin * 0.25f;
    return skin;
}

// Mean color of what surely is hair. Thin hair lets the scalp through: what differs from skin in hue counts more.
Eigen::Vector3f mean_hair(const Photo& photo, const Image& solid, const Eigen::Vector3f& skin,
                          const Eigen::Vector3f& otherwise) {
    Eigen::Vector3f sum = Eigen::Vector3f::Zero();
    float weight = 0;
    const auto skin_lab = srgb_to_lab(skin[0], skin[1], skin[2]);
    constexpr float noticeable = 5;  // difference in a* and b*
    for (std::size_t i = 0; i < photo.hair.pixels.size(); ++i) {
        float w = smoothstep(0.7f, 1.0f, photo.hair.pixels[i]) * smoothstep(0.8f, 1.0f, solid.pixels[i]);
        if (w == 0) continue;
        const float* c = &photo.color.pixels[i * 3];
        const auto lab = srgb_to_lab(c[0], c[1], c[2]);
        const float away = std::hypot(lab[1] - skin_lab[1], lab[2] - skin_lab[2]) / noticeable;
        w *= 0.1f + std::min(away * away, 10.0f);
        sum += w * Eigen::Vector3f(c[0], c[1], c[2]);
        weight += w;
    }
    return weight > 100 ? Eigen::Vector3f(sum / weight) : otherwise;
}

// The color that most of them are about: a mean of orange and black would be skin.
Eigen::Vector3f commonest(const std::vector<Eigen::Vector3f>& colors) {
    constexpr float other = 0.15f;  // from here on it is another color, however far
    Eigen::Vector3f best = colors.front();
    float least = std::numeric_limits<float>::infinity();
    for (const Eigen::Vector3f& candidate : colors) {
        float sum = 0;
        for (const Eigen::Vector3f& c : colors) sum += std::min((c - candidate).norm(), other);
        if (sum < least) {
            least = sum;
            best = candidate;
        }
    }
    return best;
}

// The least value within `radius` pixels along both axes.
Image shrunk(const Image& image, int radius) {
    Image rows = image, out = image;
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) {
            float least = 1;
            for (int k = std::max(0, x - radius); k <= std::min(image.width - 1, x + radius); ++k)
                least = std::min(least, *image.at(k, y));
            *rows.at(x, y) = least;
        }
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) {
            float least = 1;
            for (int k = std::max(0, y - radius); k <= std::min(image.height - 1, y + radius); ++k)
                least = std::min(least, *rows.at(x, k));
            *out.at(x, y) = least;
        }
    return out;
}

}  // namespace

std::vector<float> rolled_lids(const HeadModel& model, const HeadPose& pose) {
    std::vector<float> rolled(std::size_t(model.vertex_count()), 0.0f);
    for (const char* name : {"eyeBlinkLeft", "eyeBlinkRight"}) {
        const int control = model.control(name);
        if (control < 0 || control >= pose.controls.size()) continue;
        const Eigen::VectorXf blink = model.expression->targets * model.expression->control_map.col(control);
        float most = 1e-6f;
        for (int v = 0; v < model.vertex_count(); ++v) most = std::max(most, blink.segment<3>(3 * v).norm());
        const float open = 1 - std::clamp(pose.controls[control], 0.0f, 1.0f);
        for (int v = 0; v < model.vertex_count(); ++v)
            rolled[std::size_t(v)] =
                std::max(rolled[std::size_t(v)], smoothstep(0.2f, 0.5f, open * blink.segment<3>(3 * v).norm() / most));
    }
    return rolled;
}

Unprojection::Unprojection(const Avatar& avatar, const Photo& photo)
    : avatar_(avatar), photo_(photo) {
    head_vertices_ = avatar.model->vertex_count();
    surface_ = pose_surface(avatar, photo.pose);
    normals_ = vertex_normals(surface_, avatar.triangles());
    mouth_ = std::make_unique<MouthColors>(photo);
    // Near the matte's edge the picture mixes person and background, whatever the matte says.
    solid_ = shrunk(photo.alpha, 3);
    rolled_ = rolled_lids(*avatar.model, photo.pose);
}

void Unprojection::fill(const std::vector<float>& hair_presence) {
    fill_smooth(hair_presence);
    find_hollows();
    find_hair_detail(hair_presence);
}

// What is filled has no shading of its own, and an ear without shading is no ear: hollows get darker, ridges lighter,
// by the mean curvature in the neutral pose (the Laplacian along the normal, over the edges' length).
void Unprojection::find_hollows() {
    const VertexGraph graph = vertex_graph(int(avatar_.neutral().cols()), avatar_.triangles());
    const Vertices normals = vertex_normals(avatar_.neutral(), avatar_.triangles());
    hollow_.assign(std::size_t(avatar_.neutral().cols()), 1.0f);
    for (int v = 0; v < head_vertices_; ++v) {
        const std::size_t s = std::size_t(v);
        Eigen::Vector3f mean = Eigen::Vector3f::Zero();
        float length = 0;
        const int degree = graph.first[s + 1] - graph.first[s];
        if (degree == 0) continue;
        for (int e = graph.first[s]; e < graph.first[s + 1]; ++e) {
            const Eigen::Vector3f edge = avatar_.neutral().col(graph.neighbours[std::size_t(e)]) - avatar_.neutral().col(v);
            mean += edge / float(degree);
            length += edge.norm() / float(degree);
        }
        const float bend = length > 0 ? normals.col(v).dot(mean) / length : 0;  // > 0 in a hollow
        // A lid is not rolled up when it shows.
        hollow_[s] = std::clamp(1 - 1.1f * bend * (1 - rolled_[s]), 0.55f, 1.12f);
    }
    // The deeper in the mouth, the darker.
    const HeadModel& model = *avatar_.model;
    const auto in_mouth = [&](int v) { return is_mouth(model.vertex_region[std::size_t(v)]); };
    float front = -1e9f;
    for (int v = 0; v < head_vertices_; ++v)
        if (in_mouth(v)) front = std::max(front, avatar_.neutral()(2, v));
    for (int v = 0; v < head_vertices_; ++v)
        if (in_mouth(v)) hollow_[std::size_t(v)] *= std::clamp(1.1f - 16 * (front - avatar_.neutral()(2, v)), 0.3f, 1.0f);
}

void Unprojection::see(const Eigen::Vector3i& t, const Eigen::Vector3f& b, std::optional<HeadRegion> region,
                       Eigen::Vector3f& color, float& trust) const {
    trust = 0;
    color.setZero();
    const Eigen::Vector3f p = surface_.col(t[0]) * b[0] + surface_.col(t[1]) * b[1] + surface_.col(t[2]) * b[2];
    const Eigen::Vector3f n = normals_.col(t[0]) * b[0] + normals_.col(t[1]) * b[1] + normals_.col(t[2]) * b[2];
    const float facing = n.normalized().dot((photo_.camera.position() - p).normalized());
    if (facing < 0.1f) return;
    float depth = 0;
    const Eigen::Vector2f pixel = photo_.camera.project(p, &depth);
    const int width = photo_.color.width, height = photo_.color.height;
    if (!(pixel.x() > 1 && pixel.y() > 1 && pixel.x() < float(width) - 1 && pixel.y() < float(height) - 1)) return;
    float w = smoothstep(0.1f, 0.6f, facing) * smoothstep(0.6f, 0.97f, sample(solid_, pixel.x(), pixel.y()));
    if (w <= 0) return;

    const bool eye = region && is_eye(*region), inside = region && is_inside_head(*region);
    // Colors of what lies in front must not reach the surface behind: look a little around.
    const float margin = eye ? 1.5f : 2.5f, nearer = eye || inside ? 0.0015f : 0.006f;
    for (int k = 0; k < 9; ++k) {
        const int x = int(pixel.x() + margin * float(k % 3 - 1)), y = int(pixel.y() + margin * float(k / 3 - 1));
        if (x < 0 || y < 0 || x >= width || y >= height) return;
        const std::size_t i = std::size_t(y) * std::size_t(width) + std::size_t(x);
        if (photo_.head.depth[i] < depth - nearer) {
            const bool same = region && photo_.head.region[i] == region;
            if (k == 4 && !same) return;
            if (!same) w *= eye || inside ? 0.3f : 0.6f;
            if (k == 4 && photo_.head.depth[i] < depth - 0.02f) return;
        }
    }
    if (region && region != HeadRegion::lashes)
        w *= 1 - (rolled_[std::size_t(t[0])] * b[0] + rolled_[std::size_t(t[1])] * b[1] + rolled_[std::size_t(t[2])] * b[2]);
    const float hair_here = sample(photo_.hair, pixel.x(), pixel.y());
    if (!region) {
        w *= smoothstep(0.5f, 0.9f, hair_here);
    } else if (region != HeadRegion::scalp) {
        // Hair hangs before the skin here: the skin's own color is not seen.
        w *= 1 - smoothstep(0.3f, 0.7f, hair_here);
        const float cloth = sample(photo_.cloth, pixel.x(), pixel.y());
        if (region == HeadRegion::face || region == HeadRegion::lids || region == HeadRegion::lips || is_ear(*region))
            w *= 1 - smoothstep(0.4f, 0.8f, cloth);
    }
    for (int c = 0; c < 3; ++c) color[c] = sample(photo_.color, pixel.x(), pixel.y(), c);
    trust = region ? w * mouth_->plausible(*region, color) : w;
}

Eigen::Vector3i Unprojection::mirrored(const Eigen::Vector3i& vertices) const {
    Eigen::Vector3i other;
    for (int k = 0; k < 3; ++k) {
        if (vertices[k] < head_vertices_) {
            other[k] = avatar_.model->mirror_vertex[std::size_t(vertices[k])];
        } else {
            other[k] = head_vertices_ + mirrored_cell(vertices[k] - head_vertices_);
        }
    }
    return other;
}

PointColors Unprojection::seen(const std::vector<SurfacePoint>& points) const {
    PointColors result;
    result.color.resize(points.size());
    result.trust.resize(points.size());
    const std::size_t head_triangles = avatar_.model->triangles.size();
    parallel_for(points.size(), 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t t = std::size_t(points[i].triangle);
            std::optional<HeadRegion> region;
            if (t < head_triangles) region = avatar_.model->triangle_region[t];
            see(avatar_.triangles()[t], points[i].barycentric, region, result.color[i], result.trust[i]);
        }
    });
    return result;
}

// Vertices of neck and torso on which the photograph shows clothes.
std::vector<int> Unprojection::seen_clothes(const std::vector<float>& trust) const {
    const HeadModel& model = *avatar_.model;
    std::vector<int> vertices;
    for (int v = 0; v < head_vertices_; ++v) {
        if (!is_below_head(model.vertex_region[std::size_t(v)]) || trust[std::size_t(v)] < 0.2f) continue;
        const Eigen::Vector2f pixel = photo_.camera.project(surface_.col(v));
        if (sample(photo_.cloth, pixel.x(), pixel.y()) > 0.6f) vertices.push_back(v);
    }
    return vertices;
}

// How high they reach at the sides of the neck, in the neutral pose: behind they reach as high at least.
float Unprojection::collar_height(const std::vector<int>& clothes) const {
    std::vector<float> heights;
    for (const int v : clothes) heights.push_back(avatar_.neutral()(1, v));
    const auto high = heights.begin() + std::ptrdiff_t(heights.size() * 19 / 20);
    std::nth_element(heights.begin(), high, heights.end());
    return *high;
}

// The color of what covers shoulders and back, and how high clothes reach. With too few vertices of clothes to tell,
// nobody is dressed: `bare`, and a height below all.
std::pair<Eigen::Vector3f, float> Unprojection::outer_clothes(const std::vector<int>& clothes, const PointColors& seen,
                                                              const Eigen::Vector3f& bare) const {
    if (clothes.size() < 8) return {bare, -1e3f};
    // What is worn outside shows at the sides; shirt and tie show in the middle.
    std::vector<float> aside;
    for (const int v : clothes) aside.push_back(std::abs(avatar_.neutral()(0, v)));
    std::vector<float> sorted = aside;
    std::nth_element(sorted.begin(), sorted.begin() + std::ptrdiff_t(sorted.size() / 2), sorted.end());
    std::vector<Eigen::Vector3f> colors;
    for (std::size_t k = 0; k < clothes.size(); ++k)
        if (aside[k] >= sorted[sorted.size() / 2]) colors.push_back(seen.color[std::size_t(clothes[k])]);
    return {commonest(colors), collar_height(clothes)};
}

// Every vertex's color: what is seen, and else what minimises differences to neighbours along the surface; weakly
// what its mirror image shows, and most weakly what such a part usually looks like.
void Unprojection::fill_smooth(const std::vector<float>& hair_presence) {
    const HeadModel& model = *avatar_.model;
    const int count = int(surface_.cols());
    std::vector<SurfacePoint> corner(std::size_t(count), SurfacePoint{});
    for (std::size_t t = 0; t < avatar_.triangles().size(); ++t)
        for (int k = 0; k < 3; ++k)
            corner[std::size_t(avatar_.triangles()[t][k])] = {int(t), Eigen::Vector3f::Unit(k)};
    for (SurfacePoint& p : corner)
        if (p.triangle < 0) p = {0, {1, 0, 0}};
    const PointColors direct = seen(corner);

    const auto mean_where = [&](auto&& chosen, const Eigen::Vector3f& otherwise) {
        Eigen::Vector3f sum = Eigen::Vector3f::Zero();
        float weight = 0;
        for (int v = 0; v < count; ++v)
            if (chosen(v)) {
                sum += direct.trust[std::size_t(v)] * direct.color[std::size_t(v)];
                weight += direct.trust[std::size_t(v)];
            }
        return weight > 1 ? Eigen::Vector3f(sum / weight) : otherwise;
    };
    const auto lies_in = [&](HeadRegion region) {
        return [&, region](int v) { return v < head_vertices_ && model.vertex_region[std::size_t(v)] == region; };
    };
    const Eigen::Vector3f skin = mean_where(lies_in(HeadRegion::face), Eigen::Vector3f(0.7f, 0.55f, 0.47f));
    const Eigen::Vector3f hair = hair_color_ = mean_hair(photo_, solid_, skin, skin * 0.4f);
    const std::vector<int> clothes = seen_clothes(direct.trust);
    const Eigen::Vector3f bare = mean_where(
        [&](int v) { return lies_in(HeadRegion::torso)(v) && !std::binary_search(clothes.begin(), clothes.end(), v); },
        skin);
    const auto outer = outer_clothes(clothes, direct, bare);
    const Eigen::Vector3f& cloth = outer.first;
    const float collar = outer.second;
    float hairy = 0;  // on top of the head
    constexpr std::size_t top = 12 * hair_columns;
    for (std::size_t i = 0; i < std::min(top, hair_presence.size()); ++i) hairy += hair_presence[i] / float(top);

    const auto dressed = [&](int v) {
        return v < head_vertices_ && avatar_.neutral()(1, v) <= collar &&
               is_below_head(model.vertex_region[std::size_t(v)]);
    };

    // Colors do not run from one material into another: not from clothes up the nape, nor from hair down.
    enum class Material { of_skin, of_cloth, of_hair };
    std::vector<Material> material(std::size_t(count), Material::of_skin);
    for (int v = 0; v < head_vertices_; ++v) {
        const HeadRegion region = model.vertex_region[std::size_t(v)];
        Material& m = material[std::size_t(v)];
        if (is_below_head(region)) {
            const Eigen::Vector2f pixel = photo_.camera.project(surface_.col(v));
            const bool seen = direct.trust[std::size_t(v)] > 0.2f;
            if (seen ? sample(photo_.cloth, pixel.x(), pixel.y()) > 0.5f : dressed(v)) m = Material::of_cloth;
        } else if (region == HeadRegion::scalp && hairy > 0.3f) {
            m = Material::of_hair;
        }
    }
    const auto bond = [&](int v, int n) {
        const Material a = material[std::size_t(v)], b = material[std::size_t(n)];
        if (a == b) return 0.25f;
        // A hairline is soft where face and scalp meet; below the head it is not.
        const auto below = [&](int k) {
            return k < head_vertices_ && is_below_head(model.vertex_region[std::size_t(k)]);
        };
        return below(v) || below(n) ? 0.004f : 0.25f;
    };

    const VertexGraph graph = vertex_graph(count, avatar_.triangles());
    std::vector<Eigen::Triplet<float>> entries;
    Vertices usual_of(3, count);
    Eigen::MatrixXf right = Eigen::MatrixXf::Zero(count, 3);
    for (int v = 0; v < count; ++v) {
        const std::size_t s = std::size_t(v);
        float diagonal = 0;
        const int other = mirrored({v, v, v})[0];
        for (int e = graph.first[s]; e < graph.first[s + 1]; ++e) {
            const int n = graph.neighbours[std::size_t(e)], other_n = mirrored({n, n, n})[0];
            const float weight = bond(v, n);
            entries.emplace_back(v, n, -weight);
            diagonal += weight;
            // What is not seen changes from place to place as its mirror image does (Perez et al. 2003, equation 3):
            // no border shows where the seen ends, whatever the light on either side.
            const float known = std::min(direct.trust[std::size_t(other)], direct.trust[std::size_t(other_n)]);
            const float wanted = known * (1 - std::max(direct.trust[s], direct.trust[std::size_t(n)]));
            right.row(v) +=
                weight * wanted * (direct.color[std::size_t(other)] - direct.color[std::size_t(other_n)]).transpose();
        }
        const auto pull = [&](const Eigen::Vector3f& color, float weight) {
            diagonal += weight;
            right.row(v) += weight * color.transpose();
        };
        pull(direct.color[s], direct.trust[s]);
        const bool is_hair = v >= head_vertices_;
        pull(direct.color[std::size_t(other)], 0.02f * direct.trust[std::size_t(other)]);
        Eigen::Vector3f usual = hair;
        if (!is_hair) {
            const HeadRegion region = model.vertex_region[s];
            usual = dressed(v)                    ? cloth
                    : region == HeadRegion::torso ? bare
                    : region == HeadRegion::scalp ? Eigen::Vector3f(hairy > 0.3f ? hair : skin)
                    : is_mouth(region)            ? mouth_->usual(region)
                                                  : usual_color(region, skin);
        }
        usual_of.col(v) = usual;
        // Hair's outline is lighter than hair: little of it may spread.
        pull(usual, is_hair ? 0.1f : dressed(v) ? 0.01f : 0.002f);
        entries.emplace_back(v, v, diagonal);
    }
    Eigen::SparseMatrix<float> system(count, count);
    system.setFromTriplets(entries.begin(), entries.end());
    Eigen::SimplicialLDLT<Eigen::SparseMatrix<float>> solver(system);
    smooth_ = Eigen::MatrixXf(solver.solve(right)).transpose();
    for (int v = 0; v < count; ++v)
        if (!smooth_.col(v).allFinite()) smooth_.col(v) = usual_of.col(v);
    smooth_ = smooth_.cwiseMax(0.0f).cwiseMin(1.0f);
}

void Unprojection::find_hair_detail(const std::vector<float>& hair_presence) {
    if (avatar_.hair().vertices.cols() == 0) return;  // nobody asks for it
    constexpr int width = HairDetail::width, height = HairDetail::height;
    std::vector<SurfacePoint> texels;
    texels.reserve(std::size_t(width * height));
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) texels.push_back(hair_chart_point(avatar_, HairDetail::uv(x, y)));
    PointColors direct = seen(texels);
    const std::vector<float> presence = surface_presence(avatar_, hair_presence);
    std::vector<std::uint8_t> known;
    // Strands differ in light, and on the whole they do not: skin that shines through would paint the back of the head.
    // What glistens is whiter than the hair.
    const Eigen::Vector3f hue = (hair_color_.normalized() + Eigen::Vector3f::Ones().normalized()).normalized();
    float mean = 0, count = 0;
    for (std::size_t i = 0; i < texels.size(); ++i) {
        known.push_back(direct.trust[i] > 0.5f && surface_value(presence, avatar_.triangles(), texels[i]) > 0.5f);
        const float lighter = (direct.color[i] - surface_position(smooth_, avatar_.triangles(), texels[i])).dot(hue);
        direct.color[i] = lighter * hue;
        if (!known.back()) continue;
        mean += lighter;
        count += 1;
    }
    if (count > 0)
        for (Eigen::Vector3f& detail : direct.color) detail -= mean / count * hue;
    hair_detail_ = std::make_unique<HairDetail>(std::move(direct.color), std::move(known), 1);
}

PointColors Unprojection::colors(const std::vector<SurfacePoint>& points) const {
    PointColors result = seen(points);
    const std::size_t head_triangles = avatar_.model->triangles.size();
    parallel_for(points.size(), 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t t = std::size_t(points[i].triangle);
            const bool hair = t >= head_triangles;
            const Eigen::Vector3f smooth = surface_position(smooth_, avatar_.triangles(), points[i]);
            const float direct = result.trust[i];
            Eigen::Vector3f filled = smooth;
            if (!hair) {
                const Eigen::Vector3i& c = avatar_.triangles()[t];
                const Eigen::Vector3f& b = points[i].barycentric;
                filled *= hollow_[std::size_t(c[0])] * b[0] + hollow_[std::size_t(c[1])] * b[1] + hollow_[std::size_t(c[2])] * b[2];
            }
            if (hair) {
                filled += hair_detail_->at(atlas_position(avatar_, points[i]));
            } else if (direct < 0.999f) {
                // Detail from the mirrored side, on this side's own light.
                const Eigen::Vector3i other = mirrored(avatar_.triangles()[t]);
                Eigen::Vector3f color;
                float trust = 0;
                see(other, points[i].barycentric, avatar_.model->vertex_region[std::size_t(other[0])], color, trust);
                if (trust > 0) {
                    const Eigen::Vector3f& b = points[i].barycentric;
                    const Eigen::Vector3f there =
                        smooth_.col(other[0]) * b[0] + smooth_.col(other[1]) * b[1] + smooth_.col(other[2]) * b[2];
                    // What the other side shows has its own shading.
                    // Large differences are no detail but something else: an earring, a strand, the border of a shadow.
                    const float taken = smoothstep(0.2f, 0.7f, trust);
                    const Eigen::Vector3f detail = (color - there).cwiseMax(-0.15f).cwiseMin(0.15f);
                    filled = (1 - taken) * filled + taken * (smooth + detail);
                }
            }
            const float w = smoothstep(0.0f, 0.5f, direct);
            result.color[i] = (w * result.color[i] + (1 - w) * filled).cwiseMax(0.0f).cwiseMin(1.0f);
        }
    });
    return result;
}

}  // namespace likeness
