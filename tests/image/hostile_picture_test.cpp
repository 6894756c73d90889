// Files that are missing, strange, cut off, damaged or dishonest about their size.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "core/image/load.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

struct Sample {
    const char* name;
    Bytes bytes;
};

std::vector<Sample> samples() {
    const Image rgb = gradient(160, 120), rgba = gradient(160, 120, 4);
    JpegSpec progressive, cmyk, rich;
    progressive.progressive = true;
    cmyk.kind = JpegKind::ycck_adobe;
    rich.icc = swapped_profile();
    rich.exif = {'E', 'x', 'i', 'f', 0, 0};
    const Bytes exif = make_exif(6, 35);
    rich.exif.insert(rich.exif.end(), exif.begin(), exif.end());
    PngSpec plain, interlaced;
    plain.icc = swapped_profile();
    interlaced.color_type = 6;
    interlaced.bit_depth = 16;
    interlaced.interlaced = true;
    return {{"baseline.jpg", make_jpeg(rgb)},
            {"progressive.jpg", make_jpeg(rgb, progressive)},
            {"cmyk.jpg", make_jpeg(rgb, cmyk)},
            {"rich.jpg", make_jpeg(rgb, rich)},
            {"plain.png", make_png(rgb, plain)},
            {"interlaced.png", make_png(rgba, interlaced)},
            {"lossy.webp", make_webp(rgb, false)},
            {"alpha.webp", make_webp(rgba, false)},
            {"lossless.webp", make_webp(rgba, true)},
            {"rich.webp", wrap_webp(make_webp(rgb, false), 160, 120, swapped_profile(), exif)}};
}

void expect_sentence(const Error& error, const std::string& name) {
    EXPECT_NE(error.message.find("'" + name + "'"), std::string::npos) << error.message;
    EXPECT_EQ(error.message.back(), '.') << error.message;
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
}

TEST(HostilePicture, CutOffAtEveryTenthIsAnError) {
    for (const Sample& sample : samples()) {
        ASSERT_TRUE(load_picture_from_memory(sample.bytes, sample.name)) << sample.name;
        for (std::size_t tenth = 0; tenth < 10; ++tenth) {
            Bytes part(sample.bytes.begin(),
                       sample.bytes.begin() + static_cast<long>(sample.bytes.size() * tenth / 10));
            const Result<LoadedImage> loaded = load_picture_from_memory(part, sample.name);
            // A JPEG that lacks little is shown as browsers do, and says so.
            if (loaded && tenth >= 6 && std::string(sample.name).ends_with(".jpg")) {
                EXPECT_FALSE(loaded->notes.empty()) << sample.name;
                continue;
            }
            ASSERT_FALSE(loaded) << sample.name << " at " << tenth << "0 %";
            EXPECT_EQ(loaded.error().code, ErrorCode::bad_input);
            expect_sentence(loaded.error(), sample.name);
        }
        // And just before the end, where only little is missing.
        if (std::string(sample.name).ends_with(".jpg")) continue;  // the end marker: forgiven for one scan
        for (std::size_t missing = 1; missing <= 5; ++missing) {
            const Bytes part(sample.bytes.begin(), sample.bytes.end() - static_cast<long>(missing));
            EXPECT_FALSE(load_picture_from_memory(part, sample.name)) << sample.name << " without " << missing;
        }
    }
}

TEST(HostilePicture, MutationsReturn) {
    std::mt19937 random(20240);
    LoadOptions options;
    options.max_pixels = 4'000'000;
    options.max_side = 512;
    for (const Sample& sample : samples())
        for (int round = 0; round < 120; ++round) {
            Bytes bytes = sample.bytes;
            const int changes = 1 + static_cast<int>(random() % 12);
            for (int i = 0; i < changes; ++i) {
                // Half of them in the headers.
                const std::size_t range = random() % 2 == 0 ? std::min<std::size_t>(bytes.size(), 200) : bytes.size();
                bytes[random() % range] = static_cast<std::uint8_t>(random());
            }
            const Result<LoadedImage> loaded = load_picture_from_memory(bytes, sample.name, options);
            if (loaded) {
                EXPECT_TRUE(loaded->image.channels == 3 || loaded->image.channels == 4);
                for (const float value : loaded->image.pixels)
                    ASSERT_TRUE(value >= 0.0f && value <= 1.0f) << sample.name;
            } else {
                expect_sentence(loaded.error(), sample.name);
            }
        }
}

// PNG's checksum (ISO 3309) of the header chunk at its usual place.
void mend_header_checksum(Bytes& png) {
    std::uint32_t crc = 0xffffffffu;
    for (std::size_t i = 12; i < 29; ++i) {
        crc ^= png[i];
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1u ? 0xedb88320u : 0u);
    }
    crc = ~crc;
    for (std::size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
}

