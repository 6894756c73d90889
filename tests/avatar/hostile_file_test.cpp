// Files that are not what they claim: each is refused with a sentence that names it, or (where the change means
// nothing) loads; none crashes, also when it is looked at.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/avatar/avatar_file.h"
#include "core/formats/safetensors.h"
#include "core/formats/zip.h"
#include "core/image/save.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

using nlohmann::json;
using Bytes = std::vector<std::uint8_t>;
using Entries = std::map<std::string, Bytes>;

const std::filesystem::path& folder_path() {
    static const TemporaryFolder folder("avatar_hostile");
    return folder.path;
}
const Avatar& original() {
    static const Avatar avatar = everything_avatar(7, 150);
    return avatar;
}
const Bytes& good_file() {
    static const Bytes bytes = [] {
        const auto file = folder_path() / "good.likeness";
        EXPECT_TRUE(save_avatar(file, original(), Image(8, 8, 4, 0.5f)));
        std::ifstream in(file, std::ios::binary);
        return Bytes(std::istreambuf_iterator<char>(in), {});
    }();
    return bytes;
}

Result<Avatar> load_bytes(const Bytes& bytes, std::shared_ptr<const HeadModel> model) {
    const auto file = folder_path() / "hostile.likeness";
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    return load_avatar(file, std::move(model));
}

void expect_refused(const Result<Avatar>& result, const std::string& why) {
    ASSERT_FALSE(result) << why;
    EXPECT_EQ(result.error().code, ErrorCode::bad_input) << why << ": " << result.error().message;
    const std::string& message = result.error().message;
    EXPECT_NE(message.find("hostile.likeness"), std::string::npos) << why << ": " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << why << ": " << message;
}

