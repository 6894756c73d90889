// Names of Font Awesome's glyphs.
#pragma once

#include <icons_font_awesome_6.h>
