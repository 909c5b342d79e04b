"""Writes golden_scores.json anew: captions written for this project, with the scores of the official COCO scorer.

    pip install pycocoevalcap==1.2      (and `java` on the PATH)
    python tests/metrics/make_golden.py

The captions stand in golden_scores.json itself; this script replaces their tokens and scores.
"""

import json
from pathlib import Path

GOLDEN = Path(__file__).with_name("golden_scores.json")


def main() -> None:
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    images = json.loads(GOLDEN.read_text(encoding="utf-8"))["images"]
    tokenize = PTBTokenizer().tokenize
    references = tokenize({i: [{"caption": text} for text in image["references"]] for i, image in enumerate(images)})
    candidates = tokenize({i: [{"caption": image["candidate"]}] for i, image in enumerate(images)})
    corpus, per_image = {}, [{} for _ in images]
    bleu, bleus = Bleu(4).compute_score(references, candidates, verbose=0)
    columns = [(f"BLEU-{order}", bleu[order - 1], bleus[order - 1]) for order in range(1, 5)]
    columns.append(("ROUGE-L", *Rouge().compute_score(references, candidates)))
    columns.append(("CIDEr-D", *Cider().compute_score(references, candidates)))
    for name, whole, each in columns:
        corpus[name] = float(whole)
        for scores, value in zip(per_image, each):
            scores[name] = float(value)
    for i, image in enumerate(images):
        image |= {"candidate_tok": candidates[i][0], "references_tok": references[i], "scores": per_image[i]}
    content = {"made_by": "pycocoevalcap 1.2, Java 17", "corpus": corpus, "images": images}
    GOLDEN.write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