// A valid zip with changed entries.
Bytes rewritten(const std::function<void(Entries&)>& change) {
    const auto zip = ZipReader::open(good_file(), "good");
    Entries entries;
    for (const std::string& name : zip->names()) entries[name] = *zip->read(name);
    change(entries);
    ZipWriter writer;
    for (const auto& [name, bytes] : entries) writer.add(name, bytes, ZipWriter::Method::stored);
    EXPECT_TRUE(writer.save(folder_path() / "rewritten"));
    std::ifstream in(folder_path() / "rewritten", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void refused(const std::string& why, const std::function<void(Entries&)>& change,
             std::shared_ptr<const HeadModel> model = original().model) {
    expect_refused(load_bytes(rewritten(change), std::move(model)), why);
}
void refused_json(const std::string& why, const std::function<void(json&)>& change, const char* entry = "avatar.json") {
    refused(why, [&](Entries& entries) {
        json document = json::parse(entries[entry]);
        change(document);
        const std::string text = document.dump();
        entries[entry] = Bytes(text.begin(), text.end());
    });
}

struct Tensor {
    DType dtype;
    Shape shape;
    std::vector<std::byte> bytes;
    void set(std::size_t index, float value) { std::memcpy(bytes.data() + index * 4, &value, 4); }
};
using Tensors = std::map<std::string, Tensor>;
void change_tensors(Bytes& file, const std::function<void(Tensors&)>& change) {
    const auto read = Safetensors::load(file, "entry");
    Tensors tensors;
    for (const std::string& name : read->names()) {
        const TensorView view = *read->tensor(name);
        tensors[name] = {view.dtype, view.shape, {view.bytes.begin(), view.bytes.end()}};
    }
    change(tensors);
    SafetensorsWriter writer;
    for (const auto& [name, t] : tensors) writer.add(name, t.dtype, t.shape, t.bytes);
    for (const auto& [key, value] : read->metadata()) writer.set_metadata(key, value);
    file = writer.encode();
}
void refused_tensors(const std::string& why, const char* entry, const std::function<void(Tensors&)>& change) {
    refused(why, [&](Entries& entries) { change_tensors(entries[entry], change); });
}

const char* home_of(const std::string& tensor) {
    return tensor.starts_with("hair") ? "surface.safetensors" : "person.safetensors";
}

TEST(HostileAvatar, TheOriginalLoads) {
    const auto loaded = load_bytes(good_file(), original().model);
    ASSERT_TRUE(loaded) << loaded.error().message;
    expect_equal(*loaded, original());
    ASSERT_TRUE(load_bytes(rewritten([](Entries&) {}), original().model));
}

TEST(HostileAvatar, MissingAndForeign) {
    const auto missing = load_avatar(folder_path() / "nothing.likeness", nullptr);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    EXPECT_FALSE(load_avatar(folder_path(), nullptr)) << "a folder";
    expect_refused(load_bytes({}, nullptr), "empty");
    const std::string text = "This is a letter, not an avatar.\n";
    expect_refused(load_bytes(Bytes(text.begin(), text.end()), nullptr), "text");
    refused("a foreign zip", [](Entries& e) { e = {{"readme.txt", {'h', 'i'}}}; });
    refused("an empty zip with another json", [](Entries& e) { e = {{"avatar.json", {'{', '}'}}}; });
}

TEST(HostileAvatar, CutOffAnywhere) {
    const Bytes& file = good_file();
    for (std::size_t i = 0; i < 80; ++i) {
        const std::size_t length = file.size() * i / 80;
        expect_refused(load_bytes(Bytes(file.begin(), file.begin() + std::ptrdiff_t(length)), original().model),
                       "cut to " + std::to_string(length));
    }
    for (std::size_t less : {1u, 2u, 10u, 22u})
        expect_refused(load_bytes(Bytes(file.begin(), file.end() - std::ptrdiff_t(less)), original().model),
                       "cut by " + std::to_string(less));
}

TEST(HostileAvatar, FlippedBytes) {
    Random random(2024);
    int refusals = 0;
    for (int round = 0; round < 100; ++round) {
        Bytes file = good_file();
        for (int k = 0; k <= round % 3; ++k) file[random() % file.size()] ^= std::uint8_t(1 + random() % 255);
        const auto loaded = load_bytes(file, round % 2 ? original().model : nullptr);
        if (loaded) {
            // Only what means nothing (a date, a version field) may differ unnoticed: checksums cover the rest.
            EXPECT_TRUE(loaded->splats->offset == original().splats->offset &&
                        loaded->splats->albedo == original().splats->albedo);
            EXPECT_EQ(loaded->hair().vertices, original().hair().vertices);
            continue;
        }
        ++refusals;
        expect_refused(loaded, "round " + std::to_string(round));
    }
    EXPECT_GE(refusals, 90);
}

TEST(HostileAvatar, VersionsAndFeatures) {
    refused_json("a newer version", [](json& d) { d["version"] = avatar_file_version + 1; });
    refused_json("a version of another type", [](json& d) { d["version"] = "1"; });
    refused_json("no version", [](json& d) { d.erase("version"); });
    refused_json("an unknown feature", [](json& d) { d["required_features"] = {"wings"}; });
    refused_json("features of another type", [](json& d) { d["required_features"] = 3; });
    refused_json("another format", [](json& d) { d["format"] = "unlikeness"; });
    refused_json("a format of another type", [](json& d) { d["format"] = 4; });
    const auto newer = load_bytes(rewritten([](Entries& e) {
                                      json d = json::parse(e["avatar.json"]);
                                      d["version"] = 99;
                                      const std::string text = d.dump();
                                      e["avatar.json"] = Bytes(text.begin(), text.end());
                                  }),
                                  original().model);
    ASSERT_FALSE(newer);
    EXPECT_NE(newer.error().message.find("newer"), std::string::npos) << newer.error().message;
}

TEST(HostileAvatar, MembersOfTheDocument) {
    for (const char* member : {"parts", "head"}) {
        refused_json(std::string("no ") + member, [&](json& d) { d.erase(member); });
        for (const json& other : {json(), json(3), json("x"), json::array()})
            refused_json(std::string(member) + " is " + other.dump(), [&](json& d) { d[member] = other; });
    }
    refused_json("a part's version that is text", [](json& d) { d["parts"]["light"] = "new"; });
    const auto refused_source = [](const char* why, const std::function<void(json&)>& change) {
        refused_json(why, change, "source.json");
    };
    for (const char* member : {"camera", "pose"}) refused_source(member, [&](json& d) { d.erase(member); });
    refused_source("camera without size", [](json& d) { d["camera"]["width"] = 0; });
    refused_source("a huge translation", [](json& d) { d["pose"]["translation"][1] = 1e300; });
    refused_source("a control that is text", [](json& d) { d["pose"]["controls"]["jawOpen"] = "wide"; });
    refused_source("a joint of two numbers", [](json& d) { d["pose"]["joints"]["head"] = {1, 2}; });
    refused_source("a file that is a number", [](json& d) { d["file"] = 7; });
    for (const json& points :
         {json(7), json::array(), json::array({json::array({1, 2, 3})}),
          json(std::vector<json>(478, json::array({1, 2}))), json(std::vector<json>(478, json::array({1, 2, 1e300}))),
          json(std::vector<json>(478, json("x")))})
        refused_source("landmarks", [&](json& d) { d["landmarks"] = points; });
    for (const json& size : {json(0), json(-4), json(1 << 20), json(257), json(2048), json("256"), json()})
        refused_json("a map's size", [&](json& d) { d["side"] = size; }, "maps.json");
    for (const json& squares : {json(0), json(1), json(3), json("2")})
        refused_json("a map's squares", [&](json& d) { d["squares"] = squares; }, "maps.json");
    const auto refused_paint = [](const char* what, const std::function<void(json&)>& damage) {
        refused_json(what, damage, "paint.json");
    };
    refused_paint("a layer without its texels", [](json& d) { d["layers"][0]["texels"] = "paint/9.safetensors"; });
    refused_paint("a layer without its sticker", [](json& d) { d["layers"][1]["sticker"]["picture"] = "paint/9.png"; });
    refused_paint("a layer that is no object", [](json& d) { d["layers"][0] = 3; });
    refused_paint("an opacity that is text", [](json& d) { d["layers"][0]["opacity"] = "half"; });
    refused_paint("an unknown blend mode", [](json& d) { d["layers"][0]["blend"] = "dodge"; });
    refused_paint("two layers of one number", [](json& d) { d["layers"][0]["id"] = 5; });
    refused_paint("no number", [](json& d) { d["layers"][0]["id"] = 0; });
    refused_paint("too many layers", [](json& d) { d["layers"] = json::array_t(1001, d["layers"][2]); });
    refused_paint("no layers", [](json& d) { d = json::array(); });
    refused_json("no maps", [](json& d) { d = json::array(); }, "maps.json");
    refused_json("a code that is huge", [](json& d) { d["slots"][0]["code"][1] = 1e300; }, "slots.json");
    refused_json("a slot without a name", [](json& d) { d["slots"][0].erase("name"); }, "slots.json");
    refused_json("eight harmonics", [](json& d) { d["harmonics"].erase(3); }, "light.json");
    refused_json("no exposure", [](json& d) { d["exposure"] = nullptr; }, "light.json");
    refused("a document that is no JSON", [](Entries& e) { e["avatar.json"] = {'{', '"'}; });
    refused("a document that is a list", [](Entries& e) { e["avatar.json"] = {'[', ']'}; });
    refused("a document of depth 100,000", [](Entries& e) { e["avatar.json"] = Bytes(100'000, '['); });
}

TEST(HostileAvatar, MapsOfAnotherKind) {
    const auto tensor = [](DType type, const Shape& shape, std::size_t bytes) {
        SafetensorsWriter writer;
        writer.add("albedo", type, shape, std::vector<std::byte>(bytes));
        return writer.encode();
    };
    const auto refused_map = [&](const char* why, const Bytes& map) {
        refused(why, [&](Entries& e) { e["maps/albedo.safetensors"] = map; });
    };
    constexpr std::size_t texels = 2 * 256 * 256;
    refused_map("floats", tensor(DType::f32, {2, 256, 256, 3}, texels * 12));
    refused_map("a channel too few", tensor(DType::f16, {2, 256, 256, 2}, texels * 4));
    refused_map("more than its size", tensor(DType::f16, {2, 1024, 1024, 3}, 16 * texels * 6));
    refused_map("no tensor", {1, 2, 3});
    Bytes infinite = tensor(DType::f16, {2, 256, 256, 3}, texels * 6);
    infinite[infinite.size() - 1] = 0x7c;
    refused_map("a value that is not finite", infinite);
    refused("a map is missing", [](Entries& e) { e.erase("maps/offset.safetensors"); });
}

TEST(HostileAvatar, PaintThatIsNowhere) {
    // One tile, its key as in core/avatar/paint_file.cpp: block, level, column, row.
    const auto with_tiles = [](const std::vector<std::uint8_t>& keys, std::int64_t tiles) {
        return [=](Entries& e) {
            SafetensorsWriter paint;
            paint.add("tiles_keys", {std::int64_t(keys.size() / 5), 5}, std::span<const std::uint8_t>(keys));
            paint.add("tiles", {tiles, 64, 64, 4},
                      std::span<const std::uint8_t>(Bytes(std::size_t(tiles) * 64 * 64 * 4)));
            e["paint/2.safetensors"] = paint.encode();
        };
    };
    refused("a block that there is not", with_tiles({0, 2, 0, 0, 0}, 1));
    refused("a level that there is not", with_tiles({0, 0, 6, 0, 0}, 1));
    refused("a column that there is not", with_tiles({0, 0, 1, 2, 0}, 1));
    refused("a row that there is not", with_tiles({0, 0, 1, 0, 2}, 1));
    refused("two levels in one block", with_tiles({0, 0, 1, 0, 0, 0, 0, 2, 0, 0}, 2));
    refused("a key without its tile", with_tiles({0, 0, 1, 0, 0, 1, 0, 1, 0, 0}, 1));
}

TEST(HostileAvatar, MissingEntries) {
    for (const char* name : {"avatar.json", "gaussians.safetensors", "person.safetensors", "surface.safetensors", "source.json"})
        refused(std::string("without ") + name, [&](Entries& e) { e.erase(name); });
    refused(
        "without its head", [](Entries& e) { e.erase("head.safetensors"); }, nullptr);
    refused(
        "with half a head", [](Entries& e) { e["head.safetensors"].resize(e["head.safetensors"].size() / 2); },
        nullptr);
    refused("with a source that is no picture", [](Entries& e) { e["source.png"] = Bytes(100, 'x'); });
    refused("with half a source", [](Entries& e) { e["source.png"].resize(e["source.png"].size() / 2); });
}

TEST(HostileAvatar, CountsAndValues) {
    for (const char* name : {"atlas", "layer", "offset", "log_scale", "rotation", "albedo", "opacity"}) {
        refused_tensors(std::string("without ") + name, "gaussians.safetensors", [&](Tensors& t) { t.erase(name); });
        refused_tensors(std::string("one Gaussian less in ") + name, "gaussians.safetensors", [&](Tensors& t) {
            t[name].bytes.resize(t[name].bytes.size() - t[name].bytes.size() / std::size_t(t[name].shape[0]));
            t[name].shape[0] -= 1;
        });
        if (std::string(name) == "layer") continue;
        for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
            refused_tensors(std::string(name) + " is no number", "gaussians.safetensors",
                            [&](Tensors& t) { t[name].set(5, value); });
    }
    for (const float value : {-0.01f, 2.01f, 1e30f})
        refused_tensors("an anchor outside the atlas", "gaussians.safetensors",
                        [&](Tensors& t) { t["atlas"].set(4, value); });
    refused_tensors("an unknown layer", "gaussians.safetensors", [](Tensors& t) { t["layer"].bytes[3] = std::byte(6); });
    for (const char* name : {"identity", "offsets", "hair_vertices", "hair_weights"}) {
        const char* const entry = home_of(name);
        refused_tensors(std::string("without ") + name, entry, [&](Tensors& t) { t.erase(name); });
        refused_tensors(std::string("one row less in ") + name, entry, [&](Tensors& t) {
            t[name].bytes.resize(t[name].bytes.size() - t[name].bytes.size() / std::size_t(t[name].shape[0]));
            t[name].shape[0] -= 1;
        });
        for (const float value : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()})
            refused_tensors(std::string(name) + " is no number", entry,
                            [&](Tensors& t) { t[name].set(2, value); });
    }
}

// Finite, of the right shape, and absurd: these load or are refused, and whatever loads can be rendered.
TEST(HostileAvatar, AbsurdValuesCanBeLookedAt) {
    const auto look = [](const Bytes& file, const std::string& why) {
        auto loaded = load_bytes(file, original().model);
        if (!loaded) return expect_refused(loaded, why);
        for (const Camera& camera : {loaded->source->camera.resized(24, 24), default_camera(*loaded, 24, 24)}) {
            const Frame frame = render(*loaded, loaded->source->pose, camera);
            for (float p : frame.color.pixels) ASSERT_TRUE(std::isfinite(p)) << why;
            for (float a : frame.alpha.pixels) ASSERT_TRUE(a >= 0 && a <= 1.0001f) << why;
        }
    };
    for (const char* name : {"offset", "log_scale", "rotation", "albedo", "opacity"})
        for (const float value : {1e38f, -1e38f, 100.0f, -100.0f, 0.0f, 1e-40f}) {
            const std::string why = std::string(name) + " " + std::to_string(value);
            look(rewritten([&](Entries& e) {
                     change_tensors(e["gaussians.safetensors"], [&](Tensors& t) {
                         for (std::size_t i = 0; i < 40; ++i) t[name].set(i, value);
                     });
                 }),
                 why);
        }
    for (const char* name : {"identity", "offsets", "hair_vertices", "hair_weights"})
        for (const float value : {1e38f, -1e20f, 1000.0f}) {
            const std::string why = std::string(name) + " " + std::to_string(value);
            look(rewritten([&](Entries& e) {
                     change_tensors(e[home_of(name)], [&](Tensors& t) { t[name].set(1, value); });
                 }),
                 why);
        }
    Random random(11);
    for (int round = 0; round < 40; ++round) {
        const char* entry = round % 2 ? "gaussians.safetensors" : "person.safetensors";
        look(rewritten([&](Entries& e) {
                 Bytes& bytes = e[entry];
                 for (int k = 0; k < 8; ++k)
                     bytes[1000 + random() % (bytes.size() - 1000)] ^= std::uint8_t(1u << (random() % 8));
             }),
             std::string(entry) + " flipped, round " + std::to_string(round));
    }
}

// A file goes to other machines, where its own head is all there is.
TEST(HostileAvatar, DamageInItsOwnHeadIsNoticedAlsoWhereTheHeadIsKnown) {
    expect_refused(load_bytes(rewritten([](Entries& e) { e.erase("head.safetensors"); }), original().model), "no head");
    expect_refused(load_bytes(rewritten([](Entries& e) {
                                  Bytes& head = e.at("head.safetensors");
                                  head.resize(head.size() / 2);
                              }),
                              original().model),
                   "half a head");
    Bytes flipped = good_file();  // as a bad disk does: the archive's checksum tells
    const std::string name = "head.safetensors";
    const auto at = std::search(flipped.begin(), flipped.end(), name.begin(), name.end());
    ASSERT_NE(at, flipped.end());
    at[2000] ^= 0x10;
    expect_refused(load_bytes(flipped, original().model), "a flipped bit");
}

}  // namespace
}  // namespace likeness::test
