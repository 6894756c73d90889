// Autosaves and what a crash leaves behind.
#include "core/document/recovery.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/avatar/avatar_file.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

float jaw(const Studio& studio) {
    return studio.document().state.pose->controls[studio.document().model()->control("jawOpen")];
}

struct Person {
    TemporaryFolder folder{"studio_recovery"};
    fs::path file = save_ball(folder.path / "a.likeness");
    fs::path kept = folder.path / "state" / "autosave";

    std::unique_ptr<StudioBench> starts() { return std::make_unique<StudioBench>(folder.path); }
    // Opens, edits and waits for the autosave.
    void works(StudioBench& bench, double value = 0.5) {
        bench.run("file.open", {{"path", file.string()}});
        bench.run("pose.set_expression", {{"name", "jawOpen"}, {"value", value}});
        *bench.time += 61;
        ASSERT_TRUE(bench.settle());
    }
    std::vector<fs::path> of_kind(const std::string& ending) const {
        std::vector<fs::path> files;
        std::error_code none;
        for (const auto& entry : fs::directory_iterator(kept, none))
            if (ending.empty() || entry.path().extension() == ending) files.push_back(entry.path());
        return files;
    }
    std::vector<fs::path> autosaves() const { return of_kind(".likeness"); }
    std::size_t records() const { return of_kind("").size(); }
};

