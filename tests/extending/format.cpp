// A file format: a class (1) and a line, in core/files/file_formats.cpp (2). Its parser may lie in core/formats.
// Formats from outside call add_file_format() instead, before main() makes the command line's help. Open, dialogs,
// export, palette and command line have it then.
#include <gtest/gtest.h>

#include <fstream>

#include "core/files/file_formats.h"
#include "tests/formats/temporary_folder.h"

namespace likeness {
namespace {

// Points as text: a first line "points", then x y z a line.
class PointsFormat : public FileFormat {
  public:
    std::string id() const override { return "points"; }
    std::string title() const override { return "points as text"; }
    FileContent holds() const override { return FileContent::splats; }
    std::vector<std::string> endings() const override { return {".xyz"}; }
    bool recognises(std::span<const std::uint8_t> begin, const std::filesystem::path&) const override {
        return begins_with(begin, "points\n");
    }
    Result<FileValue> read(const std::filesystem::path& file, const ReadContext&) const override {
        std::ifstream in(file);
        std::string mark;
        in >> mark;
        std::vector<float> values;
        for (float value; in >> value;) values.push_back(value);
        if (!in.eof() || values.empty() || values.size() % 3 != 0)
            return Error{ErrorCode::bad_input, "'" + file.string() + "' has no points; choose another file.", ""};
        SplatSet splats;
        splats.resize(values.size() / 3);
        splats.means = std::move(values);
        splats.scales.assign(splats.scales.size(), 0.002f);  // metres
        splats.colors.assign(splats.colors.size(), 0.5f);
        splats.opacities.assign(splats.opacities.size(), 0.99f);
        for (std::size_t i = 0; i < splats.count; ++i) splats.rotations[4 * i] = 1;
        return FileValue(std::move(splats));
    }
    bool writes() const override { return true; }
    Status write(const FileValue& value, const std::filesystem::path& file,
                 const WriteOptions& options) const override {
        const auto* splats = std::get_if<SplatSet>(&value);
        if (!splats) return FileFormat::write(value, file, options);
        const std::filesystem::path part = file.string() + ".part";
        std::ofstream out(part);
        out << "points\n";
        for (std::size_t i = 0; i < splats->count; ++i)
            out << splats->means[3 * i] << ' ' << splats->means[3 * i + 1] << ' ' << splats->means[3 * i + 2] << '\n';
        std::error_code failed;
        if (out.flush()) std::filesystem::rename(part, file, failed);
        if (!out || failed)
            return Error{ErrorCode::io, "Cannot write '" + file.string() + "'; choose another place.", ""};
        return {};
    }
};

TEST(Extending, AFileFormat) {
    add_file_format(std::make_unique<PointsFormat>());
    const test::TemporaryFolder folder("extending_format");
    const auto file = folder.path / "cloud.xyz";
    std::ofstream(file) << "points\n1 2 3\n4 5 6\n";
    const FileFormat* const format = format_of(file, openable);
    ASSERT_TRUE(format);
    EXPECT_EQ(format->id(), "points");
    const auto splats = read_file_as<SplatSet>(*format, file);
    ASSERT_TRUE(splats) << splats.error().message;
    EXPECT_EQ(splats->means, (std::vector<float>{1, 2, 3, 4, 5, 6}));
    const auto copy = folder.path / "copy.XYZ";
    ASSERT_TRUE(format_to_write(copy, FileContent::splats)->write(*splats, copy, {}));
    EXPECT_EQ(read_file_as<SplatSet>(*format, copy)->means, splats->means);
}

}  // namespace
}  // namespace likeness
