package io.adapt4j.benchmarks.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A readable block of results, whose measurements are also recorded for runs of all benchmarks. */
public final class Report {

  private final StringBuilder text = new StringBuilder();
  private final List<Measurement> figures = new ArrayList<>();

  public Report(String title) {
    text.append(title).append('\n');
    Machine.facts().forEach((name, value) -> line(name, "%s", value));
  }

  public void line(String name, String format, Object... values) {
    text.append(String.format(Locale.ROOT, "  %-18s ", name))
        .append(String.format(Locale.ROOT, format, values))
        .append('\n');
  }

  /** Adds a measurement with its own line. */
  public void figure(Measurement figure) {
    String target =
        figure.target() == null
            ? ""
            : " (target: " + figure.targetText() + ") " + verdict(figure.reached());
    line(figure.name(), "%s", figure.text() + target);
    keep(figure);
  }

  /** Records a measurement that a line already shows. */
  public void keep(Measurement figure) {
    figures.add(figure);
  }

  /** Adds a ratio within the run that should be large. */
  public void atLeast(String name, double found, double target) {
    figure(Measurement.largerRatio(name, found).target(target));
  }

  /** Adds a measurement that should be small. */
  public void atMost(String name, double found, double target, String unit) {
    figure(Measurement.smaller(name, unit, found).target(target));
  }

  public static String verdict(boolean reached) {
    return reached ? "REACHED" : "MISSED";
  }

  public void print() {
    System.out.print(text);
    MeasurementLog.add(figures);
  }
}
