// Opening, editing, saving and closing; what is drawn; what fails leaves everything as it was.
#include "core/document/document.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "core/avatar/avatar_file.h"
#include "core/formats/splat_ply.h"
#include "core/document/session_file.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

struct Opened {
    TemporaryFolder folder{"studio_document"};
    fs::path file = folder.path / "a.likeness";
    StudioBench bench{folder.path};
    Studio& studio = *bench.studio;
    Opened() { bench.run("file.open", {{"path", save_ball(file).string()}}); }
    void smile(double value = 0.5) { bench.run("pose.set_expression", {{"name", "jawOpen"}, {"value", value}}); }
};

TEST(Document, AnAvatarIsOpenedEditedSavedAndOpenedAgain) {
    Opened o;
    const Document& d = o.studio.document();
    EXPECT_EQ(d.kind, DocumentKind::avatar);
    EXPECT_EQ(d.stage, DocumentStage::ready);
    EXPECT_EQ(d.name, "a");
    EXPECT_FALSE(d.dirty());
    EXPECT_EQ(o.studio.window_title(), "a - Likeness");
    ASSERT_TRUE(d.source && d.source->picture) << "the photograph's crop comes with the file";
    EXPECT_EQ(d.source->picture, d.avatar().source->picture) << "and is not copied";
    const Avatar before = d.avatar();
    o.smile();
    EXPECT_TRUE(d.dirty());
    EXPECT_EQ(o.studio.window_title(), "a* - Likeness");
    o.bench.run("part.show", {{"part", "cloth"}, {"on", false}});
    o.bench.run("identity.set", {{"name", "tall"}, {"value", 0.7}});
    o.bench.run("file.save_as", {{"path", (o.folder.path / "b").string()}});
    EXPECT_FALSE(d.dirty());
    EXPECT_EQ(d.path, o.folder.path / "b.likeness");
    EXPECT_EQ(o.bench.take_error(), "");
    const Avatar changed = d.avatar();
    EXPECT_EQ(changed.source->picture, before.source->picture);
    EXPECT_TRUE(changed.splats == before.splats && changed.shells == before.shells && changed.person == before.person);

    o.bench.run("file.open", {{"path", (o.folder.path / "b.likeness").string()}});
    EXPECT_EQ(d.name, "b");
    EXPECT_FALSE(d.dirty());
    EXPECT_EQ(d.state.pose->controls[d.model()->control("jawOpen")], 0.5f);
    EXPECT_FALSE(d.part_shown(SplatPart::cloth));
    EXPECT_EQ(d.avatar().identity_change->added[1], 0.7f);
    EXPECT_EQ(d.avatar().person->identity, before.person->identity);
    EXPECT_TRUE(d.avatar().neutral() == changed.neutral());
    EXPECT_TRUE(changed.neutral() != before.neutral());
    o.bench.run("identity.reset_all");
    EXPECT_TRUE(d.avatar().neutral() == before.neutral()) << "the way back is kept";
    ASSERT_EQ(o.studio.settings().recent_files.size(), 2u);
    EXPECT_EQ(fs::path(o.studio.settings().recent_files[0]).filename(), "b.likeness");
    o.bench.run("file.close", {{"discard", true}});
    EXPECT_EQ(d.kind, DocumentKind::empty);
    EXPECT_TRUE(o.studio.scene().empty());
    EXPECT_EQ(o.studio.window_title(), "Likeness");
}

TEST(Document, SavingWithoutANameAsksForOne) {
    Opened o;
    o.bench.run("file.save");
    EXPECT_FALSE(o.studio.file_request()) << "it has a name";
    o.bench.run("file.save_as");
    ASSERT_TRUE(o.studio.file_request());
    EXPECT_EQ(o.studio.file_request()->command, "file.save_as");
    EXPECT_TRUE(o.studio.file_request()->saving);
    o.studio.withdraw_file_request();
    EXPECT_FALSE(o.studio.file_request());
}

TEST(Document, UnsavedChangesAreAskedAbout) {
    Opened o;
    const fs::path other = save_ball(o.folder.path / "other.likeness", 1, 50);
    o.smile();
    for (const char* what : {"cancel", "discard"}) {
        o.bench.run("file.open", {{"path", other.string()}});
        ASSERT_TRUE(o.studio.question());
        EXPECT_EQ(o.studio.document().name, "a");
        o.bench.run("question.answer", {{"what", what}});
        EXPECT_FALSE(o.studio.question());
        EXPECT_EQ(o.studio.document().name, std::string(what) == "cancel" ? "a" : "other");
    }
    o.smile();
    o.bench.run("app.quit");
    ASSERT_TRUE(o.studio.question());
    EXPECT_FALSE(o.studio.quitting());
    o.bench.run("question.answer", {{"what", "save"}});
    EXPECT_TRUE(o.studio.quitting());
    EXPECT_FALSE(o.studio.question());
    const auto saved = load_avatar(other, ball_head(1));
    ASSERT_TRUE(saved);
    EXPECT_NE(saved->kept->document.find("jawOpen"), std::string::npos);
}

