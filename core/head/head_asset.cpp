#include "core/head/head_asset.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/parallel.h"
#include "core/base/paths.h"
#include "core/formats/json_file.h"
#include "core/formats/safetensors.h"
#include "core/geometry/uv_grid.h"
#include "core/head/head_names.h"
#include "core/head/mediapipe_landmarks.h"

namespace likeness {
namespace {

constexpr std::size_t most_regions = 256;  // files number them in a byte
// Triangles at one place of the atlas, twenty times the default head's: what lies there is found by looking at each.
constexpr int most_in_a_cell = 1000;

// A pair of tensors for each scheme of landmarks: MediaPipe's have these names, another scheme's ".scheme" behind them.
const std::string landmark_triangle = "landmark_triangle", landmark_barycentric = "landmark_barycentric";

std::set<std::string> landmark_suffixes(const Safetensors& file) {
    std::set<std::string> suffixes;
    for (const std::string& name : file.names())
        for (const std::string& tensor : {landmark_triangle, landmark_barycentric})
            if (name == tensor || name.starts_with(tensor + ".")) suffixes.insert(name.substr(tensor.size()));
    return suffixes;
}

// Reads tensors and remembers the first error, so that the loader below reads like a list.
class Reader {
  public:
    explicit Reader(const Safetensors& file) : file_(file) {}

    std::vector<float> floats(const char* name, const Shape& shape) {
        Result<std::vector<float>> values = file_.floats(name, shape);
        if (!values) return fail<float>(values.error());
        for (float v : *values)
            if (!std::isfinite(v)) return fail<float>(bad(name, "a value that is no number"));
        return *std::move(values);
    }
    // Integers in [low, high).
    std::vector<std::int32_t> ints(const char* name, const Shape& shape, std::int64_t low, std::int64_t high) {
        Result<std::vector<std::int32_t>> values = file_.ints(name, shape);
        if (!values) return fail<std::int32_t>(values.error());
        for (std::int32_t v : *values)
            if (v < low || v >= high) return fail<std::int32_t>(bad(name, "an index out of range"));
        return *std::move(values);
    }
    std::vector<std::string> names(const char* key) {
        const auto it = file_.metadata().find(key);
        if (it == file_.metadata().end()) return fail<std::string>(bad(key, "nothing"));
        const Result<nlohmann::json> list = parse_json(it->second, file_.name());
        if (!list) return fail<std::string>(list.error());
        if (!list->is_array()) return fail<std::string>(bad(key, "no list"));
        std::vector<std::string> result;
        for (const nlohmann::json& entry : *list) {
            if (!entry.is_string()) return fail<std::string>(bad(key, "no list of names"));
            result.push_back(entry.get<std::string>());
        }
        return result;
    }
    Triangles triangles(const char* name, std::int64_t vertices) {
        const std::vector<std::int32_t> values = ints(name, {-1, 3}, 0, vertices);
        Triangles result;
        for (std::size_t i = 0; i + 2 < values.size(); i += 3) result.emplace_back(values[i], values[i + 1], values[i + 2]);
        return result;
    }
    // Of each vertex or triangle, by the file's names; those that the program does not know are listed in `others`.
    std::vector<HeadRegion> regions(const char* name, std::int64_t count, const std::vector<std::string>& region_names,
                                    std::vector<int> OtherRegion::*members, std::vector<OtherRegion>& others) {
        std::vector<HeadRegion> result;
        for (const int r : ints(name, {count}, 0, std::int64_t(region_names.size()))) {
            const std::string& region_name = region_names[std::size_t(r)];
            result.push_back(region_named(region_name));
            if (result.back() != HeadRegion::other) continue;
            auto other =
                std::find_if(others.begin(), others.end(), [&](const OtherRegion& o) { return o.name == region_name; });
            if (other == others.end()) other = others.insert(others.end(), {region_name, {}, {}});
            ((*other).*members).push_back(int(result.size()) - 1);
        }
        return result;
    }
    // Of the tensors with this suffix, see landmark_suffixes().
    LandmarkEmbedding landmarks(const std::string& suffix, std::int64_t faces) {
        LandmarkEmbedding embedding;
        embedding.scheme = suffix.empty() ? landmarks::scheme : std::string_view(suffix).substr(1);
        const std::vector<std::int32_t> triangle =
            ints((landmark_triangle + suffix).c_str(), {embedding.scheme == landmarks::scheme ? landmarks::count : -1},
                 0, faces);
        const std::vector<float> shares =
            floats((landmark_barycentric + suffix).c_str(), {std::int64_t(triangle.size()), 3});
        for (std::size_t i = 0; i < triangle.size() && shares.size() == 3 * triangle.size(); ++i) {
            embedding.points.push_back({triangle[i], Eigen::Vector3f(&shares[3 * i])});
            if (!error && !(std::abs(embedding.points.back().barycentric.sum() - 1) < 1e-3f))
                error = bad(landmark_barycentric.c_str(), "shares that do not sum to 1");
        }
        return embedding;
    }
    Error bad(const char* name, const char* what) const {
        return {ErrorCode::bad_input, "'" + file_.name() + "' is no head that this version can use; run scripts/run to make it anew.",
                std::string(name) + " holds " + what};
    }
    void require(bool condition, const char* name) {
        if (!condition && !error) error = bad(name, "another size than expected");
    }

