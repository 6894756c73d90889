#include "core/editing/make_up.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <stdexcept>

#include "core/editing/make_up_canvas.h"

namespace likeness {
namespace {

constexpr MakeUpAmount seed_amount = {"seed", "Variant", 0, 999, 1, "", "Another number is another arrangement"};

constexpr std::array lipstick_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.8f, "", "How much of it covers the lips"},
    MakeUpAmount{"softness", "Softness", 0.2f, 4, 0.7f, "mm", "How softly it ends at the lip line"},
    MakeUpAmount{"overline", "Fuller", -1, 2, 0, "mm", "Draws the lips larger, or smaller, than they are"},
    MakeUpAmount{"liner", "Liner", 0, 1, 0.15f, "", "A darker line along the border"},
    MakeUpAmount{"fade", "Worn", 0, 1, 0, "", "Lets it fade towards the border, as if dabbed on"}};
constexpr std::array gloss_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.6f, "", "How strong the lights on the lips are"},
    MakeUpAmount{"width", "Width", 0, 1, 0.5f, "", "How broad the lights are"},
    MakeUpAmount{"streaks", "Streaks", 0, 1, 0.5f, "", "How much the lines of the lips break the lights"}};
constexpr std::array blush_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.5f, "", "How strong the color of the cheeks is"},
    MakeUpAmount{"size", "Size", 0.4f, 1.8f, 1, "", "How far it reaches"},
    MakeUpAmount{"lift", "Height", 0, 1, 0.6f, "", "From the apples of the cheeks up to their bones"},
    MakeUpAmount{"nose", "Over the nose", 0, 1, 0, "", "As if from sun or cold"}};
constexpr std::array contour_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.5f, "", "How strong shades and lights are"},
    MakeUpAmount{"cheeks", "Cheeks", 0, 1, 1, "", "Shade below the cheekbones"},
    MakeUpAmount{"jaw", "Jaw", 0, 1, 0.6f, "", "Shade along the jaw"},
    MakeUpAmount{"nose", "Nose", 0, 1, 0.6f, "", "Shade on the sides of the nose"},
    MakeUpAmount{"forehead", "Temples", 0, 1, 0.5f, "", "Shade at the temples and the hairline"},
    MakeUpAmount{"highlight", "Highlight", 0, 1, 0.5f, "", "Lights on cheekbones, nose, brow and chin"}};
constexpr std::array eye_shadow_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.6f, "", "How much of it covers the lids"},
    MakeUpAmount{"height", "Height", 0.2f, 1, 0.65f, "", "From the lid's roll up to the brow"},
    MakeUpAmount{"corner", "Outer corner", 0, 1, 0.4f, "", "How much darker it is towards the temple"},
    MakeUpAmount{"below", "Below", 0, 1, 0.2f, "", "Along the lower lid"},
    MakeUpAmount{"shimmer", "Shimmer", 0, 1, 0.1f, "", "Glints of metal"}};
constexpr std::array eyeliner_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.9f, "", "How dark the line is"},
    MakeUpAmount{"thickness", "Thickness", 0.3f, 5, 1.8f, "mm", "Of the line on the upper lid, at its thickest"},
    MakeUpAmount{"wing", "Wing", 0, 16, 5, "mm", "How far the line goes beyond the outer corner"},
    MakeUpAmount{"below", "Below", 0, 1, 0, "", "A line along the lower lid"},
    MakeUpAmount{"smudge", "Smudge", 0, 4, 0, "mm", "How softly the line ends"}};
constexpr std::array mascara_amounts = {MakeUpAmount{"amount", "Amount", 0, 1, 0.8f, "", "How dark the lashes are"},
                                        MakeUpAmount{"length", "Length", 0.3f, 1, 0.8f, "", "Of the lashes"},
                                        MakeUpAmount{"density", "Density", 0, 1, 0.5f, "", "How many lashes there are"},
                                        MakeUpAmount{"below", "Below", 0, 1, 0.5f, "", "Lashes of the lower lid"}};
constexpr std::array brows_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.6f, "", "How strong the brows are"},
    MakeUpAmount{"powder", "Powder", 0, 1, 0.5f, "", "Even color under the hairs"},
    MakeUpAmount{"hairs", "Hairs", 0, 1, 0.7f, "", "How many hairs are drawn"},
    MakeUpAmount{"thickness", "Thickness", 0.5f, 1.6f, 1, "", "Beside the person's own brows"}};
constexpr std::array freckles_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.6f, "", "How dark they are"},
    MakeUpAmount{"density", "Number", 0, 1, 0.5f, "", "How many there are"},
    MakeUpAmount{"size", "Size", 0.6f, 4, 1.7f, "mm", "Of the larger ones"},
    MakeUpAmount{"spread", "Spread", 0, 1, 0.4f, "", "From nose and cheeks over the whole face"}, seed_amount};
