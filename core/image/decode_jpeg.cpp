#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

// jpeglib.h needs stdio first.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "core/base/file_kind.h"
#include "core/image/area_reducer.h"
#include "core/image/decode.h"

namespace likeness::decode {
namespace {

struct Errors {
    jpeg_error_mgr base{};  // first: libjpeg hands back a pointer to it
    std::jmp_buf jump{};
    char message[JMSG_LENGTH_MAX] = {};
    bool hit_end = false;  // the decoder asked for bytes behind the last one
    bool damaged = false;

    static Errors& of(j_common_ptr info) { return *reinterpret_cast<Errors*>(info->err); }
    static void fail(j_common_ptr info) {
        Errors& self = of(info);
        self.base.format_message(info, self.message);
        std::longjmp(self.jump, 1);
    }
    static void on_message(j_common_ptr info, int level) {
        if (level >= 0) return;  // traces
        Errors& self = of(info);
        switch (self.base.msg_code) {
            case JWRN_HIT_MARKER:
            case JWRN_HUFF_BAD_CODE:
            case JWRN_ARITH_BAD_CODE:
            case JWRN_BOGUS_PROGRESSION:
            case JWRN_MUST_RESYNC:
                self.damaged = true;
                self.base.format_message(info, self.message);
                break;
            default:  // odd, and harmless: stray bytes between segments, unknown versions
                break;
        }
    }
    static void silent(j_common_ptr) {}
};

// A progressive file may hold thousands of tiny scans, each of which walks over the whole picture.
constexpr int max_scans = 200;

struct Limits {
    jpeg_progress_mgr base{};
    static void check(j_common_ptr info) {
        if (!info->is_decompressor) return;
        if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > max_scans) {
            std::strcpy(Errors::of(info).message, "too many scans");
            std::longjmp(Errors::of(info).jump, 1);
        }
    }
};

// Bytes from memory; behind the last one comes an end marker, remembered in Errors::hit_end.
struct Source {
    jpeg_source_mgr base{};
    static void start(j_decompress_ptr) {}
    static boolean fill(j_decompress_ptr info) {
        static const JOCTET end[] = {0xff, JPEG_EOI};
        Errors::of(reinterpret_cast<j_common_ptr>(info)).hit_end = true;
        info->src->next_input_byte = end;
        info->src->bytes_in_buffer = 2;
        return TRUE;
    }
    static void skip(j_decompress_ptr info, long count) {
        if (count <= 0) return;
        if (static_cast<std::size_t>(count) > info->src->bytes_in_buffer) {
            fill(info);
            return;
        }
        info->src->next_input_byte += count;
        info->src->bytes_in_buffer -= static_cast<std::size_t>(count);
    }
    static void finish(j_decompress_ptr) {}
};

class Decoder {
  public:
    explicit Decoder(Bytes bytes) {
        info_.err = jpeg_std_error(&errors_.base);
        errors_.base.error_exit = Errors::fail;
        errors_.base.emit_message = Errors::on_message;
        errors_.base.output_message = Errors::silent;
        run([this] { jpeg_create_decompress(&info_); });
        source_.base = {bytes.data(), bytes.size(),           Source::start, Source::fill,
                        Source::skip, jpeg_resync_to_restart, Source::finish};
        info_.src = &source_.base;
        limits_.base.progress_monitor = Limits::check;
        info_.progress = &limits_.base;
    }
    ~Decoder() { jpeg_destroy_decompress(&info_); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    // One libjpeg call; its error becomes a BadPicture.
    template <class Call>
    void run(const Call& call) {
        if (guarded(errors_.jump, call)) return;
        if (errors_.hit_end) throw_cut_off(errors_.message);
        throw_damaged(errors_.message);
    }

    jpeg_decompress_struct& info() { return info_; }
    const Errors& errors() const { return errors_; }

  private:
    jpeg_decompress_struct info_{};
    Errors errors_;
    Source source_;
    Limits limits_;
};

// APP1 segments that begin with `tag`, without it.
std::vector<std::vector<std::uint8_t>> segments_of(const jpeg_decompress_struct& info, std::string_view tag) {
    std::vector<std::vector<std::uint8_t>> found;
    for (const jpeg_marker_struct* marker = info.marker_list; marker; marker = marker->next)
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > tag.size() &&
            std::memcmp(marker->data, tag.data(), tag.size()) == 0)
            found.emplace_back(marker->data + tag.size(), marker->data + marker->data_length);
    return found;
}

std::vector<std::uint8_t> icc_of(Decoder& decoder) {
    JOCTET* data = nullptr;
    unsigned int size = 0;
    boolean found = FALSE;
    decoder.run([&] { found = jpeg_read_icc_profile(&decoder.info(), &data, &size); });
    const std::unique_ptr<JOCTET, decltype(&std::free)> owner(data, std::free);
    if (!found || !data) return {};
    return {data, data + size};
}

// What a picture may lack and still be shown.
constexpr double largest_loss = 0.1;  // of its rows

std::string rows_note(JDIMENSION row, JDIMENSION rows) {
    const int share = std::max(1, int(100.0 * double(rows - row) / double(rows)));
    return "It is cut off or damaged near its end; up to " + std::to_string(share) +
           " % of it at the bottom are missing.";
}

// A progressive file that was cut in its last scans: all that may be missing is the last bit of brightness.
bool nearly_whole(const jpeg_decompress_struct& info) {
    if (!info.coef_bits) return false;
    for (int c = 0; c < info.num_components; ++c)
        if (info.coef_bits[c][0] != 0) return false;
    for (int k = 1; k < DCTSIZE2; ++k)
        if (info.coef_bits[0][k] < 0 || info.coef_bits[0][k] > 1) return false;
    return true;
}

}  // namespace

