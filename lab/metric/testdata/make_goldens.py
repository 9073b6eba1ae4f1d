"""Writes goldens.json, the values that the tests of package metric must reproduce.

    pip install numpy scikit-learn scipy
    python make_goldens.py > goldens.json

AUROC, AP and ROC curves are scikit-learn's. It has no EER, TPR at FPR or DeLong test; those follow
from its ROC curve, and from the definition as a matrix of pairs.
"""

import json

import numpy as np
import scipy.stats
import sklearn
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

FPRS = [0.0, 0.01, 0.05, 0.1, 0.29, 0.5, 1.0]


def draw_scores(rng, fake, kind):
    """Scores with few digits, so that the file is small and ties are exact."""
    x = rng.normal(size=len(fake)) + rng.choice([-0.5, 0.0, 0.7, 2.0]) * fake
    if kind == "heavy ties":
        return np.round(x)
    if kind == "constant":
        return np.full(len(fake), 3.0)
    if kind == "unbounded":
        return np.round(x * 1000 - 5e6, 1)
    if kind == "one decimal":
        return np.round(x, 1)
    return np.round(x, 5)


def equal_error_rate(fpr, tpr):
    """Where the polyline crosses fpr = 1 - tpr."""
    for f0, t0, f1, t1 in zip(fpr, tpr, fpr[1:], tpr[1:]):
        if f1 + t1 >= 1:
            s = (1 - f0 - t0) / ((f1 - f0) + (t1 - t0))
            return f0 + s * (f1 - f0)
    raise AssertionError("a ROC curve ends at (1, 1)")


def delong(a, b, fake):
    def components(s):
        pairs = (s[fake][:, None] > s[~fake]) + 0.5 * (s[fake][:, None] == s[~fake])
        return pairs.mean(axis=1), pairs.mean(axis=0)

    (fa, ra), (fb, rb) = components(a), components(b)
    variance = 0.0
    for x, y in ((fa, fb), (ra, rb)):
        s = np.cov(np.stack([x, y]), ddof=1)
        variance += (s[0, 0] + s[1, 1] - 2 * s[0, 1]) / len(x)
    z = (fa.mean() - fb.mean()) / np.sqrt(variance)
    return {"std_error": np.sqrt(variance), "z": z, "p": 2 * scipy.stats.norm.sf(abs(z))}


def main():
    rng = np.random.default_rng(20240601)
    cases = []
    for n in [2, 3, 4, 5, 7, 10, 16, 25, 40, 64, 100, 200, 500]:
        for kind in ["distinct", "one decimal", "heavy ties", "unbounded", "constant"]:
            if kind == "constant" and n > 10:
                continue
            fake = rng.random(n) < rng.choice([0.1, 0.5, 0.85])
            fake[rng.permutation(n)[:2]] = [True, False]
            score = draw_scores(rng, fake, kind)
            fpr, tpr, threshold = roc_curve(fake, score, drop_intermediate=False)
            case = {
                "name": f"{n} {kind}",
                "scores": score.tolist(),
                "fake": fake.astype(int).tolist(),
                "auroc": roc_auc_score(fake, score),
                "ap": average_precision_score(fake, score),
                "eer": equal_error_rate(fpr, tpr),
                "tpr_at": [tpr[fpr <= f].max() for f in FPRS],
            }
            if n <= 64:
                case["roc"] = {"fpr": fpr[1:].tolist(), "tpr": tpr[1:].tolist(), "threshold": threshold[1:].tolist()}
            if 16 <= n <= 200 and min(fake.sum(), n - fake.sum()) >= 2:
                other = np.round(0.6 * score + rng.normal(size=n) * score.std(), 1)
                case["other"] = other.tolist()
                case["delong"] = delong(score, other, fake)
            cases.append(case)
    print('{\n"made_by": "make_goldens.py, scikit-learn %s",\n"fprs": %s,\n"cases": [' % (sklearn.__version__, FPRS))
    print(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
    print("]\n}")


main()
