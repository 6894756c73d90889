#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/avatar/avatar_file.h"
#include "core/formats/safetensors.h"
#include "core/formats/zip.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

using nlohmann::json;

TEST(AvatarFile, RoundTripIsExact) {
    const TemporaryFolder folder("avatar_round");
    for (const bool hair : {false, true}) {
        Avatar avatar = ball_avatar(1, 700, hair);
        Random random(9);
        avatar.add_expressions(random_expressions(*avatar.model, random, 1));
        if (hair) avatar.add_expressions(random_expressions(*avatar.model, random, 2));
        avatar.prepare();
        const auto file = folder.path / "a.likeness";
        ASSERT_TRUE(save_avatar(file, avatar, Image(16, 16, 4, 0.5f)));
        const auto loaded = load_avatar(file, avatar.model);
        ASSERT_TRUE(loaded) << loaded.error().message << " " << loaded.error().detail;
        EXPECT_EQ(loaded->model, avatar.model);
        expect_equal(*loaded, avatar);
        EXPECT_TRUE(loaded->neutral() == avatar.neutral()) << "and prepared";
        // Posed and rendered alike (anchors are found again, so up to rounding).
        const HeadPose& pose = avatar.source->pose;
        const Camera camera = default_camera(avatar, 96, 96);
        const Frame a = render(avatar, pose, camera), b = render(*loaded, pose, camera);
        double sum = 0;
        for (std::size_t i = 0; i < a.color.pixels.size(); ++i) {
            EXPECT_NEAR(a.color.pixels[i], b.color.pixels[i], 2e-3);
            sum += double(a.color.pixels[i]);
        }
        EXPECT_GT(sum, 100) << "something is seen";
        EXPECT_EQ(folder.files(), 1);
    }
}

// Files had one expression target of the person's own, [V, 3], made by the source's controls.
TEST(AvatarFile, TheOwnExpressionOfOlderFilesMeansTheSame) {
    const TemporaryFolder folder("avatar_older");
    Avatar avatar = ball_avatar(4, 60, false);
    avatar.prepare();
    ASSERT_TRUE(save_avatar(folder.path / "new", avatar, {}));
    const Vertices own = 0.7f * avatar.person->offsets.rowwise().reverse();
    const auto zip = ZipReader::open(folder.path / "new");
    ZipWriter older;
    for (const std::string& name : zip->names()) {
        if (name != "person.safetensors") {
            older.add(name, *zip->read(name), ZipWriter::Method::stored);
            continue;
        }
        const auto read = Safetensors::load(*zip->read(name), name);
        SafetensorsWriter person;
        for (const std::string& tensor : read->names()) {
            const TensorView view = *read->tensor(tensor);
            person.add(tensor, view.dtype, view.shape, view.bytes);
        }
        person.add("own_expression", {own.cols(), 3}, std::span<const float>(own.data(), std::size_t(own.size())));
        older.add(name, person.encode(), ZipWriter::Method::stored);
    }
    ASSERT_TRUE(older.save(folder.path / "older"));
    for (const auto& model : {avatar.model, std::shared_ptr<const HeadModel>()}) {
        auto loaded = load_avatar(folder.path / "older", model);
        ASSERT_TRUE(loaded) << loaded.error().message;
        for (const float share : {0.0f, 1.0f, 0.5f}) {
            HeadPose pose = avatar.source->pose;
            pose.controls *= share;
            PersonalHead moved = avatar.head();
            moved.vertices += share * own;
            const Vertices want = pose_head(*avatar.model, moved, pose).vertices,
                           got = pose_head(*loaded->model, loaded->head(), pose).vertices;
            EXPECT_LT((got - want).cwiseAbs().maxCoeff(), model ? 1e-6f : 1e-4f) << "the file's own head is in halves";
        }
        // And once more through this version's file.
        ASSERT_TRUE(save_avatar(folder.path / "again", *loaded, {}));
        const auto again = load_avatar(folder.path / "again", loaded->model);
        ASSERT_TRUE(again) << again.error().message;
        expect_equal(*again, *loaded);
        EXPECT_EQ(again->own_expressions().count(), 1);
    }
}

