#include "core/avatar/hair_shell.h"

#include <Eigen/Geometry>
#include <Eigen/Sparse>
#include <Eigen/SparseCholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/avatar/hair_hang.h"
#include "core/base/parallel.h"

namespace likeness {
namespace {

constexpr float row_step = 0.0135f;        // metres between the rows below the cap
constexpr float cap_polar = 1.75f;         // radians from straight up to the last row of the cap
constexpr float least_thickness = 0.002f;  // metres
constexpr float most_thickness = 0.14f;
constexpr float usual_thickness = 0.012f;

int grid(int row, int column) { return row * hair_columns + (column + hair_columns) % hair_columns; }

// Where the shell starts: on the bare head, with the direction in which it grows.
struct Scaffold {
    Vertices base, direction;
    Eigen::MatrixXf weights;
    std::vector<float> radius;  // metres from the head's middle (below the cap from its axis) to the base
    std::vector<float> scalp;   // 1 where hair grows on any head that has some
    std::vector<float> nape;    // 1 below that, behind, where it hangs down or grows unless it is cut very short
};

struct Hit {
    float distance = -1;
    int triangle = -1;
    Eigen::Vector3f barycentric = Eigen::Vector3f::Zero();
};

// Outermost hit of a ray with the listed triangles (Moeller and Trumbore 1997).
Hit outermost(const Vertices& vertices, const Triangles& triangles, const std::vector<int>& listed,
              const Eigen::Vector3f& origin, const Eigen::Vector3f& direction) {
    Hit hit;
    for (int t : listed) {
        const Eigen::Vector3i& c = triangles[std::size_t(t)];
        const Eigen::Vector3f a = vertices.col(c[0]), ab = vertices.col(c[1]) - a, ac = vertices.col(c[2]) - a;
        const Eigen::Vector3f p = direction.cross(ac);
        const float det = ab.dot(p);
        if (std::abs(det) < 1e-12f) continue;
        const Eigen::Vector3f s = origin - a;
        const float u = s.dot(p) / det;
        if (u < 0 || u > 1) continue;
        const Eigen::Vector3f q = s.cross(ab);
        const float v = direction.dot(q) / det;
        if (v < 0 || u + v > 1) continue;
        const float d = ac.dot(q) / det;
        if (d > hit.distance) hit = {d, t, {1 - u - v, u, v}};
    }
    return hit;
}

// For each column the triangles that its rays can meet: those that reach into its half-plane about the vertical axis
// through `centre`, and some columns more on both sides, since not all rays start on that axis.
std::vector<std::vector<int>> by_column(const Vertices& vertices, const Triangles& triangles, const std::vector<int>& listed,
                                        const Eigen::Vector3f& centre) {
    constexpr int margin = 3;
    constexpr float whole = 2 * std::numbers::pi_v<float>;
    std::vector<std::vector<int>> columns(hair_columns);
    for (int t : listed) {
        float from = 0, to = 0, first = 0;
        for (int k = 0; k < 3; ++k) {
            const Eigen::Vector3f d = vertices.col(triangles[std::size_t(t)][k]) - centre;
            const float azimuth = std::atan2(d.x(), d.z());
            if (k == 0) {
                first = azimuth;
                continue;
            }
            const float turn = std::remainder(azimuth - first, whole);
            from = std::min(from, turn);
            to = std::max(to, turn);
        }
        int low = int(std::floor((first + from) / whole * hair_columns)) - margin;
        int high = int(std::ceil((first + to) / whole * hair_columns)) + margin;
        if (to - from > 0.45f * whole || high - low >= hair_columns) {  // round the axis
            low = 0;
            high = hair_columns - 1;
        }
        for (int c = low; c <= high; ++c) columns[std::size_t((c % hair_columns + hair_columns) % hair_columns)].push_back(t);
    }
    return columns;
}

Scaffold make_scaffold(const HeadModel& model, const PersonalHead& person) {
    std::vector<int> listed;
    Eigen::AlignedBox3f skull, ears;
    for (std::size_t t = 0; t < model.triangles.size(); ++t) {
        const HeadRegion region = model.triangle_region[t];
        if (region == HeadRegion::face || region == HeadRegion::scalp || region == HeadRegion::lids ||
            region == HeadRegion::lips || is_below_head(region))
            listed.push_back(int(t));
        if (is_ear(region))
            for (int k = 0; k < 3; ++k) ears.extend(Eigen::Vector3f(person.vertices.col(model.triangles[t][k])));
        if (region == HeadRegion::scalp)
            for (int k = 0; k < 3; ++k) skull.extend(Eigen::Vector3f(person.vertices.col(model.triangles[t][k])));
    }
    Eigen::Vector3f centre = skull.center();
    // The centre sits at the height where the skull is widest, about two fifths of the scalp's height below its top.
    centre.y() = skull.max().y() - 0.45f * (skull.max().z() - skull.min().z());

    const int count = hair_rows * hair_columns, joints = model.joint_count(), head = model.joints.head,
              jaw = model.joints.jaw;
    Scaffold scaffold;
    scaffold.base.resize(3, count);
    scaffold.direction.resize(3, count);
    scaffold.weights = Eigen::MatrixXf::Zero(joints, count);
    scaffold.radius.assign(std::size_t(count), 0.0f);
    scaffold.scalp.assign(std::size_t(count), 0.0f);
    scaffold.nape.assign(std::size_t(count), 0.0f);
    std::vector<Hit> hits(std::size_t(count), Hit{});
    std::vector<Eigen::Vector3f> origins(std::size_t(count), Eigen::Vector3f::Zero());
    const std::vector<std::vector<int>> reachable = by_column(person.vertices, model.triangles, listed, centre);
    parallel_for(std::size_t(count), 64, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const int row = int(i) / hair_columns, column = int(i) % hair_columns;
            const float azimuth = 2 * std::numbers::pi_v<float> * float(column) / float(hair_columns);
            Eigen::Vector3f origin = centre, direction(std::sin(azimuth), 0, std::cos(azimuth));
            if (row < hair_cap_rows) {
                const float polar = 0.04f + (cap_polar - 0.04f) * float(row) / float(hair_cap_rows - 1);
                direction = Eigen::Vector3f(std::sin(polar) * direction.x(), std::cos(polar), std::sin(polar) * direction.z());
            } else {
                origin.y() -= row_step * float(row - hair_cap_rows + 1);
                // The last cap row already looks down a little: start where it ended.
                origin.y() += 0.1f * std::cos(cap_polar);
                origin.z() -= 0.01f;
            }
            hits[i] = outermost(person.vertices, model.triangles, reachable[std::size_t(column)], origin, direction);
            scaffold.direction.col(Eigen::Index(i)) = direction;
            origins[i] = origin;
        }
    });
    for (int row = 0; row < hair_rows; ++row)
        for (int column = 0; column < hair_columns; ++column) {
            const int i = grid(row, column);
            Hit& hit = hits[std::size_t(i)];
            const Hit& above = hits[std::size_t(grid(std::max(row - 1, 0), column))];
            if (hit.distance < 0) hit = above;  // below the mesh's end: continue straight
            if (row >= hair_cap_rows) {
                // Hair hangs from the head: it does not follow the shoulders outwards.
                const float hang = hits[std::size_t(grid(hair_cap_rows - 1, column))].distance;
                hit.distance = std::clamp(hit.distance, 0.75f * hang, 1.1f * hang);
            }
            scaffold.radius[std::size_t(i)] = hit.distance;
            scaffold.base.col(i) = origins[std::size_t(i)] + hit.distance * scaffold.direction.col(i);
            Eigen::VectorXf weights = Eigen::VectorXf::Zero(joints);
            if (hit.triangle >= 0) {
                const Eigen::Vector3i& t = model.triangles[std::size_t(hit.triangle)];
                for (int k = 0; k < 3; ++k) weights += model.weights.col(t[k]) * hit.barycentric[k];
                const Eigen::Vector3f base = scaffold.base.col(i);
                const bool nape = base.z() < ears.center().z() && base.y() > ears.min().y();  // down to the earlobes
                const bool on_scalp = model.triangle_region[std::size_t(hit.triangle)] == HeadRegion::scalp;
                scaffold.scalp[std::size_t(i)] = on_scalp ? 1.0f : 0.0f;
                scaffold.nape[std::size_t(i)] = nape && !on_scalp ? 1.0f : 0.0f;
            } else {
                weights[head] = 1;
            }
            weights[head] += weights[jaw];  // hair does not open with the mouth
            weights[jaw] = 0;
            const float below = float(std::max(0, row - hair_cap_rows)) * row_step;
            const float with_head = std::clamp(1 - below / 0.22f, 0.2f, 1.0f);
            weights *= 1 - with_head;
            weights[head] += with_head;
            scaffold.weights.col(i) = weights / weights.sum();
        }
    return scaffold;
}

