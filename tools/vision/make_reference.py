"""Writes tests/vision/mediapipe_reference.json: MediaPipe's own 478 landmarks of the test portraits (numbers only).

Needs Python 3.11 with mediapipe==0.10.21 in a private environment:
    python3.11 -m venv ENV && ENV/bin/pip install mediapipe==0.10.21
    ENV/bin/python tools/vision/make_reference.py ../shared/data/portraits tests/vision/mediapipe_reference.json
"""

import json
import pathlib
import sys

import cv2
from mediapipe.python.solution_base import SolutionBase

DETECTION_THRESHOLD = (
    "facedetectionshortrangecpu__facedetectionshortrange__facedetection__TensorsToDetectionsCalculator.min_score_thresh"
)


def main() -> None:
    folder, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    table = {}
    # solutions.face_mesh's graph (static_image_mode, refine_landmarks) with the region it looked at as a second output.
    with SolutionBase(
        binary_graph_path="mediapipe/modules/face_landmark/face_landmark_front_cpu.binarypb",
        side_inputs={"num_faces": 1, "with_attention": True, "use_prev_landmarks": False},
        calculator_params={DETECTION_THRESHOLD: 0.3},
        outputs=["multi_face_landmarks", "face_rects_from_detections"],
    ) as mesh:
        for path in sorted(folder.iterdir()):
            picture = cv2.imread(str(path))
            if picture is None:
                continue
            results = mesh.process({"image": cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)})
            found, regions = results.multi_face_landmarks, results.face_rects_from_detections
            if not found or not regions:
                raise SystemExit(f"no face in {path.name}")
            height, width = picture.shape[:2]
            # x, y, z in pixels of the picture; z has x's unit.
            table[path.name] = {
                "width": width,
                "height": height,
                # centre x, y, width and height in pixels, turn in radians
                "region": [
                    round(regions[0].x_center * width, 3),
                    round(regions[0].y_center * height, 3),
                    round(regions[0].width * width, 3),
                    round(regions[0].height * height, 3),
                    round(regions[0].rotation, 6),
                ],
                "points": [
                    [round(p.x * width, 2), round(p.y * height, 2), round(p.z * width, 2)] for p in found[0].landmark
                ],
            }
    lines = [f' "{name}": {json.dumps(entry, separators=(",", ":"))}' for name, entry in table.items()]
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