TEST(Document, ChangesAreAskedAboutOnceTheFileIsRead) {
    Opened o;
    const fs::path other = save_ball(o.folder.path / "other.likeness", 1, 50), wrong = o.folder.path / "wrong.likeness";
    std::ofstream(wrong) << "no avatar";
    o.smile();
    o.bench.run("file.open", {{"path", wrong.string()}});
    EXPECT_NE(o.bench.take_error().find("wrong.likeness"), std::string::npos);
    EXPECT_FALSE(o.studio.question()) << "there is nothing that it could be replaced by";
    o.bench.run("file.open", {{"path", other.string()}});
    ASSERT_TRUE(o.studio.question());
    EXPECT_EQ(o.studio.question()->text, "'a' has changes that were not saved. 'other.likeness' takes its place.");
    o.bench.run("question.answer", {{"what", "cancel"}});
    EXPECT_EQ(o.studio.document().name, "a");
    EXPECT_TRUE(o.studio.document().dirty());

    // Changes made while it is read count too.
    o.bench.run("edit.undo");
    ASSERT_FALSE(o.studio.document().dirty());
    ASSERT_TRUE(o.studio.execute("file.open", {{"path", other.string()}}));
    o.smile();
    EXPECT_EQ(o.studio.document().name, "a") << "they are not lost";
    ASSERT_TRUE(o.studio.question());
    // Another file is wished meanwhile: then that one is asked about.
    const fs::path third = save_ball(o.folder.path / "third.likeness", 1, 50);
    o.bench.run("file.open", {{"path", third.string()}});
    ASSERT_TRUE(o.studio.question());
    EXPECT_NE(o.studio.question()->text.find("third.likeness"), std::string::npos);
    o.bench.run("question.answer", {{"what", "save"}});
    EXPECT_EQ(o.studio.document().name, "third");
    EXPECT_FALSE(o.studio.question());
    const auto saved = load_avatar(o.folder.path / "a.likeness", ball_head(1));
    ASSERT_TRUE(saved);
    EXPECT_NE(saved->kept->document.find("jawOpen"), std::string::npos);

    // A file that was written again since it was read is read again.
    o.smile();
    o.bench.run("file.open", {{"path", other.string()}});
    ASSERT_TRUE(o.studio.question());
    save_ball(other, 1, 77);
    o.bench.run("question.answer", {{"what", "discard"}});
    EXPECT_EQ(o.studio.document().name, "other");
    EXPECT_EQ(o.studio.document().avatar().splats->count, 77u);
}

TEST(Document, QuittingWaitsForFilesThatAPersonAskedFor) {
    std::atomic<bool> written = false;
    Opened o;
    const auto write = [&](Progress& progress) -> Status {
        while (!written && !progress.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return {};
    };
    o.studio.jobs().start("Recording a.mp4", write, {}, {.quiet = true, .target = "a.mp4"});
    ASSERT_TRUE(o.studio.execute("app.quit"));
    o.studio.drain();
    EXPECT_TRUE(o.studio.ending());
    EXPECT_FALSE(o.studio.quitting());
    // Whoever goes on working does not lose that work to an end that was wished before.
    ASSERT_TRUE(o.studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}}));
    o.studio.drain();
    EXPECT_FALSE(o.studio.ending());
    ASSERT_TRUE(o.studio.execute("app.quit", {{"discard", true}}));
    o.studio.drain();
    EXPECT_FALSE(o.studio.quitting());
    written = true;
    ASSERT_TRUE(o.bench.settle_until([&] { return o.studio.quitting(); }));
}

TEST(Document, WhatIsBeingOpenedDoesNotTakeTheEndBack) {
    Opened o;
    const fs::path other = save_ball(o.folder.path / "other.likeness", 1, 50);
    ASSERT_TRUE(o.studio.execute("file.open", {{"path", other.string()}}));
    ASSERT_TRUE(o.studio.execute("app.quit"));
    ASSERT_TRUE(o.bench.settle_until([&] { return o.studio.jobs().idle(); }));
    EXPECT_TRUE(o.studio.quitting());
    EXPECT_EQ(o.studio.document().name, "a");
}

