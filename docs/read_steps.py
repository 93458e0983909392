"""What an export of training-job holds. Wants pandas and pyarrow: python3 read_steps.py steps.parquet"""
import sys

import pandas as pd

steps = pd.read_parquet(sys.argv[1]).sort_values(["vehicle", "time"])
judged = steps[steps["judged"]]
print(f"{len(steps)} steps of {steps['vehicle'].nunique()} vehicles, {len(judged)} judged, by {', '.join(steps['model'].unique())}")

print("\nThe vehicles that were oddest for longest (share of their steps at 0.5 or more, where alerts are raised):")
print((judged["score"] >= 0.5).groupby(judged["vehicle"]).mean().nlargest(5).to_string(float_format="{:.1%}".format))

# One row a step and signal: observed, expected, share.
wide = judged.set_index(["vehicle", "time"])
signals = [name.removesuffix("_share") for name in wide if name.endswith("_share")]
long = pd.concat({s: wide[[f"{s}_observed", f"{s}_expected", f"{s}_share"]].set_axis(["observed", "expected", "share"], axis=1) for s in signals}, names=["signal"])
long["off"] = (long["observed"] - long["expected"]).abs()

print("\nPer signal: its largest share of a score; how far it is from what was expected, in its unit, half of the time and one time in a hundred:")
print(long.groupby("signal").agg(share=("share", "max"), half=("off", "median"), hundredth=("off", lambda off: off.quantile(0.99))).sort_values("share", ascending=False).round(3).to_string())

if not judged.empty:
    worst = judged.loc[judged["score"].idxmax()]
    print(f"\nThe oddest moment: {worst['vehicle']} at {worst['time']}, score {worst['score']:.3f}")
    print(long.xs((worst["vehicle"], worst["time"]), level=("vehicle", "time")).nlargest(5, "share").round(3).to_string())
