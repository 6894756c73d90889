#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>

#include "core/formats/safetensors.h"
#include "core/head/head_asset.h"
#include "core/head/mediapipe_landmarks.h"
#include "tests/formats/temporary_folder.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

PersonalHead neutral_person(const HeadModel& model) {
    return personalise(model, Eigen::VectorXf::Zero(model.identity_count()));
}

// One tensor on its way from a file to a changed copy of it.
struct Tensor {
    DType dtype;
    Shape shape;
    std::vector<std::byte> bytes;
    template <class T>
    void set(std::size_t index, T value) {
        ASSERT_LE((index + 1) * sizeof(T), bytes.size());
        std::memcpy(bytes.data() + index * sizeof(T), &value, sizeof(T));
    }
};
using Change = std::function<void(std::map<std::string, Tensor>&, std::map<std::string, std::string>&)>;

Bytes changed(const Bytes& file, const Change& change) {
    const auto read = Safetensors::load(file, "original");
    EXPECT_TRUE(read);
    std::map<std::string, Tensor> tensors;
    for (const std::string& name : read->names()) {
        const TensorView view = *read->tensor(name);
        tensors[name] = {view.dtype, view.shape, {view.bytes.begin(), view.bytes.end()}};
    }
    std::map<std::string, std::string> metadata = read->metadata();
    change(tensors, metadata);
    SafetensorsWriter writer;
    for (const auto& [name, t] : tensors) writer.add(name, t.dtype, t.shape, t.bytes);
    for (const auto& [key, value] : metadata) writer.set_metadata(key, value);
    return writer.encode();
}

const Bytes& good() {
    static const Bytes bytes = encode_head(*ball_head(), neutral_person(*ball_head()));
    return bytes;
}

// The sentence with which a changed head is refused.
std::string refused(const Change& change, const std::string& why) {
    const auto head = load_head(changed(good(), change), "hostile.safetensors");
    EXPECT_FALSE(head) << why;
    if (head) return "";
    EXPECT_EQ(head.error().code, ErrorCode::bad_input) << why;
    EXPECT_NE(head.error().message.find("hostile.safetensors"), std::string::npos)
        << why << ": " << head.error().message;
    return head.error().message;
}
std::string lacks(const std::string& what) {
    return "The head in 'hostile.safetensors' cannot be used: it lacks " + what + ".";
}

void expect_equal(const std::vector<LandmarkEmbedding>& a, const std::vector<LandmarkEmbedding>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t e = 0; e < a.size(); ++e) {
        EXPECT_EQ(a[e].scheme, b[e].scheme);
        ASSERT_EQ(a[e].points.size(), b[e].points.size());
        for (std::size_t i = 0; i < a[e].points.size(); ++i) {
            EXPECT_EQ(a[e].points[i].triangle, b[e].points[i].triangle);
            EXPECT_EQ(a[e].points[i].barycentric, b[e].points[i].barycentric);
        }
    }
}

TEST(HeadAsset, RoundTripPosesEqually) {
    for (const auto& head : {ball_head(), bending_head(), real_head()}) {
        Random random(8);
        Vertices offsets(3, head->vertex_count());
        for (Eigen::Index i = 0; i < offsets.size(); ++i) offsets.data()[i] = uniform(random, -0.002f, 0.002f);
        const PersonalHead person = personalise(*head, random_identity(*head, random, 0.3f), &offsets);
        const auto loaded = load_head(encode_head(*head, person), "own");
        ASSERT_TRUE(loaded) << loaded.error().detail;
        const HeadModel& own = **loaded;
        EXPECT_EQ(own.name, head->name);
        EXPECT_EQ(own.licence, head->licence);
        EXPECT_EQ(own.identity_count(), 0);
        EXPECT_EQ(own.control_names, head->control_names);
        EXPECT_EQ(own.joint_names, head->joint_names);
        EXPECT_EQ(own.vertex_region, head->vertex_region);
        EXPECT_EQ(own.triangle_region, head->triangle_region);
        EXPECT_EQ(own.mirror_vertex, head->mirror_vertex);
        EXPECT_TRUE(own.triangles == head->triangles && own.triangle_uv == head->triangle_uv && own.uv == head->uv);
        EXPECT_EQ(own.joint_low, head->joint_low);
        EXPECT_EQ(own.joint_high, head->joint_high);
        EXPECT_EQ(own.weights, head->weights);
        expect_equal(own.embeddings, head->embeddings);
        for (int round = 0; round < 3; ++round) {
            const HeadPose pose = random_pose(*head, random);
            const Vertices a = pose_head(*head, person, pose).vertices;
            const Vertices b = pose_head(own, neutral_person(own), pose).vertices;
            EXPECT_LT((a - b).cwiseAbs().maxCoeff(), 1e-4f) << "expressions are stored in half precision";
        }
    }
}

