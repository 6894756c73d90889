// stb_image as this folder uses it: four kinds of files, from memory. Only decode_stb.cpp calls it, for it believes
// what a file says of itself.
#pragma once

#define STBI_ONLY_TGA
#define STBI_ONLY_BMP
#define STBI_ONLY_PSD
#define STBI_ONLY_HDR
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS (1 << 17)
#include <stb/stb_image.h>