TEST(Document, ScriptsAreNotAskedButRefused) {
    const TemporaryFolder folder("studio_refused");
    StudioBench bench(folder.path, false);
    bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}});
    bench.run("pose.random", {{"seed", 3}});
    EXPECT_FALSE(bench.studio->execute("file.close"));
    EXPECT_FALSE(bench.studio->execute("app.quit"));
    EXPECT_FALSE(bench.studio->execute("file.save_as"));
    EXPECT_FALSE(bench.studio->question());
    EXPECT_FALSE(bench.studio->file_request());
    bench.run("file.close", {{"discard", true}});
    EXPECT_EQ(bench.studio->document().kind, DocumentKind::empty);
}

TEST(Document, WrongFilesLeaveWhatIsOpen) {
    Opened o;
    const auto write = [&](const std::string& name, const std::string& text) {
        std::ofstream(o.folder.path / name, std::ios::binary) << text;
        return o.folder.path / name;
    };
    const std::string whole = content(o.file);
    for (const fs::path& file :
         {write("empty.png", ""), write("text.png", "not a picture"),
          write("cut.likeness", whole.substr(0, whole.size() / 2)), write("zip.likeness", "PK\x03\x04 but no more"),
          write("mesh.ply", "ply\nformat ascii 1.0\nelement vertex 0\nend_header\n"),
          write("motion.json", "{\"names\": 3}"), o.folder.path / "missing.likeness", o.folder.path}) {
        const Status status = o.studio.execute("file.open", {{"path", file.string()}});
        ASSERT_TRUE(o.bench.settle());
        const std::string sentence = status ? o.bench.take_error() : status.error().message;
        EXPECT_NE(sentence.find(file.filename().string()), std::string::npos) << file << ": " << sentence;
        EXPECT_EQ(o.studio.document().name, "a") << file;
        EXPECT_EQ(o.bench.take_error(), "");
    }
    EXPECT_EQ(o.studio.jobs().list().front().state, JobState::failed);
}

TEST(Document, AFailedSaveLeavesTheOldFile) {
    Opened o;
    o.bench.run("file.save");
    const std::string old = content(o.file);
    o.smile();
    // A disk that is full after some bytes.
    const auto previous = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{}, small{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    small = {4096, limit.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const Status status = o.studio.execute("file.save");
    const bool settled = o.bench.settle();
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, previous);
    ASSERT_TRUE(status);
    ASSERT_TRUE(settled);
    EXPECT_NE(o.bench.take_error().find("a.likeness"), std::string::npos);
    EXPECT_EQ(content(o.file), old);
    EXPECT_TRUE(o.studio.document().dirty());
    for (const auto& entry : fs::directory_iterator(o.folder.path)) EXPECT_NE(entry.path().extension(), ".part");
    o.bench.run("file.save");
    EXPECT_FALSE(o.studio.document().dirty());
    EXPECT_NE(content(o.file), old);
    EXPECT_FALSE(
        o.studio.execute("file.save_as", {{"path", (o.folder.path / "no" / "such" / "x.likeness").string()}}) &&
        o.bench.settle() && o.bench.take_error().empty());
}

TEST(Document, ASplatFileIsOnlyLookedAt) {
    const TemporaryFolder folder("studio_splats");
    StudioBench bench(folder.path);
    SplatSet splats;
    splats.resize(300);
    Random random(2);
    for (std::size_t i = 0; i < 300; ++i) {
        for (std::size_t k = 0; k < 3; ++k) {
            splats.means[i * 3 + k] = 5 + uniform(random, -1, 1);
            splats.scales[i * 3 + k] = 0.05f;
            splats.colors[i * 3 + k] = 0.5f;
        }
        splats.rotations[i * 4] = 1;
        splats.opacities[i] = 0.7f;
    }
    splats.means[0] = 1e4f;  // one far away must not spoil the view
    ASSERT_TRUE(save_splat_ply(folder.path / "s.ply", splats));
    bench.run("file.open", {{"path", (folder.path / "s.ply").string()}});
    const Document& d = bench.studio->document();
    EXPECT_EQ(d.kind, DocumentKind::splats);
    EXPECT_FALSE(d.dirty());
    EXPECT_LT((d.middle - Eigen::Vector3f(5, 5, 5)).norm(), 0.5f);
    EXPECT_GT(d.view_height, 1);
    EXPECT_LT(d.view_height, 10);
    SplatSet posed;
    pose_scene(bench.studio->scene(), posed);
    EXPECT_EQ(posed.count, 300u);
    for (const char* id : {"file.save", "pose.reset_all", "train.start", "part.show_all", "identity.reset_all"})
        EXPECT_NE(bench.studio->unavailable(id), "") << id;
    bench.run("file.export_ply", {{"path", (folder.path / "copy.ply").string()}});
    const auto copy = load_splat_ply(folder.path / "copy.ply");
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->count, 300u);
}