// Least squares on the grid: sum w (x - target)^2 + smooth (|G x|^2 + |L x|^2); G are differences of neighbours, L is
// the graph Laplacian. The first keeps values level where nothing is known, the second keeps them smooth. Only the
// weights change from one solve to the next, so the matrix and the order of its elimination are found once.
class GridSolver {
  public:
    explicit GridSolver(float smooth) {
        const int count = hair_rows * hair_columns;
        std::vector<Eigen::Triplet<float>> entries;
        for (int row = 0; row < hair_rows; ++row)
            for (int column = 0; column < hair_columns; ++column) {
                const int i = grid(row, column);
                std::vector<int> around = {grid(row, column - 1), grid(row, column + 1)};
                if (row > 0) around.push_back(grid(row - 1, column));
                else around.push_back(grid(0, column + hair_columns / 2));  // over the pole
                if (row + 1 < hair_rows) around.push_back(grid(row + 1, column));
                entries.emplace_back(i, i, 1.0f);
                for (int j : around) entries.emplace_back(i, j, -1.0f / float(around.size()));
            }
        Eigen::SparseMatrix<float> laplacian(count, count);
        laplacian.setFromTriplets(entries.begin(), entries.end());
        system_ = smooth * Eigen::SparseMatrix<float>(laplacian.transpose() * laplacian);
        system_ += 0.25f * smooth * Eigen::SparseMatrix<float>(Eigen::SparseMatrix<float>(laplacian.transpose()) + laplacian);
        smoothness_ = system_.diagonal();
        solver_.analyzePattern(system_);
    }