TEST(HeadAsset, LandmarksOfSeveralSchemesOrNone) {
    HeadModel head = *ball_head();
    head.embeddings.push_back({"nose-and-chin-2", {{3, {1, 0, 0}}, {7, {0.5f, 0.25f, 0.25f}}}});
    auto loaded = load_head(encode_head(head, neutral_person(head)), "two schemes");
    ASSERT_TRUE(loaded) << loaded.error().detail;
    expect_equal((*loaded)->embeddings, head.embeddings);
    EXPECT_EQ((*loaded)->landmarks("nose-and-chin-2").size(), 2u);
    EXPECT_EQ((*loaded)->landmarks(landmarks::scheme).size(), std::size_t(landmarks::count));
    EXPECT_TRUE((*loaded)->landmarks("of nobody").empty());
    head.embeddings.clear();
    loaded = load_head(encode_head(head, neutral_person(head)), "without");
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_TRUE((*loaded)->landmarks(landmarks::scheme).empty());
}

TEST(HeadAsset, MediaPipesLandmarksAreAllThereOrNone) {
    HeadModel head = *ball_head();
    head.embeddings.front().points.pop_back();
    const auto loaded = load_head(encode_head(head, neutral_person(head)), "one less");
    ASSERT_FALSE(loaded);
    refused(
        [](auto& t, auto&) {  // under the name that another scheme would have
            for (const std::string tensor : {"landmark_triangle", "landmark_barycentric"}) {
                Tensor& from = t[tensor];
                from.bytes.resize(from.bytes.size() / std::size_t(from.shape[0]));
                from.shape[0] = 1;
                t[tensor + "." + std::string(landmarks::scheme)] = from;
                t.erase(tensor);
            }
        },
        "a scheme with another number of points");
}

TEST(HeadAsset, MoreRegionsThanAByteNumbers) {
    refused(
        [](auto&, auto& m) {
            std::string& names = m["region_names"];
            names.pop_back();
            for (int i = 0; i < 300; ++i) names += ", \"more\"";
            names += "]";
        },
        "300 regions");
}

TEST(HeadAsset, AnAtlasThatLeavesItsSquareOrLiesOverItself) {
    for (const float u : {-0.01f, 1.01f, 1e30f})
        refused([&](auto& t, auto&) { t["uv"].template set<float>(7, u); }, "a point at " + std::to_string(u));
    const auto with_more = [](int more) {
        HeadModel head = *ball_head();
        for (int i = 0; i < more; ++i) {
            head.triangles.push_back(head.triangles[0]);
            head.triangle_uv.push_back(head.triangle_uv[0]);
            head.triangle_region.push_back(head.triangle_region[0]);
        }
        return load_head(encode_head(head, neutral_person(head)), "more");
    };
    EXPECT_TRUE(with_more(10));
    const auto many = with_more(2000);
    ASSERT_FALSE(many);
    EXPECT_NE(many.error().detail.find("lie over each other"), std::string::npos) << many.error().detail;
}

TEST(HeadAsset, FromAFile) {
    const TemporaryFolder folder("head_asset");
    const auto missing = load_head(folder.path / "none.safetensors");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    EXPECT_FALSE(load_head(folder.path));
}

TEST(HeadAsset, OtherFormatsAndVersions) {
    refused([](auto&, auto& m) { m["version"] = "2"; }, "a newer version");
    refused([](auto&, auto& m) { m["version"] = "1.0"; }, "an odd version");
    refused([](auto&, auto& m) { m.erase("version"); }, "no version");
    refused([](auto&, auto& m) { m["format"] = "likeness-avatar"; }, "another format");
    refused([](auto&, auto& m) { m.clear(); }, "no metadata");
}