TEST(Avatar, KeepsItsBasisWhenItsShapeChanges) {
    Avatar avatar = ball_avatar(2, 50, false);
    EXPECT_EQ(avatar.head().expression, avatar.model->expression);
    Random random(3);
    avatar.add_expressions(random_expressions(*avatar.model, random, 2));
    avatar.prepare();
    const auto basis = avatar.head().expression;
    EXPECT_EQ(basis->count(), avatar.model->expression->count() + 2);
    Avatar other = avatar;
    other.person = Person{random_identity(*avatar.model, random), 0.5f * avatar.person->offsets, avatar.person->expression};
    other.prepare();
    EXPECT_EQ(other.head().expression, basis) << "the same pointer: no cache fills anew";
}

TEST(AvatarFile, SavedAgainIsTheSameFile) {
    const TemporaryFolder folder("avatar_again");
    Avatar avatar = ball_avatar(2, 200, true);
    Random random(9);
    avatar.add_expressions(random_expressions(*avatar.model, random, 2));
    avatar.prepare();
    ASSERT_TRUE(save_avatar(folder.path / "a", avatar, {}));
    const auto loaded = load_avatar(folder.path / "a", avatar.model);
    ASSERT_TRUE(loaded);
    ASSERT_TRUE(save_avatar(folder.path / "b", *loaded, {}));
    EXPECT_EQ(content(folder.path / "a"), content(folder.path / "b"));
}

TEST(AvatarFile, HoldsWhatTheDesignSays) {
    const TemporaryFolder folder("avatar_members");
    const Avatar avatar = ball_avatar(2, 100, true);
    ASSERT_TRUE(save_avatar(folder.path / "a", avatar, Image(8, 8, 4, 1.0f)));
    const auto zip = ZipReader::open(folder.path / "a");
    ASSERT_TRUE(zip);
    for (const char* name : {"avatar.json", "person.safetensors", "surface.safetensors", "gaussians.safetensors", "source.json", "head.safetensors",
          "source.png", "thumbnail.png"})
        EXPECT_TRUE(zip->contains(name)) << name;
    const auto text = zip->read("avatar.json");
    const json document = json::parse(text->begin(), text->end());
    EXPECT_EQ(document["format"], "likeness");
    EXPECT_EQ(document["version"], avatar_file_version);
    EXPECT_EQ(document["units"], "m");
    EXPECT_EQ(document["gaussians"], avatar.splats->count);
    EXPECT_EQ(document["head"]["licence"], avatar.model->licence);
    const auto source = zip->read("source.json");
    EXPECT_EQ(json::parse(source->begin(), source->end())["file"], "somebody.png");
    for (const char* part : {"source", "person", "surface", "gaussians"}) EXPECT_EQ(document["parts"][part], 1) << part;
    EXPECT_EQ(document["parts"].size(), 4u) << "what holds nothing is not there";
}

TEST(AvatarFile, EachPartComesBack) {
    const TemporaryFolder folder("avatar_parts");
    const Avatar avatar = everything_avatar(5, 120);
    ASSERT_TRUE(save_avatar(folder.path / "a", avatar, {}));
    const auto loaded = load_avatar(folder.path / "a", avatar.model);
    ASSERT_TRUE(loaded) << loaded.error().message << " " << loaded.error().detail;
    expect_equal(*loaded, avatar);
    EXPECT_TRUE(loaded->neutral() == avatar.neutral()) << "with the identity's change";
    EXPECT_EQ(unknown_parts_sentence(*loaded, "a"), "");
    ASSERT_TRUE(save_avatar(folder.path / "b", *loaded, {}));
    EXPECT_EQ(content(folder.path / "a"), content(folder.path / "b"));
    // With the head inside the file it is seen alike, hair too.
    const auto alone = load_avatar(folder.path / "a", nullptr);
    ASSERT_TRUE(alone) << alone.error().message;
    EXPECT_LT((alone->neutral() - avatar.neutral()).cwiseAbs().maxCoeff(), 1e-4f);
    // A shape that is not prepared yet is saved as it will be.
    Avatar behind = avatar;
    behind.identity_change = IdentityChange{Eigen::VectorXf::Constant(avatar.model->identity_count(), 0.2f)};
    ASSERT_TRUE(save_avatar(folder.path / "c", behind, {}));
    const auto shaped = load_avatar(folder.path / "c", nullptr);
    ASSERT_TRUE(shaped);
    behind.prepare();
    EXPECT_LT((shaped->neutral() - behind.neutral()).cwiseAbs().maxCoeff(), 1e-4f);
}

