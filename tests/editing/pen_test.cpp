// A pen's axes as pressure and tilt, and a stream of events of several devices.
#include "core/editing/pen.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace likeness::test {
namespace {

using Axes = std::vector<std::pair<int, double>>;

TEST(Pen, AnAxisIsAShareOfItsRange) {
    const PenAxis axis{2, 0, 65536};
    EXPECT_EQ(axis_share(axis, 0), 0);
    EXPECT_FLOAT_EQ(axis_share(axis, 16384), 0.25f);
    EXPECT_EQ(axis_share(axis, 65536), 1);
    EXPECT_EQ(axis_share(axis, -5), 0);
    EXPECT_EQ(axis_share(axis, 1e9), 1);
    EXPECT_FLOAT_EQ(axis_share({3, -100, 100}, 50), 0.75f);
    // Nothing to measure by: as a mouse.
    EXPECT_EQ(axis_share({2, 5, 5}, 5), 1);
    EXPECT_EQ(axis_share({2, 5, 1}, 3), 1);
    EXPECT_EQ(axis_share(axis, std::numeric_limits<double>::quiet_NaN()), 1);
}

TEST(Pen, TheCurveKeepsItsEnds) {
    for (const float curve : {0.5f, 1.0f, 2.0f}) {
        EXPECT_EQ(pen_curve(0, curve), 0);
        EXPECT_EQ(pen_curve(1, curve), 1);
    }
    EXPECT_FLOAT_EQ(pen_curve(0.5f, 1), 0.5f);
    EXPECT_FLOAT_EQ(pen_curve(0.5f, 2), 0.25f);
    EXPECT_GT(pen_curve(0.5f, 0.5f), 0.7f);
}

TEST(Pen, TheDeviceThatMovedLastCounts) {
    PenReader reader;
    reader.set_devices({{.id = 11, .pressure = {2, 0, 1000}, .tilt_x = {3, -64, 63}, .tilt_y = {4, -64, 63}},
                        {.id = 12, .pressure = {2, 0, 1000}, .tilt_x = {}, .tilt_y = {}, .eraser = true}});
    EXPECT_FALSE(reader.state().pen);
    EXPECT_EQ(reader.state().pressure, 1);
    reader.moved(11, Axes{{0, 40}, {1, 50}});
    EXPECT_TRUE(reader.state().pen);
    EXPECT_EQ(reader.state().pressure, 0) << "it hovers";
    reader.moved(11, Axes{{2, 250}, {3, 63}});
    EXPECT_FLOAT_EQ(reader.state().pressure, 0.25f);
    EXPECT_NEAR(reader.state().tilt.x(), 1.117f, 0.001f);
    reader.moved(11, Axes{{0, 41}});
    EXPECT_FLOAT_EQ(reader.state().pressure, 0.25f) << "axes that are not named stay";
    // The pen is turned round.
    reader.moved(12, Axes{{2, 900}});
    EXPECT_TRUE(reader.state().eraser);
    EXPECT_FLOAT_EQ(reader.state().pressure, 0.9f);
    EXPECT_EQ(reader.state().tilt, Eigen::Vector2f(0, 0));
    // A mouse is moved.
    reader.moved(4, Axes{{0, 1}, {2, 3}});
    EXPECT_FALSE(reader.state().pen);
    EXPECT_FALSE(reader.state().eraser);
    EXPECT_EQ(reader.state().pressure, 1);
    reader.moved(11, Axes{{0, 41}});
    EXPECT_EQ(reader.state().pressure, 0) << "nothing of the last time in its reach";
    // It is unplugged.
    reader.set_devices({});
    EXPECT_EQ(reader.state().pressure, 1);
    reader.moved(11, Axes{{2, 500}});
    EXPECT_FALSE(reader.state().pen);
}

}  // namespace
}  // namespace likeness::test