TEST(HostilePicture, HugePicturesAreRefusedBeforeMemoryIsTaken) {
    // Sizes written over those of small files: a header is all that is read.
    Bytes png = make_png(gradient(8, 8), {});
    png[18] = png[22] = 0x4e;  // 20,000 x 20,000
    png[19] = png[23] = 0x20;
    Bytes jpeg = make_jpeg(gradient(8, 8));
    for (std::size_t i = 0; i + 9 < jpeg.size(); ++i)
        if (jpeg[i] == 0xff && jpeg[i + 1] == 0xc0) {
            jpeg[i + 5] = jpeg[i + 7] = 0x4e;
            jpeg[i + 6] = jpeg[i + 8] = 0x20;
        }
    mend_header_checksum(png);
    Bytes webp = make_webp(gradient(8, 8), false);
    webp[26] = webp[28] = 0xff;  // 16,383 x 16,383, the most that a WebP can be
    webp[27] = webp[29] = 0x3f;
    for (const auto& [bytes, says] :
         {std::pair{jpeg, "20000 x 20000"}, {png, "20000 x 20000"}, {webp, "16383 x 16383"}}) {
        const Result<LoadedImage> loaded = load_picture_from_memory(bytes, "huge");
        ASSERT_FALSE(loaded);
        EXPECT_NE(loaded.error().message.find(says), std::string::npos) << loaded.error().message;
    }
    LoadOptions options;
    options.max_pixels = 5000;
    for (const Sample& sample : samples()) {
        const Result<LoadedImage> refused = load_picture_from_memory(sample.bytes, sample.name, options);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message.find("160 x 120"), std::string::npos) << refused.error().message;
    }
}

// libpng alone would take 1.2 GB for it, and a second to clear them.
TEST(HostilePicture, ALongChunkTakesNoMemory) {
    Bytes png = make_png(gradient(8, 8), {});
    const std::string chunk("\x48\x52\x4d\x01zTXtRaw profile type exif\0\0", 31);
    std::string text(png.begin(), png.begin() + 33);
    text += chunk + std::string(png.begin() + 33, png.end());
    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    EXPECT_FALSE(load_picture_from_memory(Bytes(text.begin(), text.end()), "long.png"));
    ::getrusage(RUSAGE_SELF, &after);
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 100 * 1024);
}

TEST(HostilePicture, MissingEmptyFoldersPipesAndOtherKinds) {
    const fs::path folder = fs::temp_directory_path() / ("likeness_hostile_" + std::to_string(::getpid()));
    fs::create_directories(folder);
    const auto refused = [&](const fs::path& path, ErrorCode code, const std::string& says) {
        const Result<LoadedImage> loaded = load_picture(path);
        ASSERT_FALSE(loaded) << path;
        EXPECT_EQ(loaded.error().code, code);
        expect_sentence(loaded.error(), path.string());
        EXPECT_NE(loaded.error().message.find(says), std::string::npos) << loaded.error().message;
    };
    const auto file = [&](const char* name, const std::string& content) {
        std::ofstream(folder / name, std::ios::binary) << content;
        return folder / name;
    };
    refused(folder / "none.jpg", ErrorCode::not_found, "does not exist");
    refused(folder / "none" / "none.jpg", ErrorCode::not_found, "does not exist");
    refused(folder, ErrorCode::bad_input, "folder");
    refused(file("empty.png", ""), ErrorCode::bad_input, "empty");
    refused(file("a.gif", "GIF89a......"), ErrorCode::bad_input, "GIF");
    refused(file("a.heic", std::string("\0\0\0\x18", 4) + "ftypheic"), ErrorCode::bad_input, "HEIC");
    refused(file("a.txt", "hello"), ErrorCode::bad_input, "JPEG, PNG, WebP, BMP, PSD, Radiance HDR or TGA");
    refused(file("short.jpg", "\xff\xd8\xff"), ErrorCode::bad_input, "cut off");
    refused(file("one", "\xff"), ErrorCode::bad_input, "JPEG, PNG, WebP, BMP, PSD, Radiance HDR or TGA");
    refused(file("riff", "RIFF\x01\x02\x03\x04WEBP"), ErrorCode::bad_input, "");
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    refused(folder / "pipe", ErrorCode::bad_input, "regular file");
    refused("/dev/zero", ErrorCode::bad_input, "regular file");
    LoadOptions wrong;
    wrong.max_side = 0;
    EXPECT_EQ(load_picture_from_memory(make_jpeg(gradient(8, 8)), "a", wrong).error().code,
              ErrorCode::invalid_argument);
    // The content decides, not the name.
    const Bytes png = make_png(gradient(9, 7), {});
    EXPECT_TRUE(load_image(file("really_png.jpg", std::string(png.begin(), png.end()))));
    fs::remove_all(folder);
}

TEST(HostilePicture, RealPortraits) {
    const char* set = std::getenv("LIKENESS_TEST_DATA");
    const fs::path folder = fs::path(set ? set : LIKENESS_DEFAULT_TEST_DATA) / "portraits";
    if (!fs::is_directory(folder)) GTEST_SKIP() << "no portraits in " << folder;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        const Result<LoadedImage> loaded = load_picture(entry.path());
        ASSERT_TRUE(loaded) << loaded.error().message;
        EXPECT_GE(loaded->image.width, 256);
    }
}

}  // namespace
}  // namespace likeness::test