TEST(Document, TheSceneFollowsPoseAndParts) {
    Opened o;
    const auto version = o.studio.scene().version;
    EXPECT_EQ(o.studio.scene().version, version);
    SplatSet rest, posed, hidden;
    pose_scene(o.studio.scene(), rest);
    o.smile(1);
    EXPECT_NE(o.studio.scene().version, version);
    pose_scene(o.studio.scene(), posed);
    EXPECT_NE(posed.means, rest.means);
    o.bench.run("part.solo", {{"part", "mouth"}});
    pose_scene(o.studio.scene(), hidden);
    const AnchoredSplats& s = *o.studio.scene().avatar.splats;
    int shown = 0;
    for (std::size_t i = 0; i < s.count; ++i) {
        EXPECT_EQ(hidden.opacities[i] > 0, s.part[i] == SplatPart::mouth);
        shown += hidden.opacities[i] > 0;
    }
    EXPECT_GT(shown, 0);
    o.bench.run("file.export_ply", {{"path", (o.folder.path / "mouth.ply").string()}});
    const auto exported = load_splat_ply(o.folder.path / "mouth.ply");
    ASSERT_TRUE(exported);
    EXPECT_EQ(int(exported->count), shown) << "hidden parts stay out of the file";
    o.bench.run("view.mode", {{"mode", "normals"}});
    EXPECT_EQ(o.studio.view().mode, ViewMode::normals);
}

TEST(Document, AFileSaysWhichPartsItShows) {
    Opened o;
    EXPECT_EQ(shown_parts(o.studio.document().avatar()), all_parts);
    o.bench.run("part.show", {{"part", "hair"}, {"on", false}});
    o.bench.run("part.show", {{"part", "cloth"}, {"on", false}});
    o.bench.run("file.save");
    auto avatar = load_avatar(o.file, nullptr);
    ASSERT_TRUE(avatar) << avatar.error().message;
    PartFlags shown = all_parts;
    shown[std::size_t(SplatPart::hair)] = shown[std::size_t(SplatPart::cloth)] = false;
    EXPECT_EQ(shown_parts(*avatar), shown);
    EXPECT_EQ(o.studio.scene().visible, shown);
    for (const char* strange : {"", "[]", "{\"studio\": 1}", "{\"studio\": {\"hidden_layers\": 1}}",
                                "{\"studio\": {\"hidden_layers\": [1, null, \"wings\"]}}"}) {
        avatar->kept.edit().document = strange;
        EXPECT_EQ(shown_parts(*avatar), all_parts) << strange;
    }
}

TEST(Document, OneAfterTheOtherTheLastWishCounts) {
    Opened o;
    std::vector<fs::path> files;
    for (int i = 0; i < 6; ++i)
        files.push_back(save_ball(o.folder.path / (std::to_string(i) + ".likeness"), 1, 40 + std::size_t(i)));
    for (const fs::path& file : files) {
        ASSERT_TRUE(o.studio.execute("file.open", {{"path", file.string()}}));
        o.studio.drain();
    }
    ASSERT_TRUE(o.bench.settle());
    EXPECT_EQ(o.studio.document().name, "5");
    EXPECT_EQ(o.bench.take_error(), "");
    EXPECT_EQ(o.studio.history().entries().size(), 0u);
}

TEST(Document, GoneWhileWorkIsUnderWay) {
    // Each stage of opening, saving and shaping may be cut short.
    for (int drains = 0; drains < 6; ++drains) {
        Opened o;
        ASSERT_TRUE(o.studio.execute("identity.set", {{"name", "old"}, {"value", 1}}));
        o.studio.drain();
        ASSERT_TRUE(o.studio.execute("file.save"));
        ASSERT_TRUE(o.studio.execute("file.open", {{"path", o.file.string()}, {"discard", true}}));
        for (int i = 0; i < drains; ++i) o.studio.drain();
        o.bench.studio.reset();
        EXPECT_TRUE(load_avatar(o.file, ball_head(1))) << "a whole file, old or new";
    }
}

// ---- files that are more than one thing ----