constexpr std::array tan_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.5f, "", "How brown the skin is"},
    MakeUpAmount{"sun_kissed", "Sun-kissed", 0, 1, 0.3f, "", "Browner where the sun falls first: nose, cheeks, brow"},
    MakeUpAmount{"body", "Body", 0, 1, 1, "", "How much of it neck and shoulders have"}};
constexpr std::array stubble_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.6f, "", "How strong it is"},
    MakeUpAmount{"shade", "Shade", 0, 1, 0.5f, "", "How dark the skin is between the hairs"},
    MakeUpAmount{"density", "Density", 0, 1, 0.6f, "", "How many hairs there are"},
    MakeUpAmount{"length", "Length", 0.1f, 4, 0.7f, "mm", "Of the hairs"}, seed_amount};
constexpr std::array iris_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.8f, "", "How much of the own iris it covers"},
    MakeUpAmount{"fibers", "Pattern", 0, 1, 0.6f, "", "How strong the fibers of the iris are"},
    MakeUpAmount{"ring", "Ring", 0, 1, 0.7f, "", "The dark ring at the border"},
    MakeUpAmount{"centre", "Amber centre", 0, 1, 0.25f, "", "A second color about the pupil"}, seed_amount};
constexpr std::array teeth_whitening_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.7f, "", "How much yellow is taken off"},
    MakeUpAmount{"brighten", "Brighten", 0, 1, 0.5f, "", "How much lighter they are"}};
constexpr std::array under_eye_amounts = {
    MakeUpAmount{"amount", "Amount", 0, 1, 0.8f, "", "How much it covers"},
    MakeUpAmount{"lift", "Lighten", -1, 1, 0.8f, "", "Takes rings under the eyes away; below 0 makes them darker"}};

using Paint = PaintTexels (*)(const MakeUpCanvas&);
struct Row {
    MakeUpKind kind;
    Paint paint;
};

constexpr std::array<Row, 14> rows = {{
    {{"lipstick",
      "Lipstick",
      "Color on the lips that keeps their lines and shades",
      {0.66f, 0.10f, 0.17f},
      true,
      PaintBlend::normal,
      FaceRegion::lips,
      lipstick_amounts},
     paint_lipstick},
    {{"gloss",
      "Lip gloss",
      "Lights on the lips",
      {1, 0.97f, 0.95f},
      true,
      PaintBlend::screen,
      FaceRegion::lips,
      gloss_amounts},
     paint_gloss},
    {{"blush",
      "Blush",
      "Color on the cheeks; the darker the skin, the deeper",
      {0.84f, 0.36f, 0.38f},
      true,
      PaintBlend::multiply,
      FaceRegion::cheeks,
      blush_amounts},
     paint_blush},
    {{"contour",
      "Contour",
      "Shades and lights that shape the face",
      {0.27f, 0.20f, 0.17f},
      true,
      PaintBlend::soft_light,
      FaceRegion::cheeks,
      contour_amounts},
     paint_contour},
    {{"eye_shadow",
      "Eye shadow",
      "Color on the lids, also where they roll up",
      {0.42f, 0.28f, 0.26f},
      true,
      PaintBlend::normal,
      FaceRegion::lids,
      eye_shadow_amounts},
     paint_eye_shadow},
    {{"eyeliner",
      "Eyeliner",
      "A line along the lashes",
      {0.05f, 0.04f, 0.05f},
      true,
      PaintBlend::normal,
      FaceRegion::lids,
      eyeliner_amounts},
     paint_eyeliner},
    {{"mascara",
      "Mascara",
      "Dark lashes",
      {0.04f, 0.03f, 0.03f},
      true,
      PaintBlend::normal,
      FaceRegion::lids,
      mascara_amounts},
     paint_mascara},
    {{"brows",
      "Brows",
      "Fills the brows in",
      {0.22f, 0.15f, 0.11f},
      true,
      PaintBlend::normal,
      FaceRegion::brows,
      brows_amounts},
     paint_brows},
    {{"freckles",
      "Freckles",
      "Over nose and cheeks",
      {0.70f, 0.50f, 0.37f},
      true,
      PaintBlend::multiply,
      FaceRegion::nose,
      freckles_amounts},
     paint_freckles},
    {{"tan", "Tan", "Browner skin", {0.83f, 0.71f, 0.61f}, true, PaintBlend::multiply, FaceRegion::skin, tan_amounts},
     paint_tan},
    {{"stubble",
      "Stubble",
      "A beard of some days",
      {0.20f, 0.17f, 0.16f},
      true,
      PaintBlend::multiply,
      FaceRegion::beard,
      stubble_amounts},
     paint_stubble},
    {{"iris",
      "Iris",
      "Another color and pattern of the eyes; pupil and lights stay",
      {0.30f, 0.46f, 0.58f},
      true,
      PaintBlend::normal,
      FaceRegion::iris,
      iris_amounts},
     paint_iris},
    {{"teeth_whitening",
      "Teeth whitening",
      "Takes yellow off the teeth",
      {1, 1, 1},
      false,
      PaintBlend::soft_light,
      FaceRegion::teeth,
      teeth_whitening_amounts},
     paint_teeth_whitening},
    {{"under_eye",
      "Under the eyes",
      "Evens out rings under the eyes, or makes some",
      {1, 1, 1},
      false,
      PaintBlend::normal,
      FaceRegion::under_eye,
      under_eye_amounts},
     paint_under_eye},
}};

