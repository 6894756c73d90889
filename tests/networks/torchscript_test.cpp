// TorchScript files on pictures, and those that do what they should not: each is refused by one sentence.
#include "core/networks/torchscript.h"

#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "core/base/paths.h"
#include "core/image/load.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

// Made once, by make_scripts.
const fs::path& scripts() {
    static const fs::path folder = [] {
        const fs::path made = fs::temp_directory_path() / ("likeness-scripts-" + std::to_string(::getpid()));
        fs::create_directories(made);
        std::atexit([] { fs::remove_all(scripts()); });
#ifdef LIKENESS_MAKE_SCRIPTS
        EXPECT_EQ(std::system((std::string(LIKENESS_MAKE_SCRIPTS) + " " + made.string()).c_str()), 0);
#endif
        return made;
    }();
    return folder;
}

constexpr NetworkLimits modest = {.file_bytes = 1 << 20, .memory = 600 << 20, .time = std::chrono::minutes(2)};

class TorchScript : public testing::TestWithParam<NetworkDevice> {
  protected:
    void SetUp() override {
#ifndef LIKENESS_MAKE_SCRIPTS
        GTEST_SKIP() << "built without LibTorch";
#else
        if (GetParam() == NetworkDevice::gpu && access("/dev/nvidiactl", F_OK) != 0) GTEST_SKIP() << "no GPU";
#endif
    }
    Result<std::unique_ptr<TorchScriptNetwork>> open(const fs::path& file, const NetworkLimits& limits = modest) {
        return TorchScriptNetwork::load(file, GetParam(), limits);
    }
    std::unique_ptr<TorchScriptNetwork> load(const std::string& name, const NetworkLimits& limits = modest) {
        auto network = open(scripts() / (name + ".pt"), limits);
        if (!network.ok()) {
            ADD_FAILURE() << network.error().message << " " << network.error().detail;
            return nullptr;
        }
        return std::move(*network);
    }
    // Of a network of one input and one output, on a picture of a size.
    Status run(TorchScriptNetwork& network, int width = 64, int height = 48, const Progress* progress = nullptr) {
        const std::vector<int> shape = {1, 3, height, width};
        picture_.assign(std::size_t(3 * width * height), 0.5f);
        result_.assign(picture_.size(), 0);
        const NetworkBuffer in = {network.inputs().at(0).name, shape, picture_.data()},
                            out = {network.outputs().at(0).name, shape, result_.data()};
        return network.run({&in, 1}, {&out, 1}, progress);
    }
    std::string sentence(const std::string& name, const NetworkLimits& limits = modest) {
        const auto network = load(name, limits);
        if (!network) return {};
        const Status ran = run(*network);
        return ran.ok() ? "it ran" : ran.error().message;
    }
    std::vector<float> picture_, result_;
};

TEST_P(TorchScript, RunsOnAPicture) {
    const Result<Image> loaded = load_image(fs::path(LIKENESS_SAMPLE_FOLDER) / "astronaut.png");
    ASSERT_TRUE(loaded.ok());
    const Image& image = *loaded;
    const auto network = load("blur");
    ASSERT_TRUE(network);
    EXPECT_EQ(network->name(), "blur.pt");
    EXPECT_EQ(network->version().size(), 16u);
    ASSERT_EQ(network->inputs().size(), 1u);
    EXPECT_EQ(network->inputs()[0].name, "picture");
    EXPECT_EQ(network->device(), GetParam());
    const int width = image.width, height = image.height;
    const auto plane = std::size_t(width) * std::size_t(height);
    std::vector<float> planes(3 * plane), blurred(3 * plane, -1);
    const auto at = [&](std::vector<float>& v, int c, int y, int x) -> float& {
        return v[std::size_t(c) * plane + std::size_t(y) * std::size_t(width) + std::size_t(x)];
    };
    for (int c = 0; c < 3; ++c)
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) at(planes, c, y, x) = image.at(x, y)[c];
    const std::vector<int> shape = {1, 3, height, width};
    const NetworkBuffer in = {"picture", shape, planes.data()}, out = {"output", shape, blurred.data()};
    const float tolerance = GetParam() == NetworkDevice::gpu ? 2e-3f : 1e-5f;  // products of 10 bits
    for (int time = 0; time < 3; ++time) {
        const Status ran = network->run({&in, 1}, {&out, 1});
        ASSERT_TRUE(ran.ok()) << ran.error().message << ran.error().detail;
    }
    for (int c = 0; c < 3; ++c)
        for (int y = 1; y + 1 < height; y += 37)
            for (int x = 1; x + 1 < width; x += 41) {
                float mean = 0;
                for (int k = 0; k < 9; ++k) mean += at(planes, c, y + k / 3 - 1, x + k % 3 - 1) / 9;
                EXPECT_NEAR(at(blurred, c, y, x), mean, tolerance) << c << " " << y << " " << x;
            }
}