    std::vector<float> solve(const std::vector<float>& target, const std::vector<float>& weight) {
        const Eigen::Map<const Eigen::VectorXf> w(weight.data(), Eigen::Index(weight.size())),
            t(target.data(), Eigen::Index(target.size()));
        system_.diagonal() = smoothness_ + w;
        solver_.factorize(system_);
        const Eigen::VectorXf solution = solver_.solve(w.cwiseProduct(t));
        return {solution.data(), solution.data() + solution.size()};
    }

  private:
    Eigen::SparseMatrix<float> system_;
    Eigen::VectorXf smoothness_;  // the diagonal without weights
    Eigen::SimplicialLDLT<Eigen::SparseMatrix<float>> solver_;
};

// Distance in pixels from `p` along `along` (unit) to where the matte crosses one half; negative when p is outside
// and the matte lies behind it. False when there is none within `range` pixels or the picture ends first.
bool outline_distance(const Image& alpha, const Eigen::Vector2f& p, const Eigen::Vector2f& along, float range,
                      float& distance) {
    const auto inside_picture = [&](const Eigen::Vector2f& q) {
        return q.x() > 1 && q.y() > 1 && q.x() < float(alpha.width) - 1 && q.y() < float(alpha.height) - 1;
    };
    if (!inside_picture(p)) return false;
    const bool inside = sample(alpha, p.x(), p.y()) > 0.5f;
    const float sign = inside ? 1.0f : -1.0f;
    for (float d = 0.5f; d < range; d += 0.5f) {
        const Eigen::Vector2f q = p + along * (sign * d);
        if (!inside_picture(q)) return false;
        if ((sample(alpha, q.x(), q.y()) > 0.5f) != inside) {
            distance = sign * d;
            return true;
        }
    }
    return false;
}

