// likeness-svg: draws one SVG for the program. It reads it from its standard input and writes the picture to its
// standard output, see protocol.h, and closes all doors before it looks at a byte.
#include <fcntl.h>
#include <librsvg/rsvg.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "core/image/svg_guest/protocol.h"

namespace likeness::svg_guest {
namespace {

constexpr rlim_t most_memory = rlim_t(1) << 30, most_seconds = 10;

void limit(__rlimit_resource what, rlim_t value) {
    const rlimit both{value, value};
    ::setrlimit(what, &both);
}

// Files can be read where fonts and libraries are, and nothing can be written. Without Landlock (Linux 5.13) that rests
// on librsvg alone, which opens no file for a picture without an address.
void keep_files() {
    landlock_ruleset_attr rules{};
    rules.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // all of the first version
    const int rule_set = int(::syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0));
    if (rule_set < 0) return;
    const char* const home = std::getenv("HOME");
    for (const std::string& folder :
         {std::string("/usr"), std::string("/etc/fonts"), std::string("/var/cache/fontconfig"),
          home ? home + std::string("/.fonts") : "", home ? home + std::string("/.local/share/fonts") : ""}) {
        landlock_path_beneath_attr beneath{};
        beneath.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
        beneath.parent_fd = folder.empty() ? -1 : ::open(folder.c_str(), O_PATH | O_CLOEXEC);
        if (beneath.parent_fd < 0) continue;
        ::syscall(SYS_landlock_add_rule, rule_set, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
        ::close(beneath.parent_fd);
    }
    ::syscall(SYS_landlock_restrict_self, rule_set, 0);
    ::close(rule_set);
}

// No other program, no socket, no look at another process.
void keep_system_calls() {
#if defined(__x86_64__)
    constexpr std::uint32_t machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
    constexpr std::uint32_t machine = AUDIT_ARCH_AARCH64;
#else
    return;
#endif
    constexpr std::array<std::uint32_t, 8> refused = {
        SYS_socket,           SYS_socketpair,        SYS_execve,        SYS_execveat, SYS_ptrace,
        SYS_process_vm_readv, SYS_process_vm_writev, SYS_io_uring_setup};
    std::vector<sock_filter> filter = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, machine, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
#if defined(__x86_64__)
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1),  // the same calls by x32's numbers
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#endif
    };
    for (const std::uint32_t call : refused) {
        filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
        filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

void close_doors() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CPU, most_seconds);
    limit(RLIMIT_NOFILE, 64);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // those reserve terabytes
    limit(RLIMIT_AS, most_memory);
#endif
    keep_files();
    keep_system_calls();
}

void write_all(const void* data, std::size_t size) {
    for (const char* at = static_cast<const char*>(data); size > 0;) {
        const ssize_t written = ::write(STDOUT_FILENO, at, size);
        if (written <= 0) std::_Exit(1);
        at += written;
        size -= std::size_t(written);
    }
}

[[noreturn]] void refuse(Outcome outcome, const std::string& text) {
    const Reply reply{outcome, 0, 0};
    write_all(&reply, sizeof reply);
    write_all(text.data(), text.size());
    std::_Exit(1);
}

std::vector<char> read_all() {
    std::vector<char> bytes;
    std::array<char, 65536> block{};
    for (ssize_t got; (got = ::read(STDIN_FILENO, block.data(), block.size())) > 0;)
        bytes.insert(bytes.end(), block.data(), block.data() + got);
    return bytes;
}

// Width over height: of its size or its view box, else of what it draws.
double aspect_of(RsvgHandle* svg) {
    gboolean has_width = FALSE, has_height = FALSE, has_box = FALSE;
    RsvgLength wide{}, high{};
    RsvgRectangle box{}, logical{};
    double width = 0, height = 0;
    if (!rsvg_handle_get_intrinsic_size_in_pixels(svg, &width, &height)) {
        rsvg_handle_get_intrinsic_dimensions(svg, &has_width, &wide, &has_height, &high, &has_box, &box);
        if (!has_box && !rsvg_handle_get_geometry_for_element(svg, nullptr, &box, &logical, nullptr)) return 0;
        width = box.width;
        height = box.height;
    }
    return width > 0 && height > 0 ? width / height : 0;
}

void draw(const std::vector<char>& bytes, int side) {
    GInputStream* const stream = g_memory_input_stream_new_from_data(bytes.data(), gssize(bytes.size()), nullptr);
    GError* problem = nullptr;
    RsvgHandle* const svg =
        rsvg_handle_new_from_stream_sync(stream, nullptr, RSVG_HANDLE_FLAGS_NONE, nullptr, &problem);
    if (!svg) refuse(Outcome::no_svg, problem && problem->message ? problem->message : "");
    rsvg_handle_set_dpi(svg, 96);
    const double aspect = aspect_of(svg);
    if (!std::isfinite(aspect) || aspect <= 0) refuse(Outcome::no_size, "");
    const auto shorter = [&](double share) { return std::max(1, int(std::lround(side * share))); };
    const int width = aspect >= 1 ? side : shorter(aspect), height = aspect >= 1 ? shorter(1 / aspect) : side;
    cairo_surface_t* const surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    cairo_t* const cairo = cairo_create(surface);
    const RsvgRectangle all{0, 0, double(width), double(height)};
    const bool drawn = rsvg_handle_render_document(svg, cairo, &all, &problem);
    const bool short_of_memory =
        cairo_status(cairo) == CAIRO_STATUS_NO_MEMORY || cairo_surface_status(surface) == CAIRO_STATUS_NO_MEMORY;
    if (short_of_memory) refuse(Outcome::out_of_memory, "");
    const std::string why = problem && problem->message ? problem->message : "";
    if (why.find("NoMemory") != why.npos) refuse(Outcome::out_of_memory, why);  // in a layer of its own
    if (!drawn || cairo_status(cairo) != CAIRO_STATUS_SUCCESS) refuse(Outcome::no_svg, why);
    cairo_surface_flush(surface);
    const unsigned char* const pixels = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    const Reply reply{Outcome::done, width, height};
    write_all(&reply, sizeof reply);
    std::vector<std::uint8_t> row(std::size_t(width) * 4);
    for (int y = 0; y < height; ++y) {
        for (std::size_t x = 0; x < std::size_t(width); ++x) {
            std::uint32_t argb = 0;  // premultiplied, in the machine's own order of bytes
            std::memcpy(&argb, pixels + std::size_t(y) * std::size_t(stride) + 4 * x, 4);
            const std::uint32_t alpha = argb >> 24;
            for (std::size_t c = 0; c < 3; ++c) {
                const std::uint32_t value = argb >> (16 - 8 * c) & 255;
                row[4 * x + c] = std::uint8_t(alpha == 0 ? 0 : std::min(255u, (value * 255 + alpha / 2) / alpha));
            }
            row[4 * x + 3] = std::uint8_t(alpha);
        }
        write_all(row.data(), row.size());
    }
}

}  // namespace
}  // namespace likeness::svg_guest

int main(int count, char** words) {
    const int side = count == 2 ? std::atoi(words[1]) : 0;
    if (side < 1 || side > 4096) {
        std::fprintf(stderr, "likeness-svg draws SVG pictures for likeness; it is of no use alone.\n");
        return 2;
    }
    likeness::svg_guest::close_doors();
    likeness::svg_guest::draw(likeness::svg_guest::read_all(), side);
    std::_Exit(0);  // without taking apart what ends with the process
}