TEST(Saving, AFileThatAnotherProgramReplacedIsNotLost) {
    const TemporaryFolder folder("studio_replaced");
    const std::filesystem::path file = save_ball(folder.path / "a.likeness", 1, 100);
    const auto gaussians = [&] { return load_avatar(file, nullptr)->splats->count; };
    const auto replaced = [&](StudioBench& bench) {
        save_ball(file, 1, 100);
        bench.run("file.open", {{"path", file.string()}, {"discard", true}});
        bench.run("pose.random", {{"seed", 3}});
        save_ball(file, 1, 300);
    };
    {
        StudioBench bench(folder.path, false);  // a script
        replaced(bench);
        const std::size_t theirs = gaussians();
        const Status refused = bench.studio->execute("file.save");
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message.find("force"), std::string::npos) << refused.error().message;
        EXPECT_FALSE(bench.studio->execute("file.save_as", {{"path", file.string()}})) << "the same place";
        EXPECT_EQ(gaussians(), theirs);
        bench.run("file.save", {{"force", true}});
        EXPECT_NE(gaussians(), theirs);
        bench.run("pose.random", {{"seed", 4}});
        bench.run("file.save");  // what it wrote itself is no other program's
        EXPECT_EQ(bench.take_error(), "");
    }
    StudioBench bench(folder.path);
    replaced(bench);
    const std::size_t theirs = gaussians();
    bench.run("file.save");
    ASSERT_TRUE(bench.studio->question());
    EXPECT_TRUE(bench.studio->question()->replaced);
    EXPECT_EQ(gaussians(), theirs);
    bench.run("question.answer", {{"what", "cancel"}});
    EXPECT_FALSE(bench.studio->question());
    bench.run("file.save");
    bench.run("question.answer", {{"what", "elsewhere"}});
    ASSERT_TRUE(bench.studio->file_request());
    bench.run("file.save_as", {{"path", (folder.path / "b.likeness").string()}});
    EXPECT_EQ(gaussians(), theirs);
    EXPECT_FALSE(bench.studio->document().dirty());
    replaced(bench);
    bench.run("file.save");
    bench.run("question.answer", {{"what", "save"}});
    EXPECT_NE(gaussians(), theirs);
    EXPECT_FALSE(bench.studio->document().dirty());
    // Asked in between when something else waits for the save.
    replaced(bench);
    bench.run("file.close");
    bench.run("question.answer", {{"what", "save"}});
    ASSERT_TRUE(bench.studio->question());
    EXPECT_TRUE(bench.studio->question()->replaced);
    bench.run("question.answer", {{"what", "save"}});
    EXPECT_FALSE(bench.studio->question());
    EXPECT_NE(gaussians(), theirs);
    EXPECT_EQ(bench.studio->document().kind, DocumentKind::empty) << "what was asked for follows";
}

TEST(Saving, ADeletedFileIsWrittenAgain) {
    const TemporaryFolder folder("studio_deleted");
    StudioBench bench(folder.path, false);
    const std::filesystem::path file = save_ball(folder.path / "a.likeness");
    bench.run("file.open", {{"path", file.string()}});
    std::filesystem::remove(file);
    bench.run("file.save");
    EXPECT_TRUE(std::filesystem::exists(file));
}

TEST(Saving, ExportsReachNothingThatIsOpen) {
    const TemporaryFolder folder("studio_targets");
    StudioBench bench(folder.path, false);
    const std::filesystem::path file = save_ball(folder.path / "a.likeness"), ply = folder.path / "a.ply";
    bench.run("file.open", {{"path", file.string()}});
    std::filesystem::create_hard_link(file, folder.path / "hard.ply");
    std::filesystem::create_symlink(file, folder.path / "link.ply");
    const auto refused = [&](const std::filesystem::path& target, const char* why) {
        const Status status = bench.studio->execute("file.export_ply", {{"path", target.string()}});
        ASSERT_FALSE(status) << target;
        EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
        EXPECT_NE(status.error().message.find(why), std::string::npos) << status.error().message;
    };
    for (const char* name : {"a.likeness", "hard.ply", "link.ply"}) refused(folder.path / name, "that is open");
    refused("/dev/null", "device");
    refused(folder.path, "folder");
    bench.run("file.export_ply", {{"path", ply.string()}});
    ASSERT_TRUE(std::filesystem::exists(ply));
    bench.run("file.open", {{"path", ply.string()}});
    refused(ply, "that is open");
    // What another job is writing.
    std::atomic<bool> go_on = false;
    const std::filesystem::path busy = folder.path / "busy.ply";
    bench.studio->jobs().start("Busy",
                               [&](Progress&) -> Status {
                                   while (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                                   return {};
                               },
                               {}, {.target = busy});
    refused(busy, "being written");
    go_on = true;
    ASSERT_TRUE(bench.settle());
    bench.run("file.export_ply", {{"path", busy.string()}});
}

}  // namespace
}  // namespace likeness::test