TEST(HeadAsset, NamesThatAreNoNames) {
    for (const char* key : {"control_names", "joint_names", "region_names", "identity_names"}) {
        refused([&](auto&, auto& m) { m.erase(key); }, std::string("no ") + key);
        for (const char* text : {"", "nonsense", "{}", "[1, 2]", "\"a\"", "[\"a\"", "[[]]", "null"})
            refused([&](auto&, auto& m) { m[key] = text; }, std::string(key) + " " + text);
        refused([&](auto&, auto& m) { m[key] = "[\"one\", \"two\", \"three\"]"; },
                std::string("too few or many ") + key);
    }
}

// The file's name for something, changed.
Change renamed(const std::string& key, const std::string& from, const std::string& to) {
    return [=](auto&, auto& m) {
        std::string& names = m[key];
        const auto at = names.find("\"" + from + "\"");
        ASSERT_NE(at, std::string::npos) << from;
        names.replace(at + 1, from.size(), to);
    };
}

TEST(HeadAsset, AHeadThatLacksSomethingIsRefusedByName) {
    for (const std::string joint : {"neck", "head", "jaw", "eye_left", "eye_right"})
        EXPECT_EQ(refused(renamed("joint_names", joint, "X"), "no joint"), lacks("joint '" + joint + "'"));
    for (const std::string region : {"face", "lips", "scalp", "eye_left", "eye_right"})
        EXPECT_EQ(refused(renamed("region_names", region, "X"), "no region"), lacks("region '" + region + "'"));
    const std::string both = refused(
        [](auto& t, auto& m) {
            for (const char* region : {"lips", "scalp"}) renamed("region_names", region, "hat")(t, m);
            renamed("joint_names", "jaw", "chin")(t, m);
        },
        "all at once");
    EXPECT_EQ(both, lacks("region 'lips', region 'scalp', joint 'jaw'"));
}

TEST(HeadAsset, ARegionThatIsNotKnownKeepsItsName) {
    const auto first_torso = [](const HeadModel& head) {
        return std::find(head.triangle_region.begin(), head.triangle_region.end(), HeadRegion::torso) -
               head.triangle_region.begin();
    };
    const int triangle = int(first_torso(*ball_head()));
    Bytes bytes = changed(good(), renamed("region_names", "torso", "cape"));
    bytes = changed(bytes, renamed("region_names", "neck", "collar"));
    for (int round = 0; round < 2; ++round) {  // and again when it was written back
        const auto loaded = load_head(bytes, "caped");
        ASSERT_TRUE(loaded) << loaded.error().message;
        const HeadModel& head = **loaded;
        EXPECT_EQ(head.triangle_region[std::size_t(triangle)], HeadRegion::other);
        EXPECT_EQ(head.region_name(triangle), "cape");
        EXPECT_EQ(head.region_name(0), "scalp");
        ASSERT_EQ(head.other_regions.size(), 2u);
        EXPECT_EQ(head.other_regions[0].vertices.size() + head.other_regions[1].vertices.size(),
                  std::size_t(std::count(head.vertex_region.begin(), head.vertex_region.end(), HeadRegion::other)));
        bytes = encode_head(head, neutral_person(head));
    }
    EXPECT_EQ(first_torso(**load_head(bytes, "caped")), std::ptrdiff_t(ball_head()->triangles.size()));
}

TEST(HeadAsset, EachTensorIsNeededInItsShape) {
    const auto read = Safetensors::load(good(), "good");
    ASSERT_TRUE(read);
    for (const std::string& name : read->names()) {
        refused([&](auto& t, auto&) { t.erase(name); }, "without " + name);
        refused(
            [&](auto& t, auto&) {
                t[name].shape = {std::int64_t(t[name].bytes.size() / dtype_size(t[name].dtype)), 1, 1, 1};
            },
            name + " of another rank");
        if (name != "uv")  // of which there may be more than are used
            refused(
                [&](auto& t, auto&) {  // one row more
                    Tensor& tensor = t[name];
                    std::size_t row = dtype_size(tensor.dtype);
                    for (std::size_t k = 1; k < tensor.shape.size(); ++k) row *= std::size_t(tensor.shape[k]);
                    tensor.shape[0] += 1;
                    tensor.bytes.resize(tensor.bytes.size() + row);
                },
                name + " with one row more");
        if (read->tensor(name)->shape[0] > 0)
            refused(
                [&](auto& t, auto&) {
                    Tensor& tensor = t[name];
                    tensor.bytes.resize(tensor.bytes.size() - tensor.bytes.size() / std::size_t(tensor.shape[0]));
                    tensor.shape[0] -= 1;
                },
                name + " with one row less");
        if (read->tensor(name)->dtype != DType::u8)
            refused(
                [&](auto& t, auto&) {  // floats as integers and the other way round
                    DType& d = t[name].dtype;
                    d = d == DType::i32 ? DType::f32 : d == DType::f32 ? DType::u32 : DType::i16;
                },
                name + " of another type");
    }
}

