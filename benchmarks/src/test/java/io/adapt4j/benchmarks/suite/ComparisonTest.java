package io.adapt4j.benchmarks.suite;

import static io.adapt4j.benchmarks.suite.ExampleRuns.MACHINE;
import static io.adapt4j.benchmarks.suite.ExampleRuns.otherMachine;
import static io.adapt4j.benchmarks.suite.ExampleRuns.run;
import static io.adapt4j.benchmarks.suite.ExampleRuns.speed;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.benchmarks.suite.Comparison.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComparisonTest {

  @ParameterizedTest
  @CsvSource({
    "100, 2, 95, 2, WORSE",
    "100, 2, 97, 2, SAME",
    "100, 2, 105, 2, BETTER",
    "100, 0, 99.9, 0, WORSE",
    "100, 30, 80, 1, SAME"
  })
  void aDifferenceCountsWhereTheIntervalsDoNotMeet(
      double before, double beforeError, double now, double nowError, Verdict verdict) {
    Comparison comparison =
        Comparison.of(run(1, speed(now, nowError)), List.of(run(0, speed(before, beforeError))));

    assertThat(comparison.changes()).extracting(Comparison.Change::verdict).containsOnly(verdict);
  }

  @Test
  void lessIsBetterWhereTheFigureSaysSo() {
    Figure before = Figure.smaller("peak", "GB", 2).plusMinus(0.01);
    Figure now = Figure.smaller("peak", "GB", 1).plusMinus(0.01);

    Comparison comparison = Comparison.of(run(1, now), List.of(run(0, before)));

    assertThat(comparison.with(Verdict.BETTER)).hasSize(1);
    assertThat(comparison.changes().get(0).relative()).contains(-0.5);
  }

  @ParameterizedTest
  @CsvSource({"104, SAME", "96, SAME", "94, WORSE", "106, BETTER"})
  void aFigureMeasuredOnceMayDifferByFivePercent(double now, Verdict verdict) {
    Figure before = Figure.larger("speed", "tokens/s", 100);

    Comparison comparison =
        Comparison.of(run(1, Figure.larger("speed", "tokens/s", now)), List.of(run(0, before)));

    assertThat(comparison.with(verdict)).hasSize(1);
  }

  @Test
  void figuresOfDifferentMachinesAreNotCompared() {
    Run other = run(0, otherMachine(), Profile.QUICK, "", speed(1000, 1));

    Comparison comparison = Comparison.of(run(1, speed(1, 0)), List.of(other));

    assertThat(comparison.before()).isEmpty();
    assertThat(comparison.with(Verdict.NEW)).hasSize(1);
    assertThat(comparison.remark()).contains("Not compared", "another machine", "Intel Xeon");
  }

  @Test
  void theLastRunOfAnEqualMachineAndProfileCounts() {
    Run old = run(0, speed(50, 1));
    Run last = run(1, speed(100, 1));
    Run full = run(2, MACHINE, Profile.FULL, "", speed(7, 1));
    Run part = run(3, MACHINE, Profile.QUICK, "Load", speed(8, 1));
    Run now = run(4, speed(100, 1));
    Run later = run(5, speed(9, 1));

    Comparison comparison = Comparison.of(now, List.of(old, last, full, part, now, later));

    assertThat(comparison.before()).contains(last);
    assertThat(comparison.with(Verdict.SAME)).hasSize(1);
    assertThat(comparison.remark()).contains(last.date().toString(), "benchmarks named Load only");
  }

  @Test
  void otherVersionsAreComparedAndSaid() {
    Run before = run(0, speed(100, 1));
    Run now = run(1, speed(100, 1));
    Run newer =
        new Run(
            now.date(),
            now.profile(),
            "",
            now.seconds(),
            now.commit(),
            now.machine(),
            new Versions("0.2.0", "2.7.1", "0.36.0", "21.0.1 (Vendor)"),
            now.results());

    assertThat(Comparison.of(newer, List.of(before)).remark())
        .contains("other versions", "JDK 17.0.21", "Adapt4J 0.1.0");
  }

  @Test
  void aFigureOfAnotherUnitIsNew() {
    Comparison comparison =
        Comparison.of(run(1, Figure.larger("speed", "rows/s", 1)), List.of(run(0, speed(100, 1))));

    assertThat(comparison.with(Verdict.NEW)).hasSize(1);
  }
}