// Hair has no small windows: gaps that reach neither the grid's lower end nor far across are closed.
void close_holes(std::vector<float>& presence) {
    constexpr std::size_t largest_hole = 60;  // cells
    std::vector<std::uint8_t> visited(presence.size(), 0);
    for (int start = 0; start < hair_rows * hair_columns; ++start) {
        if (visited[std::size_t(start)] || presence[std::size_t(start)] > 0.5f) continue;
        std::vector<int> hole = {start};
        visited[std::size_t(start)] = 1;
        bool open = false;
        for (std::size_t k = 0; k < hole.size(); ++k) {
            const int row = hole[k] / hair_columns, column = hole[k] % hair_columns;
            open = open || row + 1 == hair_rows;
            for (const auto& [r, c] : {std::pair{row - 1, column}, {row + 1, column}, {row, column - 1}, {row, column + 1}}) {
                if (r < 0 || r >= hair_rows) continue;
                const int n = grid(r, c);
                if (visited[std::size_t(n)] || presence[std::size_t(n)] > 0.5f) continue;
                visited[std::size_t(n)] = 1;
                hole.push_back(n);
            }
        }
        if (open || hole.size() > largest_hole) continue;
        for (int i : hole) presence[std::size_t(i)] = 0.8f;
    }
}

// Cells of the grid in front of an ear that the photograph shows, from the ear's middle down to the jaw: hair that is
// seen there lies behind the ear, and would hang over the cheek as soon as the head turns.
std::vector<std::uint8_t> before_visible_ears(const HeadModel& model, const PersonalHead& person, const Photo& photo,
                                              const Vertices& cells) {
    constexpr float below = 0.06f;  // metres under the lobe; further down hair may come forward again
    constexpr float least_shown = 0.5f;  // an ear that only peeps out of hair has hair before it
    constexpr int least_pixels = 60;
    std::vector<std::uint8_t> before(std::size_t(cells.cols()), 0);
    for (const HeadRegion ear : {HeadRegion::ear_left, HeadRegion::ear_right}) {
        Eigen::AlignedBox3f box;
        for (std::size_t t = 0; t < model.triangles.size(); ++t)
            if (model.triangle_region[t] == ear)
                for (int k = 0; k < 3; ++k) box.extend(Eigen::Vector3f(person.vertices.col(model.triangles[t][k])));
        int pixels = 0, shown = 0;
        for (std::size_t i = 0; i < photo.head.region.size(); ++i) {
            if (photo.head.region[i] != ear) continue;
            ++pixels;
            shown += photo.alpha.pixels[i] > 0.5f && photo.hair.pixels[i] < 0.3f;
        }
        if (pixels < least_pixels || float(shown) < least_shown * float(pixels)) continue;
        for (Eigen::Index i = 0; i < cells.cols(); ++i)
            if (cells(0, i) * box.center().x() > 0 && cells(2, i) > box.center().z() && cells(1, i) < box.center().y() &&
                cells(1, i) > box.min().y() - below)
                before[std::size_t(i)] = 1;
    }
    return before;
}

}  // namespace