TEST(HeadAsset, NumbersThatAreNone) {
    const auto read = Safetensors::load(good(), "good");
    for (const std::string& name : read->names()) {
        const TensorView view = *read->tensor(name);
        if (view.count() == 0) continue;
        const std::size_t last = view.count() - 1;
        for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                                  -std::numeric_limits<float>::infinity()}) {
            if (view.dtype == DType::f32) refused([&](auto& t, auto&) { t[name].set(last, value); }, name);
            if (view.dtype == DType::f16)
                refused([&](auto& t, auto&) { t[name].set(last, std::uint16_t(value > 0 ? 0x7c00 : 0xfe00)); }, name);
        }
    }
}

TEST(HeadAsset, IndicesOutOfRange) {
    const auto owner = ball_head();
    const HeadModel& head = *owner;
    const int vertices = head.vertex_count(), faces = int(head.triangles.size());
    const auto out = [&](const std::string& name, std::initializer_list<std::int32_t> values) {
        for (std::int32_t value : values)
            refused([&](auto& t, auto&) { t[name].set(t[name].bytes.size() / 4 - 1, value); },
                    name + " " + std::to_string(value));
    };
    constexpr auto large = std::numeric_limits<std::int32_t>::max(), small = std::numeric_limits<std::int32_t>::min();
    out("triangles", {-1, vertices, large, small});
    out("triangle_uv", {-1, int(head.uv.size()), large, small});
    out("mirror_vertex", {-1, vertices, large, 0});  // 0 is in range, but no involution
    out("landmark_triangle", {-1, faces, large, small});
    out("joint_parent", {-2, 6, 5, large});  // 5 is the joint itself
    for (const char* name : {"vertex_region", "triangle_region"})
        for (const int value : {int(named_region_count), 255})
            refused([&](auto& t, auto&) { t[name].set(0, std::uint8_t(value)); },
                    std::string(name) + " " + std::to_string(value));
}

TEST(HeadAsset, ValuesThatWouldPoseNonsense) {
    refused([](auto& t, auto&) { t["weights"].set(0, 7.0f); }, "weights that do not sum to 1");
    refused([](auto& t, auto&) { t["landmark_barycentric"].set(0, 7.0f); }, "barycentrics that do not sum to 1");
}

TEST(HeadAsset, CutOffAnywhere) {
    const Bytes& file = good();
    for (std::size_t i = 0; i < 60; ++i) {
        const std::size_t length = file.size() * i / 60;
        EXPECT_FALSE(load_head(Bytes(file.begin(), file.begin() + std::ptrdiff_t(length)), "cut")) << length;
    }
    EXPECT_FALSE(load_head(Bytes(file.begin(), file.end() - 1), "cut"));
}

TEST(HeadAsset, FlippedBytesNeverCrash) {
    Random random(12);
    int loaded = 0;
    for (int round = 0; round < 200; ++round) {
        Bytes file = good();
        const std::size_t range = round % 2 ? file.size() : 3000;  // half of them in the header
        for (int k = 0; k <= round % 4; ++k) file[random() % range] ^= std::uint8_t(1 + random() % 255);
        const auto head = load_head(std::move(file), "flipped");
        if (!head) {
            EXPECT_FALSE(head.error().message.empty());
            continue;
        }
        ++loaded;
        const Vertices posed = pose_head(**head, neutral_person(**head), HeadPose::neutral(**head)).vertices;
        EXPECT_EQ(posed.cols(), (*head)->vertex_count());
    }
    EXPECT_LT(loaded, 140) << "flips in the header are noticed";
}

}  // namespace
}  // namespace likeness::test
