#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/avatar/avatar_file.h"
#include "core/formats/safetensors.h"
#include "core/formats/zip.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

using nlohmann::json;

std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

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
        EXPECT_EQ(loaded->neutral, avatar.neutral) << "and prepared";
        // Posed and rendered alike (anchors are found again, so up to rounding).
        const HeadPose& pose = avatar.source.pose;
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
    const Vertices own = 0.7f * avatar.offsets.rowwise().reverse();
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
            HeadPose pose = avatar.source.pose;
            pose.controls *= share;
            PersonalHead moved = avatar.person;
            moved.vertices += share * own;
            const Vertices want = pose_head(*avatar.model, moved, pose).vertices,
                           got = pose_head(*loaded->model, loaded->person, pose).vertices;
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
    EXPECT_EQ(avatar.person.expression, avatar.model->expression);
    Random random(3);
    avatar.add_expressions(random_expressions(*avatar.model, random, 2));
    avatar.prepare();
    const auto basis = avatar.person.expression;
    EXPECT_EQ(basis->count(), avatar.model->expression->count() + 2);
    Avatar other = avatar;
    other.identity = random_identity(*avatar.model, random);
    other.offsets *= 0.5f;
    other.prepare();
    EXPECT_EQ(other.person.expression, basis) << "the same pointer: no cache fills anew";
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
    for (const char* name : {"avatar.json", "splats.safetensors", "head.safetensors", "source.png", "thumbnail.png"})
        EXPECT_TRUE(zip->contains(name)) << name;
    const auto text = zip->read("avatar.json");
    const json document = json::parse(text->begin(), text->end());
    EXPECT_EQ(document["format"], "likeness");
    EXPECT_EQ(document["version"], avatar_file_version);
    EXPECT_EQ(document["units"], "m");
    EXPECT_EQ(document["gaussians"], avatar.splats.count);
    EXPECT_EQ(document["head"]["licence"], avatar.model->licence);
    EXPECT_EQ(document["source"]["file"], "somebody.png");
}

TEST(AvatarFile, UnknownMembersAreKept) {
    const TemporaryFolder folder("avatar_unknown");
    Avatar avatar = ball_avatar(1, 50, false);
    avatar.document =
        json{{"from_the_future", {{"deep", {1, 2, 3}}}}, {"format", "something else"}, {"note", "\u00e4"}}.dump();
    ASSERT_TRUE(save_avatar(folder.path / "a", avatar, {}));
    auto loaded = load_avatar(folder.path / "a", avatar.model);
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_TRUE(save_avatar(folder.path / "b", *loaded, {}));
    loaded = load_avatar(folder.path / "b", avatar.model);
    ASSERT_TRUE(loaded);
    const json document = json::parse(loaded->document);
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
        EXPECT_EQ(loaded->source.pose.controls, avatar.source.pose.controls);
        EXPECT_TRUE(loaded->splats.offset == avatar.splats.offset);
        // And it can be saved again and go on alone.
        ASSERT_TRUE(save_avatar(folder.path / "b", *loaded, {}));
        const auto again = load_avatar(folder.path / "b", nullptr);
        ASSERT_TRUE(again);
        EXPECT_LT((again->neutral - avatar.neutral).cwiseAbs().maxCoeff(), 1e-6f);
    }
}

TEST(AvatarFile, RealHeadWithoutTheDefaultHead) {
    const TemporaryFolder folder("avatar_real_head");
    Avatar avatar;
    avatar.model = real_head();
    Random random(5);
    avatar.identity = random_identity(*avatar.model, random, 0.2f);
    avatar.offsets = Vertices::Zero(3, avatar.model->vertex_count());
    avatar.source.pose = HeadPose::neutral(*avatar.model);
    avatar.prepare();
    avatar.source.camera = default_camera(avatar, 64, 64);
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
    EXPECT_EQ(loaded->splats.count, 0u);
    const Frame frame = render(*loaded, loaded->source.pose, default_camera(*loaded, 8, 8), {0.25f, 0.5f, 0.75f});
    EXPECT_FLOAT_EQ(frame.color.pixels[2], 0.75f);
}

}  // namespace
}  // namespace likeness::test