TEST(Recovery, AutosavesAMinuteAfterAChangeAndOnlyThen) {
    Person p;
    auto bench = p.starts();
    bench->run("file.open", {{"path", p.file.string()}});
    *bench->time += 1000;
    ASSERT_TRUE(bench->settle());
    EXPECT_TRUE(p.autosaves().empty()) << "nothing changed";
    bench->run("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}});
    ASSERT_TRUE(bench->settle());
    ASSERT_EQ(p.autosaves().size(), 1u) << "a minute is long over";
    fs::remove(p.autosaves()[0]);
    bench->run("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.6}});
    *bench->time += 30;
    ASSERT_TRUE(bench->settle());
    EXPECT_TRUE(p.autosaves().empty()) << "half a minute is not";
    *bench->time += 31;
    ASSERT_TRUE(bench->settle());
    EXPECT_EQ(p.autosaves().size(), 1u);
    EXPECT_TRUE(bench->studio->document().dirty()) << "an autosave is no save";
    bench->run("file.save");
    EXPECT_TRUE(p.autosaves().empty());
    EXPECT_EQ(p.records(), 1u) << "the lock of the running program only";
    bench.reset();
    EXPECT_EQ(p.records(), 0u);
}

TEST(Recovery, ACrashIsOfferedAndRecovered) {
    Person p;
    auto crashed = p.starts();
    p.works(*crashed);
    auto other = p.starts();
    EXPECT_TRUE(other->studio->recoveries().empty()) << "that program still runs";
    other.reset();
    crashed->crash();
    ASSERT_EQ(p.autosaves().size(), 1u);

    auto bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    const Recovery found = bench->studio->recoveries()[0];
    EXPECT_EQ(found.autosave, p.autosaves()[0]);
    EXPECT_EQ(found.document, p.file);
    EXPECT_EQ(found.name, "a");
    EXPECT_GT(found.time, 1e9);
    bench->run("recovery.recover");
    EXPECT_EQ(jaw(*bench->studio), 0.5f);
    EXPECT_EQ(bench->studio->document().path, p.file);
    EXPECT_TRUE(bench->studio->document().dirty());
    EXPECT_TRUE(bench->studio->recoveries().empty());
    bench->crash();  // again, before it was saved

    bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    bench->run("recovery.recover");
    EXPECT_EQ(jaw(*bench->studio), 0.5f);
    bench->run("file.save");
    EXPECT_FALSE(bench->studio->document().dirty());
    bench.reset();
    EXPECT_TRUE(p.autosaves().empty());
    EXPECT_EQ(p.records(), 0u);
    bench = p.starts();
    EXPECT_TRUE(bench->studio->recoveries().empty());
    bench->run("file.open", {{"path", p.file.string()}});
    EXPECT_EQ(jaw(*bench->studio), 0.5f);
}

TEST(Recovery, QuittingWithoutSavingWhatWasRecoveredLeavesNothing) {
    Person p;
    auto bench = p.starts();
    p.works(*bench);
    bench->crash();
    bench = p.starts();
    bench->run("recovery.recover");
    bench->run("app.quit", {{"discard", true}});
    bench.reset();
    EXPECT_TRUE(p.autosaves().empty());
    EXPECT_EQ(p.records(), 0u);
    bench = p.starts();
    EXPECT_TRUE(bench->studio->recoveries().empty());
}

TEST(Recovery, AnUndecidedAutosaveIsNotOverwritten) {
    Person p;
    auto crashed = p.starts();
    p.works(*crashed, 0.25);
    crashed->crash();
    auto bench = p.starts();
    p.works(*bench, 0.75);  // goes on without deciding
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    bench->crash();
    bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 2u);
    std::vector<float> values;
    while (!bench->studio->recoveries().empty()) {
        bench->run("recovery.recover", {{"discard", true}});
        values.push_back(jaw(*bench->studio));
    }
    std::sort(values.begin(), values.end());
    EXPECT_EQ(values, (std::vector<float>{0.25f, 0.75f}));
}

TEST(Recovery, DiscardingAndClosingLeaveNothing) {
    Person p;
    auto bench = p.starts();
    p.works(*bench);
    bench->crash();
    bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    bench->run("recovery.discard");
    EXPECT_TRUE(p.autosaves().empty());
    EXPECT_FALSE(bench->studio->execute("recovery.discard"));
    p.works(*bench);
    ASSERT_EQ(p.autosaves().size(), 1u);
    bench->run("file.close", {{"discard", true}});
    EXPECT_TRUE(p.autosaves().empty());
    p.works(*bench);
    bench->run("app.quit", {{"discard", true}});
    bench.reset();
    EXPECT_TRUE(p.autosaves().empty()) << "what a person chose to lose is not offered";
    EXPECT_EQ(p.records(), 0u);
}

TEST(Recovery, QuittingDuringAnAutosaveLeavesNothing) {
    Person p;
    for (int i = 0; i < 5; ++i) {
        auto bench = p.starts();
        bench->run("file.open", {{"path", p.file.string()}});
        ASSERT_TRUE(bench->studio->execute("pose.random", {{"seed", i}}));
        *bench->time += 61;
        bench->studio->drain();
        ASSERT_TRUE(bench->studio->execute("app.quit", {{"discard", true}}));
        bench.reset();
        EXPECT_TRUE(p.autosaves().empty());
        EXPECT_EQ(p.records(), 0u);
    }
}

TEST(Recovery, AnAutosaveWithoutARecordIsOfferedToo) {
    Person p;
    auto bench = p.starts();
    p.works(*bench);
    bench->crash();
    for (const fs::path& record : p.of_kind(".json")) fs::remove(record);
    bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    EXPECT_FALSE(bench->studio->recoveries()[0].name.empty());
    EXPECT_TRUE(bench->studio->recoveries()[0].document.empty());
    bench->run("recovery.recover");
    EXPECT_EQ(jaw(*bench->studio), 0.5f);
}

TEST(Recovery, OfTwoProgramsOnOneAvatarEachHasItsOwn) {
    Person p;
    auto one = p.starts(), two = p.starts();
    p.works(*one, 0.25);
    p.works(*two, 0.75);
    EXPECT_EQ(p.autosaves().size(), 2u);
    two->run("app.quit", {{"discard", true}});
    two.reset();
    ASSERT_EQ(p.autosaves().size(), 1u) << "only its own goes";
    EXPECT_TRUE(p.starts()->studio->recoveries().empty()) << "the other one's owner lives";
    one->crash();
    // Two that start find it; only one of them gets it, and the other cannot delete it.
    auto three = p.starts(), four = p.starts();
    ASSERT_EQ(three->studio->recoveries().size(), 1u);
    ASSERT_EQ(four->studio->recoveries().size(), 1u);
    ASSERT_TRUE(three->studio->execute("recovery.recover"));
    EXPECT_FALSE(four->studio->execute("recovery.discard"));
    EXPECT_TRUE(four->studio->recoveries().empty());
    ASSERT_TRUE(three->settle());
    EXPECT_EQ(jaw(*three->studio), 0.25f);
}

TEST(Recovery, AutosavesAreForTheirOwnerOnly) {
    Person p;
    fs::permissions(p.file, fs::perms::all);
    auto bench = p.starts();
    p.works(*bench);
    const auto mode = [](const fs::path& file) { return fs::status(file).permissions(); };
    EXPECT_EQ(mode(p.kept), fs::perms::owner_all);
    for (const fs::path& file : p.of_kind("")) EXPECT_EQ(mode(file), fs::perms::owner_read | fs::perms::owner_write);
    for (const auto& entry : fs::directory_iterator(p.folder.path))
        EXPECT_EQ(entry.path().string().find("autosave"), std::string::npos) << "nothing lies beside the file";
}

TEST(Recovery, ARecordNamesNothingOutsideItsFolder) {
    Person p;
    const fs::path precious = save_ball(p.folder.path / "precious.likeness"), letter = p.folder.path / "letter.txt";
    std::ofstream(letter) << "Dear Sir or Madam";
    fs::create_directories(p.kept);
    // Sessions of programs that ended: made up, with names of files elsewhere and links.
    for (const char* session : {"session-a", "session-b", "session-c"})
        std::ofstream(p.kept / (std::string(session) + ".lock"));
    std::ofstream(p.kept / "session-a.json") << R"({"autosave": ")" << precious.string() << R"(", "document": ""})";
    fs::create_symlink(precious, p.kept / "session-b.likeness");
    save_ball(p.kept / "session-c.likeness");
    std::ofstream(p.kept / "session-c.json")
        << R"({"autosave": ")" << letter.string() << R"(", "document": ")" << letter.string() << R"(", "name": "c"})";
    auto bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    EXPECT_EQ(bench->studio->recoveries()[0].autosave, p.kept / "session-c.likeness");
    EXPECT_TRUE(bench->studio->recoveries()[0].document.empty()) << "a letter is no avatar's place";
    bench->run("recovery.discard");
    EXPECT_TRUE(fs::exists(precious) && fs::exists(letter));
    EXPECT_EQ(p.records(), 0u);
}

TEST(Recovery, ASignalKeepsUnsavedChanges) {
    Person p;
    auto bench = p.starts();
    bench->run("file.open", {{"path", p.file.string()}});
    bench->studio->interrupt();
    bench.reset();
    EXPECT_EQ(p.records(), 0u) << "nothing to keep";
    bench = p.starts();
    bench->run("file.open", {{"path", p.file.string()}});
    bench->run("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}});
    bench->studio->interrupt();
    bench.reset();
    bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 1u) << "long before an autosave was due";
    EXPECT_EQ(bench->studio->recoveries()[0].document, p.file);
    bench->run("recovery.recover");
    EXPECT_EQ(jaw(*bench->studio), 0.5f);
}

TEST(Recovery, ASaveThatFailsSaysWhereTheChangesAreKept) {
    Person p;
    auto bench = p.starts();
    bench->run("file.open", {{"path", p.file.string()}});
    bench->run("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}});
    fs::remove(p.file);
    fs::create_directory(p.file);  // nothing can be renamed over it
    ASSERT_TRUE(bench->studio->execute("file.save", {{"force", true}}));
    ASSERT_TRUE(bench->settle());
    const std::string error = bench->take_error();
    ASSERT_EQ(p.autosaves().size(), 1u) << error;
    EXPECT_NE(error.find(p.autosaves()[0].string()), std::string::npos) << error;
    EXPECT_TRUE(bench->studio->document().dirty());
}

TEST(Recovery, NamesThatAreNoTextComeBack) {
    const TemporaryFolder folder("recovery_bytes");
    const fs::path kept = folder.path / "kept", document = folder.path / "caf\xe9 \xff.likeness";
    {
        RecoveryFolder mine(kept);
        const auto file = mine.autosave();
        ASSERT_TRUE(file);
        ASSERT_TRUE(mine.remember({{}, document, FileStamp::of(folder.path), "caf\xe9 \xff \xc3\xa9", 0}));
        save_ball(*file);
    }
    const auto found = RecoveryFolder(kept).find();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].document, document);
    EXPECT_EQ(found[0].name, "caf\xe9 \xff \xc3\xa9");
    EXPECT_EQ(found[0].on_disk, FileStamp::of(folder.path));
}