// What a newer version added is named, kept byte for byte and written back.
TEST(AvatarFile, UnknownPartsAreKept) {
    const TemporaryFolder folder("avatar_unknown_parts");
    const Avatar avatar = everything_avatar(6, 80);
    ASSERT_TRUE(save_avatar(folder.path / "a", avatar, {}));
    const auto rewrite = [&](const std::filesystem::path& from, const std::filesystem::path& to,
                             const std::function<void(std::map<std::string, std::vector<std::uint8_t>>&, json&)>& change) {
        const auto zip = ZipReader::open(from);
        std::map<std::string, std::vector<std::uint8_t>> entries;
        for (const std::string& name : zip->names()) entries[name] = *zip->read(name);
        json document = json::parse(entries["avatar.json"]);
        change(entries, document);
        const std::string text = document.dump();
        entries["avatar.json"] = {text.begin(), text.end()};
        ZipWriter writer;
        for (const auto& [name, bytes] : entries) writer.add(name, bytes);
        ASSERT_TRUE(writer.save(to));
    };
    std::vector<std::uint8_t> noise(5000);
    Random random(1);
    for (std::uint8_t& b : noise) b = std::uint8_t(random());
    rewrite(folder.path / "a", folder.path / "newer", [&](auto& entries, json& document) {
        entries["hat.bin"] = noise;
        entries["hat/0/brim.obj"] = {};
        entries["notes.txt"] = {'h', 'i', '\n', 0, 255};
        document["parts"]["hat"] = 3;
        document["parts"]["light"] = 2;
        entries["light.json"] = {'n', 'e', 'w'};  // of a version that this one cannot read
        entries["light/probe.exr"] = noise;
    });
    auto loaded = load_avatar(folder.path / "newer", avatar.model);
    ASSERT_TRUE(loaded) << loaded.error().message << " " << loaded.error().detail;
    EXPECT_EQ(*loaded->light, Light{});
    const std::string sentence = unknown_parts_sentence(*loaded, "newer");
    for (const char* name : {"newer", "hat", "light", "notes"})
        EXPECT_NE(sentence.find(name), std::string::npos) << sentence;
    EXPECT_EQ(sentence.find("maps"), std::string::npos) << sentence;
    loaded->light = Light{};  // what is known goes on being edited
    loaded->slots = AttributeSlots{};
    ASSERT_TRUE(save_avatar(folder.path / "again", *loaded, {}));
    const auto before = ZipReader::open(folder.path / "newer"), after = ZipReader::open(folder.path / "again");
    ASSERT_TRUE(after);
    for (const char* name : {"hat.bin", "hat/0/brim.obj", "notes.txt", "light.json", "light/probe.exr"}) {
        ASSERT_TRUE(after->contains(name)) << name;
        EXPECT_EQ(*after->read(name), *before->read(name)) << name;
    }
    EXPECT_FALSE(after->contains("slots.json"));
    const auto text = after->read("avatar.json");
    const json parts = json::parse(text->begin(), text->end())["parts"];
    EXPECT_EQ(parts["hat"], 3);
    EXPECT_EQ(parts["light"], 2);
    EXPECT_FALSE(parts.contains("notes"));
    // What an avatar cannot be without is another matter.
    rewrite(folder.path / "a", folder.path / "refused", [&](auto&, json& document) { document["parts"]["gaussians"] = 2; });
    const auto refused = load_avatar(folder.path / "refused", avatar.model);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("newer"), std::string::npos) << refused.error().message;
}

TEST(AvatarFile, UnknownMembersAreKept) {
    const TemporaryFolder folder("avatar_unknown");
    Avatar avatar = ball_avatar(1, 50, false);
    avatar.kept.edit().document =
        json{{"from_the_future", {{"deep", {1, 2, 3}}}}, {"format", "something else"}, {"note", "\u00e4"}}.dump();
    ASSERT_TRUE(save_avatar(folder.path / "a", avatar, {}));
    auto loaded = load_avatar(folder.path / "a", avatar.model);
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_TRUE(save_avatar(folder.path / "b", *loaded, {}));
    loaded = load_avatar(folder.path / "b", avatar.model);
    ASSERT_TRUE(loaded);
    const json document = json::parse(loaded->kept->document);
    EXPECT_EQ(document["from_the_future"]["deep"], json({1, 2, 3}));
    EXPECT_EQ(document["note"], "\u00e4");
    EXPECT_EQ(document["format"], "likeness") << "known ones are ours";
}

