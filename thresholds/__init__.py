"""What a measurement means: limits, calendars, verdicts. Everything here is pure: no I/O, no clock, no randomness; time is a parameter.

`from thresholds.judge import judge_result, judge_trip` gives the verdicts; this package hands on values only.
"""

from thresholds.values import Aspect, Baseline, Level, Limit, Match, Sample, Verdict

__all__ = ["Aspect", "Baseline", "Level", "Limit", "Match", "Sample", "Verdict"]