std::optional<std::size_t> jpeg_begin(Bytes bytes) {
    constexpr std::string_view mark = "\xff\xd8\xff";
    constexpr std::size_t most_stray = 64;
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), most_stray + 3));
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos || (at > 0 && file_kind(text, ""))) return {};
    return at;
}

Raw decode_jpeg(Bytes bytes, const LoadOptions& options) {
    const std::size_t stray = jpeg_begin(bytes).value_or(0);
    Decoder decoder(bytes.subspan(stray));
    jpeg_decompress_struct& info = decoder.info();
    decoder.run([&] {
        jpeg_save_markers(&info, JPEG_APP0 + 1, 0xffff);
        jpeg_save_markers(&info, JPEG_APP0 + 2, 0xffff);
        jpeg_read_header(&info, TRUE);
    });
    check_size(info.image_width, info.image_height, options);

    Raw raw;
    raw.width = static_cast<int>(info.image_width);
    raw.height = static_cast<int>(info.image_height);
    raw.exif = segments_of(info, std::string_view("Exif\0\0", 6));
    for (const auto& packet : segments_of(info, std::string_view("http://ns.adobe.com/xap/1.0/\0", 29)))
        raw.xmp.append(packet.begin(), packet.end());
    if (stray > 0)
        raw.notes.push_back("It begins with " + std::to_string(stray) + " stray bytes, which were left out.");
    raw.icc = icc_of(decoder);
    const bool adobe = info.saw_Adobe_marker != 0;
    switch (info.jpeg_color_space) {
        case JCS_GRAYSCALE:
            raw.model = ColorModel::grey;
            info.out_color_space = JCS_GRAYSCALE;
            break;
        case JCS_YCbCr:
        case JCS_RGB:
            raw.model = ColorModel::rgb;
            info.out_color_space = JCS_RGB;
            break;
        case JCS_CMYK:
        case JCS_YCCK:
            raw.model = ColorModel::cmyk;
            info.out_color_space = JCS_CMYK;
            break;
        default:
            throw BadPicture{"has colors of an unknown kind; save it again as an RGB picture.",
                             std::to_string(info.num_components) + " components"};
    }

    const Size size = reduced_size(raw.width, raw.height, options);
    // Far reductions: let the decoder leave out frequencies first (an area filter too), down to twice the size.
    info.scale_num = 1;
    info.scale_denom = 1;
    while (info.scale_denom < 8 && raw.width / static_cast<int>(info.scale_denom * 2) >= 2 * size.width &&
           raw.height / static_cast<int>(info.scale_denom * 2) >= 2 * size.height)
        info.scale_denom *= 2;
    info.dct_method = JDCT_ISLOW;
    decoder.run([&] { jpeg_start_decompress(&info); });

    const int channels = info.output_components;
    if (channels != (raw.model == ColorModel::grey ? 1 : raw.model == ColorModel::rgb ? 3 : 4))
        throw_damaged("unexpected number of components");
    AreaReducer reducer(static_cast<int>(info.output_width), static_cast<int>(info.output_height), channels, false,
                        size.width, size.height);
    std::vector<std::uint8_t> row(std::size_t(info.output_width) * std::size_t(channels));
    // A progressive file has been read to its end by now.
    const bool lacks_bits = info.progressive_mode && decoder.errors().hit_end && nearly_whole(info);
    if (lacks_bits) raw.notes.push_back("It is cut off near its end; its finest detail is missing.");
    bool lost = lacks_bits;
    while (info.output_scanline < info.output_height) {
        const JDIMENSION y = info.output_scanline;
        JSAMPROW pointer = row.data();
        JDIMENSION got = 0;
        decoder.run([&] { got = jpeg_read_scanlines(&info, &pointer, 1); });
        if (got != 1) throw_cut_off("no further rows");
        if (decoder.errors().damaged && !lost) {
            lost = true;
            // Not only at the end: hopeless files stop early.
            if (double(info.output_height - y) > largest_loss * double(info.output_height)) {
                if (decoder.errors().hit_end) throw_cut_off(decoder.errors().message);
                throw_damaged(decoder.errors().message);
            }
            raw.notes.push_back(rows_note(y, info.output_height));
        }
        reducer.push(row.data());
    }
    // All that a sequential file of one scan may lack is its end marker.
    const bool one_scan = !info.progressive_mode && info.comps_in_scan == info.num_components;
    if (decoder.errors().hit_end && !one_scan && !lacks_bits) throw_cut_off("scans are missing");

    raw.pixels = reducer.finish();
    // Adobe's programs store CMYK inverted, and mark their files.
    if (raw.model == ColorModel::cmyk && adobe)
        for (float& value : raw.pixels.pixels) value = 1.0f - value;
    return raw;
}

}  // namespace likeness::decode