TEST(AvatarFile, WithoutTheDefaultHeadItPosesEqually) {
    const TemporaryFolder folder("avatar_own_head");
    const Avatar avatar = ball_avatar(3, 300, true);
    ASSERT_TRUE(save_avatar(folder.path / "a", avatar, {}));
    // Neither no head nor another one may change what is seen.
    for (const std::shared_ptr<const HeadModel>& model : {std::shared_ptr<const HeadModel>(), ball_head(99)}) {
        const auto loaded = load_avatar(folder.path / "a", model);
        ASSERT_TRUE(loaded) << loaded.error().message << loaded.error().detail;
        EXPECT_NE(loaded->model, model);
        Random random(4);
        for (int round = 0; round < 3; ++round) {
            const HeadPose pose = random_pose(*avatar.model, random);
            EXPECT_LT((pose_surface(*loaded, pose) - pose_surface(avatar, pose)).cwiseAbs().maxCoeff(), 1e-4f);
        }
        EXPECT_EQ(loaded->source->pose.controls, avatar.source->pose.controls);
        EXPECT_TRUE(loaded->splats->offset == avatar.splats->offset);
        // And it can be saved again and go on alone.
        ASSERT_TRUE(save_avatar(folder.path / "b", *loaded, {}));
        const auto again = load_avatar(folder.path / "b", nullptr);
        ASSERT_TRUE(again);
        EXPECT_LT((again->neutral() - avatar.neutral()).cwiseAbs().maxCoeff(), 1e-6f);
    }
}

TEST(AvatarFile, AvatarsOnTheSameForeignHeadShareIt) {
    const TemporaryFolder folder("avatar_foreign_head");
    const Avatar avatar = ball_avatar(3, 300, true);
    ASSERT_TRUE(save_avatar(folder.path / "a", avatar, {}));
    HeadRegistry heads(ball_head(99));
    const auto first = load_avatar(folder.path / "a", &heads), second = load_avatar(folder.path / "a", &heads);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->model, second->model);
    // One that was saved on that head finds it by its hash.
    ASSERT_TRUE(save_avatar(folder.path / "b", *first, {}));
    const auto third = load_avatar(folder.path / "b", &heads);
    ASSERT_TRUE(third);
    EXPECT_EQ(third->model, first->model);
    EXPECT_LT((third->neutral() - avatar.neutral()).cwiseAbs().maxCoeff(), 1e-6f);
}

TEST(AvatarFile, RealHeadWithoutTheDefaultHead) {
    const TemporaryFolder folder("avatar_real_head");
    Avatar avatar;
    avatar.model = real_head();
    Random random(5);
    avatar.person.edit().identity = random_identity(*avatar.model, random, 0.2f);
    avatar.person.edit().offsets = Vertices::Zero(3, avatar.model->vertex_count());
    avatar.source.edit().pose = HeadPose::neutral(*avatar.model);
    avatar.prepare();
    avatar.source.edit().camera = default_camera(avatar, 64, 64);
    cover(avatar, 0.01f);
    ASSERT_TRUE(save_avatar(folder.path / "a", avatar, {}));
    const auto loaded = load_avatar(folder.path / "a", nullptr);
    ASSERT_TRUE(loaded) << loaded.error().message;
    const HeadPose pose = random_pose(*avatar.model, random, 0.3f);
    EXPECT_LT((pose_surface(*loaded, pose) - pose_surface(avatar, pose)).cwiseAbs().maxCoeff(), 1e-4f);
    EXPECT_LT((head_middle(*loaded) - head_middle(avatar)).norm(), 1e-5f);
}

