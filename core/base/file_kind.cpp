#include "core/base/file_kind.h"

#include <array>
#include <cctype>
#include <cstddef>

namespace likeness {
namespace {

using namespace std::string_view_literals;

struct Mark {
    std::size_t at;
    std::string_view bytes;
    const char* kind;
};
// The first that fits counts.
constexpr std::array marks = {
    Mark{0, "\xff\xd8\xff"sv, "a JPEG picture"},
    Mark{0, "\x89PNG\r\n\x1a\n"sv, "a PNG picture"},
    Mark{8, "WEBP"sv, "a WebP picture"},
    Mark{0, "GIF8"sv, "a GIF"},
    Mark{0, "II*\0"sv, "a TIFF or camera raw file"},
    Mark{0, "MM\0*"sv, "a TIFF or camera raw file"},
    Mark{4, "ftyphei"sv, "a HEIC picture"},
    Mark{4, "ftyphev"sv, "a HEIC picture"},
    Mark{4, "ftypmif1"sv, "a HEIC picture"},
    Mark{4, "ftypmsf1"sv, "a HEIC picture"},
    Mark{4, "ftypavi"sv, "an AVIF picture"},
    Mark{4, "ftyp"sv, "a video"},
    Mark{4, "moov"sv, "a video"},
    Mark{4, "mdat"sv, "a video"},
    Mark{0, "\x1a\x45\xdf\xa3"sv, "a video"},
    Mark{8, "AVI "sv, "a video"},
    Mark{0, "8BPS"sv, "a PSD picture"},
    Mark{0, "\xff\x0a"sv, "a JPEG XL picture"},
    Mark{4, "JXL "sv, "a JPEG XL picture"},
    Mark{0, "%PDF"sv, "a PDF document"},
    Mark{0, "ply\n"sv, "a PLY file"},
    Mark{0, "ply\r"sv, "a PLY file"},
    Mark{0, "NGSP"sv, "Gaussian splats in SPZ form"},
    Mark{0, "glTF"sv, "a glTF model"},
    Mark{0, "RIFF"sv, "a sound or video"},
    Mark{0, "OggS"sv, "a sound or video"},
    Mark{0, "ID3"sv, "a sound"},
    Mark{0, "fLaC"sv, "a sound"},
    Mark{0, "<svg"sv, "an SVG or XML file"},
    Mark{0, "<?xml"sv, "an SVG or XML file"},
    Mark{0, "<!DOCTYPE"sv, "a web page"},
    Mark{0, "<html"sv, "a web page"},
    Mark{0, "\x7f" "ELF"sv, "a program"},
};

struct Ending {
    std::string_view ending;
    const char* kind;
};
// Kinds whose content has no mark, or another kind's.
constexpr std::array endings = {
    Ending{".spz", "Gaussian splats in SPZ form"},       Ending{".splat", "Gaussian splats in the form of .splat files"},
    Ending{".ksplat", "Gaussian splats in KSPLAT form"}, Ending{".sog", "Gaussian splats in SOG form"},
    Ending{".obj", "a mesh in OBJ form"},                Ending{".fbx", "an FBX model"},
    Ending{".zip", "a zip archive"},                     Ending{".gz", "a compressed file"},
    Ending{".npz", "NumPy arrays"},                      Ending{".pkl", "a Python pickle"},
    Ending{".safetensors", "tensors (safetensors)"},
};

bool ends_with(std::string_view name, std::string_view ending) {
    if (name.size() < ending.size()) return false;
    for (std::size_t i = 0; i < ending.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(name[name.size() - ending.size() + i])) != ending[i]) return false;
    return true;
}

FileKind kind_of(std::string_view what) {
    return {what, what.starts_with("Gaussian splats") ? "export them as a 3D Gaussian Splatting PLY" : ""};
}

}  // namespace

FileKind file_kind(std::string_view begin, std::string_view name) {
    for (const Mark& mark : marks)
        if (begin.size() >= mark.at && begin.substr(mark.at).starts_with(mark.bytes)) return kind_of(mark.kind);
    for (const Ending& known : endings)
        if (ends_with(name, known.ending)) return kind_of(known.kind);
    if (begin.starts_with("PK\x03\x04")) return kind_of("a zip archive");
    if (begin.starts_with("\x1f\x8b")) return kind_of("a compressed file");
    return {};
}

}  // namespace likeness