TEST_P(TorchScript, SeveralTensorsAndAnySize) {
    const auto network = load("two");
    ASSERT_TRUE(network);
    ASSERT_EQ(network->inputs().size(), 2u);
    ASSERT_EQ(network->outputs().size(), 2u);
    for (const int size : {4, 512, 16}) {
        std::vector<float> a(std::size_t(size), 2), b(std::size_t(size), 5), sum(a.size()), product(a.size());
        const NetworkBuffer in[] = {{"picture", {size}, a.data()}, {"mask", {size}, b.data()}};
        const NetworkBuffer out[] = {{"output0", {size}, sum.data()}, {"output1", {size}, product.data()}};
        ASSERT_TRUE(network->run(in, out).ok());
        EXPECT_EQ(sum.back(), 7);
        EXPECT_EQ(product.front(), 10);
    }
    const NetworkBuffer one = {"picture", {1}, picture_.data()};
    EXPECT_FALSE(network->run({&one, 1}, {&one, 1}).ok());
}

TEST_P(TorchScript, WrongShapesAreRefusedByASentence) {
    EXPECT_EQ(
        sentence("half"),
        "The network 'half.pt' gives 1 x 3 x 24 x 32 where 1 x 3 x 48 x 64 is wanted; use one that is made for this.");
    EXPECT_EQ(
        sentence("whole_numbers"),
        "The network 'whole_numbers.pt' gives numbers of the type Int where 1 x 3 x 48 x 64 is wanted; use one that "
        "is made for this.");
    const std::string grey = sentence("grey_only");
    EXPECT_TRUE(grey.starts_with("The network 'grey_only.pt' cannot work on 1 x 3 x 48 x 64: ")) << grey;
}

TEST_P(TorchScript, ExceptionsAreRefusedByASentence) {
    const auto network = load("raises");
    ASSERT_TRUE(network);
    for (int time = 0; time < 2; ++time) {  // it lives on
        const Status ran = run(*network);
        ASSERT_FALSE(ran.ok());
        EXPECT_EQ(ran.error().message, "The network 'raises.pt' cannot work on 1 x 3 x 48 x 64: there is no face.");
        EXPECT_EQ(ran.error().code, ErrorCode::bad_input);
    }
}

TEST_P(TorchScript, EndlessOnesAreStopped) {
    NetworkLimits limits = modest;
    limits.time = std::chrono::seconds(5);
    const auto network = load("endless", limits);
    ASSERT_TRUE(network);
    const Status ran = run(*network);
    ASSERT_FALSE(ran.ok());
    EXPECT_EQ(
        ran.error().message,
        "The network 'endless.pt' did not finish within 5 seconds and was stopped; use a faster network or a smaller "
        "picture.");
    const Status again = run(*network);
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error().message, "The network 'endless.pt' was stopped before; load it again.");
}

TEST_P(TorchScript, CanBeCancelled) {
    const auto network = load("endless");
    ASSERT_TRUE(network);
    Progress progress;
    std::thread person([&] { progress.cancel(); });
    const Status ran = run(*network, 64, 48, &progress);
    person.join();
    ASSERT_FALSE(ran.ok());
    EXPECT_EQ(ran.error().code, ErrorCode::cancelled);
}