void append_hair_topology(int first_vertex, Triangles& triangles, std::vector<Eigen::Vector2f>& uv,
                          Triangles& triangle_uv) {
    const int first_uv = int(uv.size());
    for (int row = 0; row < hair_rows; ++row)
        for (int column = 0; column <= hair_columns; ++column)
            uv.emplace_back(1 + float(column) / float(hair_columns), float(row) / float(hair_rows - 1));
    const auto texel = [&](int row, int column) { return first_uv + row * (hair_columns + 1) + column; };
    for (int row = 0; row + 1 < hair_rows; ++row)
        for (int column = 0; column < hair_columns; ++column) {
            const int a = first_vertex + grid(row, column), b = first_vertex + grid(row, column + 1),
                      c = first_vertex + grid(row + 1, column), d = first_vertex + grid(row + 1, column + 1);
            triangles.emplace_back(a, c, b);
            triangle_uv.emplace_back(texel(row, column), texel(row + 1, column), texel(row, column + 1));
            triangles.emplace_back(b, c, d);
            triangle_uv.emplace_back(texel(row, column + 1), texel(row + 1, column), texel(row + 1, column + 1));
        }
}

SurfacePoint hair_chart_point(const Avatar& avatar, const Eigen::Vector2f& uv) {
    const float x = std::clamp((uv.x() - 1) * float(hair_columns), 0.0f, float(hair_columns) - 1e-3f);
    const float y = std::clamp(uv.y() * float(hair_rows - 1), 0.0f, float(hair_rows - 1) - 1e-3f);
    const int column = int(x), row = int(y);
    const float s = x - float(column), t = y - float(row);
    // Each cell's two triangles are (a, c, b) and (b, c, d), a upper left, b upper right, c lower left.
    const int first = int(avatar.model->triangles.size()) + 2 * (row * hair_columns + column);
    if (s + t <= 1) return {first, {1 - s - t, t, s}};
    return {first + 1, {1 - t, 1 - s, s + t - 1}};
}

std::vector<float> surface_presence(const Avatar& avatar, const std::vector<float>& hair_presence) {
    std::vector<float> presence(std::size_t(avatar.model->vertex_count()), 1.0f);
    presence.insert(presence.end(), hair_presence.begin(), hair_presence.end());
    return presence;
}

