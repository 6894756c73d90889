#define STB_IMAGE_IMPLEMENTATION
#include "core/image/stb.h"