TEST_P(TorchScript, GreedyOnesAreStopped) {
    const auto network = load("greedy");
    ASSERT_TRUE(network);
    const Status ran = run(*network);
    ASSERT_FALSE(ran.ok());
    EXPECT_EQ(ran.error().code, ErrorCode::out_of_memory);
    EXPECT_EQ(ran.error().message,
              "The network 'greedy.pt' needs more than the 600 MB that it may have; use a smaller network or picture.");
}

TEST_P(TorchScript, MemoryThatNobodyHas) {
    EXPECT_EQ(
        sentence("immense"),
        "The network 'immense.pt' needs more than the 600 MB that it may have; use a smaller network or picture.");
}

TEST_P(TorchScript, FilesThatAreNoNetworks) {
    const fs::path file = scripts() / "broken.pt";
    const auto write = [&](const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; };
    const auto refused = [&] {
        const auto network = open(file);
        EXPECT_FALSE(network.ok());
        return network.ok() ? std::string() : network.error().message;
    };
    const std::string no_network = "The network 'broken.pt' cannot be loaded; save it again with torch.jit.save.";
    write("");
    EXPECT_EQ(refused(), "'" + file.string() + "' is empty; choose another file.");
    write("This is no network but a text.");
    EXPECT_EQ(refused(), no_network);
    std::ostringstream whole;
    whole << std::ifstream(scripts() / "blur.pt", std::ios::binary).rdbuf();
    ASSERT_GT(whole.str().size(), 1000u);
    write(whole.str().substr(0, whole.str().size() / 2));
    EXPECT_EQ(refused(), no_network);
    write(std::string());
    fs::resize_file(file, std::uintmax_t(3) << 30);  // of holes
    EXPECT_EQ(refused(), "The network 'broken.pt' has 3072 MB, and at most 1 MB are allowed; use a smaller one.");
    fs::remove(file);
    EXPECT_EQ(refused(), "'" + file.string() + "' does not exist; choose another file.");
    ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
    EXPECT_EQ(refused(), "'" + file.string() + "' is not a regular file; choose another file.");
    fs::remove(file);
    EXPECT_FALSE(open(scripts() / "words.pt").ok()) << "no tensor";
}

// Bytes turned over anywhere: whatever happens, happens to the other process.
TEST_P(TorchScript, DamagedFilesDoNoHarm) {
    std::ostringstream whole;
    whole << std::ifstream(scripts() / "blur.pt", std::ios::binary).rdbuf();
    for (std::size_t place = 11; place < whole.str().size(); place += whole.str().size() / 6) {
        std::string bytes = whole.str();
        for (std::size_t i = place; i < std::min(place + 8, bytes.size()); ++i) bytes[i] = char(~bytes[i]);
        const fs::path file = scripts() / "damaged.pt";
        std::ofstream(file, std::ios::binary) << bytes;
        const auto network = open(file);
        if (!network.ok()) {
            EXPECT_NE(network.error().message.find("damaged.pt"), std::string::npos);
        } else if ((*network)->inputs().size() == 1 && (*network)->outputs().size() == 1) {
            (void)run(**network);
        }
    }
}

TEST_P(TorchScript, ChangesNoFiles) {
    if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
        GTEST_SKIP() << "no Landlock in this kernel";
    std::ofstream(scripts() / "kept") << "work of a week";
    sentence("writer");
    std::string content;
    std::getline(std::ifstream(scripts() / "kept"), content);
    EXPECT_EQ(content, "work of a week");
}

INSTANTIATE_TEST_SUITE_P(Devices, TorchScript, testing::Values(NetworkDevice::processor, NetworkDevice::gpu),
                         [](const auto& device) { return device.param == NetworkDevice::gpu ? "gpu" : "cpu"; });

TEST(TorchScriptFile, WithoutLibTorchASentenceSaysSo) {
#ifdef LIKENESS_MAKE_SCRIPTS
    GTEST_SKIP() << "built with LibTorch";
#endif
    const auto network = TorchScriptNetwork::load("style.pt");
    ASSERT_FALSE(network.ok());
    EXPECT_EQ(
        network.error().message,
        "The network 'style.pt' needs LibTorch, which is not installed; run scripts/setup --torch and build again.");
}

}  // namespace
}  // namespace likeness
