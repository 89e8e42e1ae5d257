package io.adapt4j.benchmarks.suite;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A run beside an earlier one on an equal machine.
 *
 * @param run the run
 * @param before what it is compared with; empty if nothing can be
 * @param remark what is compared, or why nothing is
 * @param changes each figure of the run
 */
record Comparison(Run run, Optional<Run> before, String remark, List<Change> changes) {

  /** The error, as a share of the value, of figures that were measured once. */
  static final double UNKNOWN_ERROR = 0.05;

  /** Which way a figure went. */
  enum Verdict {
    /** There is none to compare with. */
    NEW,
    /** Within the errors of both. */
    SAME,
    /** Better by more than that. */
    BETTER,
    /** Worse by more than that. */
    WORSE
  }

  /**
   * A figure now and then.
   *
   * @param key what it is of
   * @param now its value in the run
   * @param before its value in the earlier run, if it is there
   * @param verdict which way it went
   */
  record Change(FigureKey key, Figure now, Optional<Figure> before, Verdict verdict) {

    /** How much larger it is now, as a share of what it was. */
    Optional<Double> relative() {
      return before.filter(then -> then.value() != 0).map(then -> now.value() / then.value() - 1);
    }
  }

  Comparison {
    changes = List.copyOf(changes);
  }

  /** Compares with the last of the stored runs that can be compared. */
  static Comparison of(Run run, List<Run> stored) {
    List<Run> earlier = stored.stream().filter(one -> one.date().isBefore(run.date())).toList();
    Optional<Run> before = last(earlier.stream().filter(one -> comparable(one, run)).toList());
    return new Comparison(run, before, remark(run, earlier, before), changes(run, before));
  }

  private static boolean comparable(Run one, Run run) {
    return one.machine().equals(run.machine())
        && one.profile() == run.profile()
        && (one.only().isEmpty() || one.only().equals(run.only()));
  }

  private static Optional<Run> last(List<Run> runs) {
    return runs.isEmpty() ? Optional.empty() : Optional.of(runs.get(runs.size() - 1));
  }

  private static String remark(Run run, List<Run> earlier, Optional<Run> before) {
    if (earlier.isEmpty()) {
      return "No earlier run is stored.";
    }
    Run last = last(earlier).orElseThrow();
    String skipped =
        before.equals(Optional.of(last)) ? "" : " The last stored run, " + why(last, run) + ".";
    return before
            .map(one -> "Compared with " + said(one) + "." + versions(one, run))
            .orElse("Not compared: no stored run is of an equal machine and the same profile.")
        + skipped;
  }

  private static String said(Run run) {
    return "the run of " + run.date() + " at " + run.commit().text();
  }

  private static String versions(Run before, Run run) {
    return before.versions().equals(run.versions())
        ? ""
        : " It had other versions: " + before.versions().text() + ".";
  }

  private static String why(Run last, Run run) {
    if (!last.machine().equals(run.machine())) {
      return last.date() + ", is of another machine: " + last.machine().text();
    }
    return last.profile() == run.profile()
        ? last.date() + ", has the benchmarks named " + last.only() + " only"
        : last.date() + ", has the profile " + last.profile().name().toLowerCase(Locale.ROOT);
  }

  private static List<Change> changes(Run run, Optional<Run> before) {
    Map<FigureKey, Figure> old = before.map(Run::figures).orElse(Map.of());
    List<Change> changes = new ArrayList<>();
    run.figures()
        .forEach(
            (key, now) -> {
              Optional<Figure> then =
                  Optional.ofNullable(old.get(key)).filter(one -> one.unit().equals(now.unit()));
              Verdict verdict = then.map(one -> verdict(one, now)).orElse(Verdict.NEW);
              changes.add(new Change(key, now, then, verdict));
            });
    return changes;
  }

  /** A difference counts where the intervals of the two figures do not meet. */
  private static Verdict verdict(Figure before, Figure now) {
    double margin = error(before) + error(now);
    double gain = (now.value() - before.value()) * (now.largerIsBetter() ? 1 : -1);
    if (Math.abs(gain) <= margin) {
      return Verdict.SAME;
    }
    return gain > 0 ? Verdict.BETTER : Verdict.WORSE;
  }

  private static double error(Figure figure) {
    return figure.error().orElse(UNKNOWN_ERROR / 2 * Math.abs(figure.value()));
  }

  List<Change> with(Verdict verdict) {
    return changes.stream().filter(change -> change.verdict() == verdict).toList();
  }
}
