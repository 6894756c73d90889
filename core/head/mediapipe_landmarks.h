// MediaPipe's 478 face landmarks: their name among a head's landmarks (HeadModel::landmarks), and which of them belong
// to what (its published topology). Left and right are the subject's.
#pragma once

#include <array>
#include <string_view>

namespace likeness::landmarks {

inline constexpr std::string_view scheme = "mediapipe-478";
inline constexpr int count = 478;
inline constexpr int face_count = 468;                   // the first; the irises follow
inline constexpr int right_iris = 468, left_iris = 473;  // centres; four border points follow each
inline constexpr int nose_tip = 1, forehead = 9, chin = 152;
inline constexpr int right_jaw = 172, left_jaw = 397;  // corners
inline constexpr int right_ear = 234, left_ear = 454;  // the face oval's points before them

inline constexpr std::array<int, 36> face_oval = {10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288,
                                                  397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
                                                  172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};
// Closed loops, in order.
inline constexpr std::array<int, 20> lips_outer = {61,  146, 91,  181, 84,  17, 314, 405, 321, 375,
                                                   291, 409, 270, 269, 267, 0,  37,  39,  40,  185};
inline constexpr std::array<int, 20> lips_inner = {78,  95,  88,  178, 87,  14, 317, 402, 318, 324,
                                                   308, 415, 310, 311, 312, 13, 82,  81,  80,  191};
inline constexpr std::array<int, 16> right_eye = {33,  7,   163, 144, 145, 153, 154, 155,
                                                  133, 173, 157, 158, 159, 160, 161, 246};
inline constexpr std::array<int, 16> left_eye = {263, 249, 390, 373, 374, 380, 381, 382,
                                                 362, 398, 384, 385, 386, 387, 388, 466};

// Upper and lower points that meet when lids and lips close: five of each eye, seven of the mouth.
struct Closure {
    int upper, lower;
};
inline constexpr std::array<Closure, 5> right_lids = {{{161, 163}, {160, 144}, {159, 145}, {158, 153}, {157, 154}}};
inline constexpr std::array<Closure, 5> left_lids = {{{388, 390}, {387, 373}, {386, 374}, {385, 380}, {384, 381}}};
inline constexpr std::array<Closure, 7> lips = {
    {{80, 88}, {81, 178}, {82, 87}, {13, 14}, {312, 317}, {311, 402}, {310, 318}}};

}  // namespace likeness::landmarks
