package io.adapt4j.eval.report;

import io.adapt4j.core.internal.AxisScale;
import io.adapt4j.core.internal.Html;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/** Draws bars with error bars as inline SVG. */
final class BarChart {

  /** One bar. */
  private record Bar(String name, String style, ConfidenceInterval value) {}

  private static final int WIDTH = 480;
  private static final int LEFT = 8;
  private static final int RIGHT = WIDTH - 12;
  private static final int ROW = 42;
  private static final int NAME = 16;
  private static final int THICK = 14;
  private static final int MOST_NAME = 40;

  private final String title;
  private final List<Bar> bars = new ArrayList<>();

  BarChart(String title) {
    this.title = title;
  }

  /** Adds a bar, unless its value is not finite. */
  BarChart bar(String name, String style, ConfidenceInterval value) {
    if (Double.isFinite(value.value())) {
      bars.add(new Bar(name, style, value));
    }
    return this;
  }

  /** Returns the chart; empty without bars. */
  String html() {
    if (bars.isEmpty()) {
      return "";
    }
    AxisScale scale = scale();
    int bottom = bars.size() * ROW + 6;
    StringBuilder out = new StringBuilder("<figure><figcaption><b>");
    out.append(Html.escape(title))
        .append("</b></figcaption>")
        .append(
            Texts.format(
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
                WIDTH, bottom + 20, Html.escape(title + ": " + summary())));
    for (double tick : scale.ticks()) {
      out.append(
          Texts.format(
              "<path class=\"grid\" d=\"M%.1f 4V%d\"/><text class=\"x\" x=\"%.1f\" y=\"%d\">%s"
                  + "</text>",
              place(scale, tick), bottom, place(scale, tick), bottom + 16, AxisScale.label(tick)));
    }
    for (int i = 0; i < bars.size(); i++) {
      draw(out, bars.get(i), i * ROW, scale);
    }
    return out.append("</svg></figure>\n").toString();
  }

  private String summary() {
    List<String> parts = new ArrayList<>();
    bars.forEach(bar -> parts.add(bar.name() + " " + Texts.number(bar.value().value())));
    return String.join(", ", parts);
  }

  /** Shares have an axis from 0 to 1, so that charts can be compared. */
  private AxisScale scale() {
    double low = ends().min().orElse(0);
    double high = ends().max().orElse(1);
    if (low >= 0 && high <= 1) {
      return new AxisScale(0, 1, false);
    }
    double room = 0.05 * (Math.max(0, high) - Math.min(0, low));
    return new AxisScale(low < 0 ? low - room : 0, high > 0 ? high + room : 0, false);
  }

  private DoubleStream ends() {
    return bars.stream()
        .flatMapToDouble(
            bar -> DoubleStream.of(bar.value().value(), bar.value().low(), bar.value().high()))
        .filter(Double::isFinite);
  }

  private static void draw(StringBuilder out, Bar bar, int top, AxisScale scale) {
    double zero = place(scale, Math.max(0, scale.low()));
    double end = place(scale, bar.value().value());
    out.append(
        Texts.format(
            "<text class=\"label\" x=\"%d\" y=\"%d\">%s</text>"
                + "<text class=\"label value\" x=\"%d\" y=\"%d\">%s</text>"
                + "<rect class=\"bar %s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
            LEFT,
            top + NAME,
            Html.escape(Texts.line(bar.name(), MOST_NAME)),
            RIGHT,
            top + NAME,
            Texts.number(bar.value().value()),
            bar.style(),
            Math.min(zero, end),
            top + NAME + 6,
            Math.abs(end - zero),
            THICK));
    if (Double.isFinite(bar.value().low()) && Double.isFinite(bar.value().high())) {
      int middle = top + NAME + 6 + THICK / 2;
      double low = place(scale, bar.value().low());
      double high = place(scale, bar.value().high());
      out.append(
          Texts.format(
              "<path class=\"whisker\" d=\"M%.1f %dV%dM%.1f %dH%.1fM%.1f %dV%d\"/>",
              low, middle - 4, middle + 4, low, middle, high, high, middle - 4, middle + 4));
    }
  }

  private static double place(AxisScale scale, double value) {
    return LEFT + scale.place(value) * (RIGHT - LEFT);
  }
}
