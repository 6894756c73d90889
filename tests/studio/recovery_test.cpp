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
    fs::path beside = folder.path / ".a.likeness.autosave";

    std::unique_ptr<StudioBench> starts() { return std::make_unique<StudioBench>(folder.path); }
    // Opens, edits and waits for the autosave.
    void works(StudioBench& bench, double value = 0.5) {
        bench.run("file.open", {{"path", file.string()}});
        bench.run("pose.set_expression", {{"name", "jawOpen"}, {"value", value}});
        *bench.time += 61;
        ASSERT_TRUE(bench.settle());
    }
    int records() const {
        int count = 0;
        std::error_code none;
        for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder.path / "state" / "autosave", none))
            ++count;
        return count;
    }
};

TEST(Recovery, AutosavesAMinuteAfterAChangeAndOnlyThen) {
    Person p;
    auto bench = p.starts();
    bench->run("file.open", {{"path", p.file.string()}});
    *bench->time += 1000;
    ASSERT_TRUE(bench->settle());
    EXPECT_FALSE(fs::exists(p.beside)) << "nothing changed";
    bench->run("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}});
    ASSERT_TRUE(bench->settle());
    ASSERT_TRUE(fs::exists(p.beside)) << "a minute is long over";
    fs::remove(p.beside);
    bench->run("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.6}});
    *bench->time += 30;
    ASSERT_TRUE(bench->settle());
    EXPECT_FALSE(fs::exists(p.beside)) << "half a minute is not";
    *bench->time += 31;
    ASSERT_TRUE(bench->settle());
    EXPECT_TRUE(fs::exists(p.beside));
    EXPECT_TRUE(bench->studio->document().dirty()) << "an autosave is no save";
    bench->run("file.save");
    EXPECT_FALSE(fs::exists(p.beside));
    EXPECT_EQ(p.records(), 1) << "the lock of the running program only";
    bench.reset();
    EXPECT_EQ(p.records(), 0);
}

TEST(Recovery, ACrashIsOfferedAndRecovered) {
    Person p;
    auto crashed = p.starts();
    p.works(*crashed);
    auto other = p.starts();
    EXPECT_TRUE(other->studio->recoveries().empty()) << "that program still runs";
    other.reset();
    crashed->crash();
    ASSERT_TRUE(fs::exists(p.beside));

    auto bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    const Recovery found = bench->studio->recoveries()[0];
    EXPECT_EQ(found.autosave, p.beside);
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
    EXPECT_FALSE(fs::exists(p.beside));
    EXPECT_EQ(p.records(), 0);
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
    EXPECT_FALSE(fs::exists(p.beside));
    EXPECT_EQ(p.records(), 0);
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
    EXPECT_FALSE(fs::exists(p.beside));
    EXPECT_FALSE(bench->studio->execute("recovery.discard"));
    p.works(*bench);
    ASSERT_TRUE(fs::exists(p.beside));
    bench->run("file.close", {{"discard", true}});
    EXPECT_FALSE(fs::exists(p.beside));
    p.works(*bench);
    bench->run("app.quit", {{"discard", true}});
    bench.reset();
    EXPECT_FALSE(fs::exists(p.beside)) << "what a person chose to lose is not offered";
    EXPECT_EQ(p.records(), 0);
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
        EXPECT_FALSE(fs::exists(p.beside));
        EXPECT_EQ(p.records(), 0);
    }
}

TEST(Recovery, AnAutosaveWithoutARecordIsFoundBesideItsFile) {
    Person p;
    fs::copy_file(p.file, p.beside);
    fs::last_write_time(p.beside, fs::last_write_time(p.file) + std::chrono::seconds(5));
    auto bench = p.starts();
    EXPECT_TRUE(bench->studio->recoveries().empty());
    bench->run("file.open", {{"path", p.file.string()}});
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    bench->run("recovery.discard");
    EXPECT_FALSE(fs::exists(p.beside));
    fs::copy_file(p.file, p.beside);
    fs::last_write_time(p.beside, fs::last_write_time(p.file) - std::chrono::seconds(5));
    bench->run("file.open", {{"path", p.file.string()}});
    EXPECT_TRUE(bench->studio->recoveries().empty()) << "older than the file: out of date";
}

TEST(Recovery, WhereNothingCanBeWrittenBesideItGoesElsewhere) {
    Person p;
    fs::create_directory(p.beside);  // no file can have that name
    std::ofstream(p.beside / "x") << "so that it cannot be replaced";
    auto bench = p.starts();
    p.works(*bench);
    bench->crash();
    bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    EXPECT_EQ(bench->studio->recoveries()[0].document, p.file);
    bench->run("recovery.recover");
    EXPECT_EQ(jaw(*bench->studio), 0.5f);
    EXPECT_EQ(bench->take_error(), "");
}

TEST(Recovery, DamagedRecordsAndAutosavesDoNoHarm) {
    Person p;
    auto bench = p.starts();
    p.works(*bench);
    bench->crash();
    std::ofstream(p.beside, std::ios::binary | std::ios::trunc) << "PK damaged";
    const fs::path records = p.folder.path / "state" / "autosave";
    std::ofstream(records / "session-1-1.json") << "{ damaged";
    std::ofstream(records / "session-1-2.json") << R"({"autosave": 3})";
    std::ofstream(records / "session-1-3.json") << R"({"autosave": "/no/such/file", "document": "", "name": "x"})";
    bench = p.starts();
    ASSERT_EQ(bench->studio->recoveries().size(), 1u);
    bench->run("recovery.recover");
    EXPECT_NE(bench->take_error(), "");
    EXPECT_EQ(bench->studio->document().kind, DocumentKind::empty);
    EXPECT_EQ(bench->studio->recoveries().size(), 1u) << "it may still be discarded";
    bench->run("recovery.discard");
    EXPECT_FALSE(fs::exists(records / "session-1-1.json"));
}

}  // namespace
}  // namespace likeness::test