TEST(AvatarFile, FailureLeavesTheOldFile) {
    const TemporaryFolder folder("avatar_failure");
    const auto file = folder.path / "a.likeness";
    const Avatar avatar = ball_avatar(1, 500, true);
    ASSERT_TRUE(save_avatar(file, avatar, {}));
    const std::string before = content(file);
    const Avatar other = ball_avatar(2, 900, true);

    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    for (const rlim_t bytes :
         {rlim_t(0), rlim_t(1000), rlim_t(before.size() / 2)}) {  // a disk that is full sooner or later
        const rlimit small{bytes, limit.rlim_max};
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
        const Status saved = save_avatar(file, other, {});
        setrlimit(RLIMIT_FSIZE, &limit);
        ASSERT_FALSE(saved) << bytes;
        EXPECT_EQ(saved.error().code, ErrorCode::io);
        EXPECT_NE(saved.error().message.find("a.likeness"), std::string::npos) << saved.error().message;
        EXPECT_EQ(content(file), before);
        EXPECT_EQ(folder.files(), 1) << "nothing temporary is left";
    }
    std::signal(SIGXFSZ, handler);

    const Status nowhere = save_avatar(folder.path / "no" / "such" / "a.likeness", avatar, {});
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().code, ErrorCode::io);
    std::filesystem::create_directories(folder.path / "d" / "inside");
    ASSERT_FALSE(save_avatar(folder.path / "d", avatar, {}));
    EXPECT_TRUE(std::filesystem::is_directory(folder.path / "d" / "inside"));
    EXPECT_EQ(folder.files(), 2);
    EXPECT_EQ(content(file), before);
}

TEST(AvatarFile, WhatCouldNotBeOpenedIsNotWritten) {
    const TemporaryFolder folder("avatar_not_finite");
    const auto file = folder.path / "a.likeness";
    const Avatar good = everything_avatar(1, 200);
    ASSERT_TRUE(save_avatar(file, good, {}));
    const std::string before = content(file);
    const float wrong[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()};
    const auto refused = [&](const Avatar& avatar, const std::string& what) {
        const Status saved = save_avatar(file, avatar, {});
        ASSERT_FALSE(saved) << what;
        EXPECT_EQ(saved.error().code, ErrorCode::internal) << what;
        EXPECT_NE(saved.error().message.find("a.likeness"), std::string::npos) << saved.error().message;
        EXPECT_EQ(content(file), before) << what;
        EXPECT_EQ(folder.files(), 1) << what;
    };
    for (const float x : wrong) {
        for (const GaussianAttribute& attribute : gaussian_attributes) {
            Avatar avatar = good;
            (avatar.splats.edit().*attribute.values)[7] = x;
            refused(avatar, attribute.name);
        }
        Avatar avatar = good;
        avatar.person.edit().offsets(1, 3) = x;
        refused(avatar, "offsets");
        avatar = good;
        avatar.source.edit().pose.translation[1] = x;
        refused(avatar, "pose");
        avatar = good;
        avatar.source.edit().camera.fx = x;
        refused(avatar, "camera");
        avatar = good;
        avatar.light.edit().exposure = x;
        refused(avatar, "light");
    }
    Avatar outside = good;
    outside.splats.edit().atlas[0].x() = 5;
    refused(outside, "atlas");
    ASSERT_TRUE(save_avatar(file, good, {}));
}

TEST(AvatarFile, NamesThatAreNoTextAreNoObstacle) {
    const TemporaryFolder folder("avatar_bytes");
    Avatar avatar = ball_avatar(1, 50, false);
    avatar.source.edit().file = "caf\xe9.png";
    const auto file = folder.path / "caf\xe9 \xff.likeness";
    ASSERT_TRUE(save_avatar(file, avatar, {}));
    EXPECT_TRUE(load_avatar(file, nullptr));
}

TEST(AvatarFile, NoGaussiansAtAll) {
    const TemporaryFolder folder("avatar_none");
    Avatar avatar = ball_avatar(1, 10, false);
    avatar.splats = {};
    ASSERT_TRUE(save_avatar(folder.path / "a", avatar, {}));
    const auto loaded = load_avatar(folder.path / "a", avatar.model);
    if (!loaded) {
        EXPECT_EQ(loaded.error().code, ErrorCode::bad_input);
        return;
    }
    EXPECT_EQ(loaded->splats->count, 0u);
    const Frame frame = render(*loaded, loaded->source->pose, default_camera(*loaded, 8, 8), {0.25f, 0.5f, 0.75f});
    EXPECT_FLOAT_EQ(frame.color.pixels[2], 0.75f);
}

}  // namespace
}  // namespace likeness::test