TEST(Recovery, WithoutAHomeNothingIsKeptAnywhere) {
    RecoveryFolder none{fs::path()};
    EXPECT_TRUE(none.find().empty());
    EXPECT_FALSE(none.autosave());
    EXPECT_FALSE(none.remember({}));
    none.forget();
}

TEST(Recovery, DamagedRecordsAndAutosavesDoNoHarm) {
    Person p;
    auto bench = p.starts();
    p.works(*bench);
    bench->crash();
    std::ofstream(p.autosaves()[0], std::ios::binary | std::ios::trunc) << "PK damaged";
    for (const char* session : {"session-1", "session-2", "session-3"})
        std::ofstream(p.kept / (std::string(session) + ".lock"));
    std::ofstream(p.kept / "session-1.json") << "{ damaged";
    std::ofstream(p.kept / "session-2.json") << R"({"document": 3})";
    bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    bench->run("recovery.recover");
    EXPECT_NE(bench->take_error(), "");
    EXPECT_EQ(bench->studio->document().kind, DocumentKind::empty);
    EXPECT_EQ(bench->studio->recoveries().size(), 1u) << "it may still be discarded";
    bench->run("recovery.discard");
    EXPECT_EQ(p.records(), 0u);
}

}  // namespace
}  // namespace likeness::test