std::vector<float> grow_hair(Avatar& avatar, const Photo& photo) {
    const HeadModel& model = *avatar.model;
    const Scaffold scaffold = make_scaffold(model, avatar.head());
    const int count = hair_rows * hair_columns;
    std::vector<float> thickness(std::size_t(count), usual_thickness);
    HairShell grown;
    grown.weights = scaffold.weights;

    const PosedHead head = pose_head(model, avatar.head(), photo.pose);
    const Eigen::Vector3f eye = photo.camera.position();
    std::vector<float> presence(std::size_t(count), 0.0f), presence_weight(std::size_t(count), 0.0f);

    constexpr int rounds = 5;
    constexpr float unknown = 1e-3f, behind = 0.05f;
    // At the hairline hair begins at the skin: bare cells hold the shell down there.
    constexpr float bare_weight = 2.0f;
    Triangles shell;
    Triangles shell_uv;
    std::vector<Eigen::Vector2f> chart;
    append_hair_topology(0, shell, chart, shell_uv);
    GridSolver smooth_thickness(0.6f);
    for (int round = 0; round < rounds; ++round) {
        grown.vertices = scaffold.base;
        for (int i = 0; i < count; ++i)
            grown.vertices.col(i) += thickness[std::size_t(i)] * scaffold.direction.col(i);
        const Vertices surface = pose_shell(grown, head);
        const Vertices normals = vertex_normals(surface, shell);
        std::vector<float> target(std::size_t(count), usual_thickness), weight(std::size_t(count), unknown);
        std::fill(presence_weight.begin(), presence_weight.end(), 0.0f);
        for (int i = 0; i < count; ++i) {
            const std::size_t s = std::size_t(i);
            const Eigen::Vector3f p = surface.col(i), n = normals.col(i);
            const Eigen::Vector3f to_eye = (eye - p).normalized();
            const float facing = n.dot(to_eye);
            float depth = 0;
            const Eigen::Vector2f pixel = photo.camera.project(p, &depth);
            const float pixels_per_metre = photo.camera.fx / depth;
            if (std::abs(facing) < 0.3f) {
                Eigen::Vector2f along = photo.camera.project(p + 0.005f * n) - pixel;
                if (along.norm() > 1e-3f) {
                    along.normalize();
                    float distance = 0;
                    if (outline_distance(photo.alpha, pixel, along, 0.12f * pixels_per_metre, distance)) {
                        // Mattes have a fringe that looks like hair: hair must go on further in.
                        const Eigen::Vector2f near = pixel + along * (distance - 3), deep = pixel + along * (distance - 8);
                        const float hair = std::min(sample(photo.hair, near.x(), near.y()), sample(photo.hair, deep.x(), deep.y()));
                        // Only outlines that are hair tell the hair's thickness; on bare skin there is none. A point
                        // beside the limb of something round lies within its outline by radius (1 - cos); pulling it
                        // out to the outline would make heads boxes.
                        const float radius = scaffold.radius[s] + thickness[s];
                        const float within = radius * (1 - std::sqrt(1 - facing * facing));
                        const float wanted = thickness[s] + distance / pixels_per_metre - within;
                        target[s] = hair > 0.5f ? std::clamp(wanted, least_thickness, most_thickness) : least_thickness;
                        // Near the pole the grid's vertices crowd: they count by the area they stand for.
                        const int row = i / hair_columns;
                        const float crowd = std::min(1.0f, float(row + 1) / float(hair_cap_rows / 2));
                        weight[s] = crowd * (hair > 0.5f ? 1.0f : 0.15f);
                        presence[s] = hair;
                        presence_weight[s] = facing > 0 ? 0.5f : behind;  // just behind the outline it may be otherwise
                    }
                }
            }
            if (facing > 0.25f && pixel.x() > 1 && pixel.y() > 1 && pixel.x() < float(photo.camera.width) - 1 &&
                pixel.y() < float(photo.camera.height) - 1) {
                // Hidden behind face or shoulders: nothing is learned here.
                if (photo.head.depth[photo.alpha.index(int(pixel.x()), int(pixel.y()))] < depth - 0.005f) continue;
                presence[s] = sample(photo.hair, pixel.x(), pixel.y());
                presence_weight[s] = 1.0f;
                if (presence[s] < 0.5f) {
                    target[s] = least_thickness;
                    weight[s] = std::max(weight[s], bare_weight);
                }
            }
        }
        // The side that is not seen grows as the other one does.
        const std::vector<float> seen_target = target, seen_weight = weight;
        for (int i = 0; i < count; ++i) {
            const std::size_t s = std::size_t(i), other = std::size_t(mirrored_cell(i));
            if (seen_weight[s] <= unknown && seen_weight[other] > unknown) {
                target[s] = seen_target[other];
                weight[s] = 0.3f * seen_weight[other];
            }
        }
        // Behind, hair lies as close as it does on top; at the sides it may hang far out.
        float crown = usual_thickness, crown_weight = 1;
        for (int i = 2 * hair_columns; i < 12 * hair_columns; ++i)
            if (const std::size_t s = std::size_t(i); seen_weight[s] > 0.1f) {
                crown += seen_weight[s] * seen_target[s];
                crown_weight += seen_weight[s];
            }
        for (int row = 0; row < hair_cap_rows; ++row)
            for (int column = hair_columns * 5 / 16; column <= hair_columns * 11 / 16; ++column)  // from 112 degrees
                if (const std::size_t s = std::size_t(grid(row, column)); weight[s] <= unknown) {
                    target[s] = crown / crown_weight;
                    weight[s] = 0.05f;
                }
        thickness = smooth_thickness.solve(target, weight);
        for (float& t : thickness) t = std::clamp(t, least_thickness, most_thickness);
    }

    // Where nothing is seen, hair goes on smoothly; with no evidence near, the scalp has as much as is seen on top, or
    // where the picture ends below that, as much as is seen of the scalp at all.
    float top = 0, top_weight = 1e-6f, anywhere = 0, anywhere_weight = 1e-6f;
    for (int i = 0; i < hair_cap_rows * hair_columns; ++i) {
        const std::size_t s = std::size_t(i);
        const float weight = presence_weight[s];
        if (i < 12 * hair_columns) {
            top += weight * presence[s];
            top_weight += weight;
        }
        anywhere += scaffold.scalp[s] * weight * presence[s];
        anywhere_weight += scaffold.scalp[s] * weight;
    }
    constexpr float few = 10;  // cells
    top = (top + few * anywhere / anywhere_weight) / (top_weight + few);
    float crown = 0;  // thickness on top, metres
    for (int i = 0; i < 12 * hair_columns; ++i) crown += thickness[std::size_t(i)] / float(12 * hair_columns);
    const float long_enough = std::clamp((crown - 0.004f) / 0.008f, 0.0f, 1.0f);
    std::vector<float> seen = presence;
    const std::vector<float> seen_weight = presence_weight;
    // Hair that hangs down at a side hangs down behind as well.
    std::array<float, hair_rows> hanging{};
    for (int row = hair_cap_rows; row < hair_rows; ++row)
        for (const int from : {hair_columns / 8, hair_columns - hair_columns / 4}) {  // 45 to 90 degrees, either side
            float sum = 0, weight = 1;
            for (int column = from; column < from + hair_columns / 8; ++column) {
                const std::size_t s = std::size_t(grid(row, column));
                sum += seen_weight[s] * seen[s];
                weight += seen_weight[s];
            }
            hanging[std::size_t(row)] = std::max(hanging[std::size_t(row)], sum / weight);
        }
    const std::vector<std::uint8_t> before_ear = before_visible_ears(model, avatar.head(), photo, scaffold.base);
    for (int i = 0; i < count; ++i)
        if (before_ear[std::size_t(i)]) seen[std::size_t(i)] = presence[std::size_t(i)] = 0;
    for (int i = 0; i < count; ++i) {
        const std::size_t s = std::size_t(i), other = std::size_t(mirrored_cell(i));
        if (seen_weight[s] > behind) continue;
        if (seen_weight[other] > behind) {
            presence[s] = seen[other];
            presence_weight[s] = 0.3f * seen_weight[other];
        } else if (seen_weight[s] == 0) {
            presence[s] = std::max((scaffold.scalp[s] + scaffold.nape[s] * long_enough) * top,
                                   hanging[s / hair_columns] * long_enough);
            presence_weight[s] = 0.03f;
        }
    }
    presence = GridSolver(0.3f).solve(presence, presence_weight);
    for (float& p : presence) p = std::clamp(p, 0.0f, 1.0f);
    close_holes(presence);

    // What the picture's lower border cuts off hangs on.
    const Vertices posed = pose_shell(grown, head);
    std::vector<float> hanging_on = presence;
    for (int i = hair_cap_rows * hair_columns; i < count; ++i)
        if (photo.camera.project(posed.col(i)).y() > float(photo.camera.height) - 1)
            hanging_on[std::size_t(i)] = std::max(presence[std::size_t(i)], hanging_on[std::size_t(i - hair_columns)]);
    Eigen::MatrixXf weights = hanging_weights(model, avatar.head(), grown.vertices, hanging_on);
    grown.vertices = shell_at_rest(posed, weights, head);
    grown.weights = std::move(weights);
    avatar.shells = Shells{std::move(grown)};
    avatar.prepare();
    return presence;
}

}  // namespace likeness