    std::optional<Error> error;

  private:
    template <class T>
    std::vector<T> fail(Error e) {
        if (!error) error = std::move(e);
        return {};
    }
    const Safetensors& file_;
};

Eigen::MatrixXf matrix(const std::vector<float>& values, std::int64_t rows, std::int64_t columns) {
    if (std::int64_t(values.size()) != rows * columns) return {};
    return Eigen::Map<const Eigen::MatrixXf>(values.data(), rows, columns);
}

// The same for a row-major matrix, in blocks that stay in the cache.
RowMatrix transposed(const std::vector<float>& values, std::int64_t rows, std::int64_t columns) {
    if (std::int64_t(values.size()) != rows * columns) return {};
    const Eigen::Map<const Eigen::MatrixXf> from(values.data(), rows, columns);
    RowMatrix to(rows, columns);
    constexpr std::int64_t block = 64;
    parallel_for(std::size_t((rows + block - 1) / block), 8, [&](std::size_t begin, std::size_t end) {
        for (std::int64_t b = std::int64_t(begin); b < std::int64_t(end); ++b) {
            const std::int64_t height = std::min(block, rows - b * block);
            for (std::int64_t c = 0; c < columns; c += block) {
                const std::int64_t width = std::min(block, columns - c);
                to.block(b * block, c, height, width) = from.block(b * block, c, height, width);
            }
        }
    });
    return to;
}

// What the program needs and the head has not, in words.
std::vector<std::string> lacking(const HeadModel& head) {
    std::vector<std::string> list;
    for (const HeadRegion region : required_regions)
        if (std::find(head.triangle_region.begin(), head.triangle_region.end(), region) == head.triangle_region.end())
            list.push_back("region '" + std::string(head_region_names[std::size_t(region)]) + "'");
    const HeadJoints& j = head.joints;
    for (const auto& [name, joint] : {std::pair{"neck", j.neck},
                                      {"head", j.head},
                                      {"jaw", j.jaw},
                                      {"eye_left", j.eye_left},
                                      {"eye_right", j.eye_right}})
        if (joint < 0) list.push_back("joint '" + std::string(name) + "'");
    return list;
}

Result<std::shared_ptr<const HeadModel>> read_head(const Safetensors& file) {
    Reader read(file);
    const auto text = [&](const char* key) {
        const auto it = file.metadata().find(key);
        return it == file.metadata().end() ? std::string() : it->second;
    };
    if (text("format") != "likeness-head" || text("version") != "1") return read.bad("format", "something else");

    auto head = std::make_shared<HeadModel>();
    head->name = text("name");
    head->licence = text("licence");
    head->identity_names = read.names("identity_names");
    head->control_names = read.names("control_names");
    head->joint_names = read.names("joint_names");
    const std::vector<std::string> region_names = read.names("region_names");
    if (region_names.size() > most_regions) return read.bad("region_names", "too many names");
    const auto identities = std::int64_t(head->identity_names.size()), controls = std::int64_t(head->control_names.size()),
               joints = std::int64_t(head->joint_names.size());

    const std::vector<float> vertices = read.floats("vertices", {-1, 3});
    const std::int64_t count = std::int64_t(vertices.size()) / 3;
    head->vertices = matrix(vertices, 3, count);
    head->triangles = read.triangles("triangles", count);
    const std::vector<float> uv = read.floats("uv", {-1, 2});
    for (const float u : uv)
        if (!(u >= 0 && u <= 1) && !read.error) read.error = read.bad("uv", "a point outside the unit square");
    for (std::size_t i = 0; i + 1 < uv.size(); i += 2) head->uv.emplace_back(uv[i], uv[i + 1]);
    head->triangle_uv = read.triangles("triangle_uv", std::int64_t(head->uv.size()));
    const std::int64_t faces = std::int64_t(head->triangles.size());
    head->vertex_region =
        read.regions("vertex_region", count, region_names, &OtherRegion::vertices, head->other_regions);
    head->triangle_region =
        read.regions("triangle_region", faces, region_names, &OtherRegion::triangles, head->other_regions);
    read.require(named_region_count + head->other_regions.size() <= most_regions, "region_names");
    head->mirror_vertex = read.ints("mirror_vertex", {count}, 0, count);
    head->identity = transposed(read.floats("identity", {identities, count, 3}), 3 * count, identities);
    head->identity_range = matrix(read.floats("identity_range", {identities, 2}), 2, identities);
    const std::vector<float> expression = read.floats("expression", {-1, count, 3});
    const std::int64_t expressions = count > 0 ? std::int64_t(expression.size()) / (3 * count) : 0;
    auto basis = std::make_shared<ExpressionBasis>();
    basis->targets = matrix(expression, 3 * count, expressions);
    basis->control_map = matrix(read.floats("control_expression", {controls, expressions}), expressions, controls);
    head->expression = std::move(basis);
    if (file.contains("correctives"))
        head->correctives = matrix(read.floats("correctives", {9 * joints, count, 3}), 3 * count, 9 * joints);
    head->control_joint = matrix(read.floats("control_joint", {controls, joints, 3}), 3 * joints, controls);
    head->joint_position = matrix(read.floats("joint_position", {joints, 3}), 3, joints);
    head->joint_identity = matrix(read.floats("joint_identity", {identities, joints, 3}), 3 * joints, identities);
    head->joint_parent = read.ints("joint_parent", {joints}, -1, joints);
    const std::vector<float> limits = read.floats("joint_limit", {joints, 3, 2});
    head->joint_low.resize(3, joints);
    head->joint_high.resize(3, joints);
    for (std::int64_t i = 0; i < joints * 3 && limits.size() == std::size_t(joints) * 6; ++i) {
        head->joint_low(i % 3, i / 3) = limits[std::size_t(2 * i)];
        head->joint_high(i % 3, i / 3) = limits[std::size_t(2 * i + 1)];
    }
    head->weights = matrix(read.floats("weights", {count, joints}), joints, count);
    for (const std::string& suffix : landmark_suffixes(file)) head->embeddings.push_back(read.landmarks(suffix, faces));
    if (read.error) return *read.error;
    read.require(faces == std::int64_t(head->triangle_uv.size()), "triangle_uv");
    for (std::size_t j = 0; j < head->joint_parent.size(); ++j)
        read.require(head->joint_parent[j] < int(j), "joint_parent");
    for (std::size_t v = 0; v < head->mirror_vertex.size(); ++v)
        read.require(head->mirror_vertex[std::size_t(head->mirror_vertex[v])] == int(v), "mirror_vertex");
    // Shares that do not sum to 1 would scale what they share out.
    for (std::int64_t v = 0; v < count && !read.error; ++v)
        if (!(std::abs(head->weights.col(v).sum() - 1) < 1e-3f))
            read.error = read.bad("weights", "shares that do not sum to 1");
    if (!read.error && UvGrid::most_in_a_cell(head->uv, head->triangle_uv, most_in_a_cell) > most_in_a_cell)
        read.error = read.bad("triangle_uv", "triangles that lie over each other");
    if (read.error) return *read.error;
    resolve_names(*head);
    if (const std::vector<std::string> list = lacking(*head); !list.empty()) {
        std::string words;
        for (const std::string& part : list) words += (words.empty() ? "" : ", ") + part;
        return Error{ErrorCode::bad_input, "The head in '" + file.name() + "' cannot be used: it lacks " + words + ".",
                     ""};
    }
    return std::shared_ptr<const HeadModel>(head);
}

}  // namespace

Result<std::shared_ptr<const HeadModel>> load_head(const std::filesystem::path& path) {
    const Result<Safetensors> file = Safetensors::load(path);
    if (!file) return file.error();
    return read_head(*file);
}

Result<std::shared_ptr<const HeadModel>> load_head(std::vector<std::uint8_t> bytes, const std::string& name) {
    const Result<Safetensors> file = Safetensors::load(std::move(bytes), name);
    if (!file) return file.error();
    return read_head(*file);
}

Result<std::shared_ptr<const HeadModel>> load_default_head() {
    const auto path = find_asset("head.safetensors");
    if (!path) return path.error();
    return load_head(*path);
}

}  // namespace likeness
