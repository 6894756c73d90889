// The interface of networks, and LiteRT behind it.
#include "core/networks/network.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "core/base/paths.h"
#include "core/image/file_bytes.h"
#include "core/networks/litert.h"
#include "core/networks/quiet_stderr.h"

namespace likeness {
namespace {

std::unique_ptr<LiteRtNetwork> segmenter(const NetworkLimits& limits = {}) {
    Result<std::unique_ptr<LiteRtNetwork>> network =
        LiteRtNetwork::load_file(find_asset("selfie_segmentation.tflite").value(), {}, limits);
    EXPECT_TRUE(network.ok()) << network.error().detail;
    return std::move(*network);
}

struct Buffers {
    std::vector<float> picture, mask;
    std::vector<NetworkBuffer> inputs, outputs;
    explicit Buffers(const Network& network) {
        const TensorShape &in = network.inputs()[0], &out = network.outputs()[0];
        for (std::size_t i = 0; i < in.size(); ++i) picture.push_back(float(i % 251) / 250);
        mask.resize(out.size());
        inputs = {{in.name, in.dimensions, picture.data()}};
        outputs = {{out.name, out.dimensions, mask.data()}};
    }
};

// "INFO: Created TensorFlow Lite XNNPACK delegate for CPU." is for others.
TEST(Network, LoadingWritesNothingToStandardError) {
    testing::internal::CaptureStderr();
    segmenter();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    testing::internal::CaptureStderr();
    {
        const QuietStderr outer;
        const QuietStderr inner;
        std::fprintf(stderr, "%s: hidden\n", "INFO");
        std::fprintf(stderr, "error: shown\nhalf of a ");
    }
    std::fprintf(stderr, "line\n");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "error: shown\nhalf of a line\n");
}

TEST(Network, ReadsAndWritesTheCallersBuffers) {
    const auto network = segmenter();
    Buffers buffers(*network);
    ASSERT_TRUE(network->run(buffers.inputs, buffers.outputs).ok());
    std::copy(buffers.picture.begin(), buffers.picture.end(), network->input(0).begin());
    ASSERT_TRUE(network->run().ok());
    EXPECT_TRUE(std::equal(buffers.mask.begin(), buffers.mask.end(), network->output(0).begin()));
    EXPECT_NE(buffers.mask.front(), buffers.mask[buffers.mask.size() / 2]);
    EXPECT_EQ(network->device(), NetworkDevice::processor);
}

TEST(Network, WrongViewsAreRefusedByASentence) {
    const auto network = segmenter();
    const auto sentence = [&](const auto& change) {
        Buffers buffers(*network);
        change(buffers);
        const Status ran = network->run(buffers.inputs, buffers.outputs);
        EXPECT_FALSE(ran.ok());
        return ran.ok() ? std::string() : ran.error().message;
    };
    EXPECT_EQ(sentence([](Buffers& b) {
                  b.inputs[0].dimensions = {1, 128, 512, 3};
              }),
              "The network 'selfie_segmentation.tflite' needs 1 x 256 x 256 x 3 as 'input_1', not 1 x 128 x 512 x 3.");
    EXPECT_NE(sentence([](Buffers& b) { b.inputs[0].name = "picture"; }).find("'picture' was given"),
              std::string::npos);
    EXPECT_NE(sentence([](Buffers& b) { b.outputs.clear(); }).find("0 tensors where it has 1"), std::string::npos);
    EXPECT_NE(sentence([](Buffers& b) { b.outputs[0].data = nullptr; }).find("was given nothing"), std::string::npos);
}

TEST(Network, LimitsOfFileAndMemory) {
    const auto path = find_asset("selfie_segmentation.tflite").value();
    EXPECT_FALSE(LiteRtNetwork::load_file(path, {}, {.file_bytes = 1000}).ok());
    EXPECT_FALSE(LiteRtNetwork::load_file(path, {}, {.memory = 100'000}).ok());
    EXPECT_EQ(segmenter({.memory = 2'000'000})->limits().memory, 2'000'000u);
}

TEST(Network, ThreadsChangeNothing) {
    const auto one = segmenter(), two = segmenter({.threads = 2});
    Buffers a(*one), b(*two);
    ASSERT_TRUE(one->run(a.inputs, a.outputs).ok());
    ASSERT_TRUE(two->run(b.inputs, b.outputs).ok());
    for (std::size_t i = 0; i < a.mask.size(); ++i) ASSERT_NEAR(a.mask[i], b.mask[i], 1e-5f);
}

TEST(Network, VersionIsThatOfTheContent) {
    std::vector<std::uint8_t> bytes(1001, 7);
    const std::string version = version_of(bytes);
    EXPECT_EQ(version.size(), 16u);
    EXPECT_EQ(version, version_of(bytes));
    for (const std::size_t at : {std::size_t(0), std::size_t(500), bytes.size() - 1}) {
        bytes[at] ^= 1;
        EXPECT_NE(version, version_of(bytes)) << at;
        bytes[at] ^= 1;
    }
    bytes.push_back(0);
    EXPECT_NE(version, version_of(bytes));
    EXPECT_EQ(segmenter()->version(),
              version_of(*read_file(find_asset("selfie_segmentation.tflite").value(), 1 << 24)));
}

}  // namespace
}  // namespace likeness