const Row* row_of(std::string_view name) {
    for (const Row& row : rows)
        if (row.kind.name == name) return &row;
    return nullptr;
}

}  // namespace

std::span<const MakeUpKind> make_up_kinds() {
    static const auto kinds = [] {
        std::vector<MakeUpKind> all;
        for (const Row& row : rows) all.push_back(row.kind);
        return all;
    }();
    return kinds;
}

const MakeUpKind* make_up_kind(std::string_view name) {
    for (const MakeUpKind& kind : make_up_kinds())
        if (kind.name == name) return &kind;
    return nullptr;
}

float make_up_amount(const MakeUp& make_up, std::string_view name) {
    const MakeUpKind* kind = make_up_kind(make_up.kind);
    if (!kind) throw std::invalid_argument("make-up of an unknown kind");
    for (const MakeUpAmount& amount : kind->amounts)
        if (amount.name == name) {
            const auto set = make_up.amount.find(std::string(name));
            if (set == make_up.amount.end() || !std::isfinite(set->second)) return amount.usual;
            return std::clamp(set->second, amount.low, amount.high);
        }
    throw std::invalid_argument("make-up without this amount");
}

MakeUp usual_make_up(const FaceRegions& regions, std::string_view name) {
    const MakeUpKind* kind = make_up_kind(name);
    if (!kind) throw std::invalid_argument("make-up of an unknown kind");
    MakeUp make_up{kind->name, kind->color, {}};
    for (const MakeUpAmount& amount : kind->amounts) make_up.amount[amount.name] = amount.usual;
    // Hairs of the person's own color; blush and freckles that suit the skin's.
    const bool of_brows = name == "brows", of_beard = name == "stubble";
    if (of_brows || of_beard) {
        const OwnTones tones = own_tones(regions);
        // A canvas puts the photograph's light on a color; this one has it already.
        const Eigen::Vector3f light = of_brows ? Eigen::Vector3f(Eigen::Vector3f::Constant(0.25f) + 0.75f * tones.light)
                                               : Eigen::Vector3f(Eigen::Vector3f::Ones());
        Eigen::Vector3f own = (0.8f * tones.brows).cwiseQuotient(light);
        // Where brows are plucked or very fair it is skin that is found there.
        own *= std::min(1.0f, 0.45f * luma(tones.skin) / std::max(luma(own), 0.02f));
        for (std::size_t c = 0; c < 3; ++c) make_up.color[c] = own[Eigen::Index(c)];
    }
    return make_up;
}

Result<PaintTexels> make_up_layer(const FaceRegions& regions, const MakeUp& make_up) {
    const Row* row = row_of(make_up.kind);
    if (!row)
        return Error{ErrorCode::invalid_argument, "There is no make-up called '" + make_up.kind + "'; choose another.",
                     ""};
    const std::string missing = regions.missing(row->kind.region);
    if (!missing.empty()) return Error{ErrorCode::not_found, missing, row->kind.name};
    if (!regions.curves().found())
        return Error{ErrorCode::not_found, regions.missing(FaceRegion::lips), row->kind.name};
    if (make_up_amount(make_up, "amount") <= 0) return PaintTexels{};
    MakeUp lit = make_up;
    for (float& c : lit.color) c = std::isfinite(c) ? std::clamp(c, 0.0f, 1.0f) : 0.0f;
    try {
        return row->paint(MakeUpCanvas(regions, lit));
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory for this make-up; remove other layers.",
                     row->kind.name};
    }
}

Result<PaintTexels> make_up_layer(const PaintSurface& surface, const MakeUp& make_up) {
    return make_up_layer(FaceRegions(surface), make_up);
}

}  // namespace likeness
