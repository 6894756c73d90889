// Which of the 478 points are what (public facts of MediaPipe's canonical face mesh and its attention model).
#pragma once

#include <array>
#include <cstdint>

namespace likeness::mesh {

using Index = std::uint16_t;

// The network's refined points in its order: rings from the lids or lips outwards. "Right" is the person's right.
inline constexpr std::array<Index, 80> lips = {
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0,  267, 269, 270, 409,   // outer edge
    78, 95,  88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,   // inner edge
    76, 77,  90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,   // next to the outer
    62, 96,  89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407};  // next to the inner
inline constexpr std::array<Index, 71> right_eye = {
    33,  7,   163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,  // lids
    130, 25,  110, 24,  23,  22,  26,  112, 243, 247, 30,  29,  27,  28,  56,  190,  // second ring
    226, 31,  228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189,  // third ring
    35,  124, 46,  53,  52,  65,                                                     // brow, lower edge
    143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70,  63,  105, 66,  107, 55,  193};
inline constexpr std::array<Index, 71> left_eye = {
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,  // lids
    359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414,  // second ring
    446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,  // third ring
    265, 353, 276, 283, 282, 295,                                                    // brow, lower edge
    372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417};
inline constexpr std::size_t lid_points = 16;  // of right_eye and left_eye: the lids' edges

// The face's outline, clockwise in the picture from the top of the forehead.
inline constexpr std::array<Index, 36> oval = {10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288,
                                               397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
                                               172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};
// Closed contours.
inline constexpr std::array<Index, 16> right_lids = {33,  7,   163, 144, 145, 153, 154, 155,
                                                     133, 173, 157, 158, 159, 160, 161, 246};
inline constexpr std::array<Index, 16> left_lids = {263, 249, 390, 373, 374, 380, 381, 382,
                                                    362, 398, 384, 385, 386, 387, 388, 466};
inline constexpr std::array<Index, 20> lips_outer = {61,  146, 91,  181, 84,  17, 314, 405, 321, 375,
                                                     291, 409, 270, 269, 267, 0,  37,  39,  40,  185};
inline constexpr std::array<Index, 20> lips_inner = {78,  95,  88,  178, 87,  14, 317, 402, 318, 324,
                                                     308, 415, 310, 311, 312, 13, 82,  81,  80,  191};
inline constexpr std::array<Index, 10> right_brow = {46, 53, 52, 65, 55, 107, 66, 105, 63, 70};
inline constexpr std::array<Index, 10> left_brow = {276, 283, 282, 295, 285, 336, 296, 334, 293, 300};

inline constexpr Index forehead_top = 10, chin = 152, nose_tip = 1;
inline constexpr Index right_eye_outer = 33, right_eye_inner = 133, left_eye_outer = 263, left_eye_inner = 362;
inline constexpr Index right_cheek = 234, left_cheek = 454;  // where the oval meets the ears

}  // namespace likeness::mesh
