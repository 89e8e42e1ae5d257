package io.adapt4j.core.monitor;

import io.adapt4j.core.internal.AxisScale;
import io.adapt4j.core.internal.Html;
import io.adapt4j.core.internal.PlotArea;
import io.adapt4j.core.monitor.Curve.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;

/** Draws lines over steps as inline SVG. */
final class Chart {

  /** One line. */
  record Line(String name, String style, List<Point> points, boolean detail) {}

  private static final PlotArea AREA = new PlotArea(250);

  /** Fewer points than this are marked with dots. */
  private static final int DOTS_UP_TO = 40;

  private final String title;
  private final List<Line> lines = new ArrayList<>();
  private boolean fromZero;
  private boolean bothScales;

  Chart(String title) {
    this.title = title;
  }

  /** Adds a line, unless it has no points. */
  Chart line(String name, String style, List<Point> points) {
    return add(new Line(name, style, points, false));
  }

  /** Adds a faint line with the range of the aggregated values at each point. */
  Chart detail(String name, String style, List<Point> points) {
    return add(new Line(name, style, points, true));
  }

  private Chart add(Line line) {
    if (!line.points().isEmpty()) {
      lines.add(line);
    }
    return this;
  }

  /** Starts the vertical axis at 0. */
  Chart fromZero() {
    fromZero = true;
    return this;
  }

  /** Draws the chart twice, linear and logarithmic, for the page's switch. */
  Chart bothScales() {
    bothScales = true;
    return this;
  }

  /** Returns the figure; empty if no line has points. */
  String html() {
    if (lines.isEmpty()) {
      return "";
    }
    StringBuilder out = PlotArea.captioned(title);
    for (Line line : lines) {
      PlotArea.key(out, line.style() + (line.detail() ? " faint" : ""), line.name());
    }
    out.append("</figcaption>");
    if (bothScales) {
      out.append(svg(false, "lin")).append(svg(true, "log"));
    } else {
      out.append(svg(false, ""));
    }
    return out.append("</figure>\n").toString();
  }

  private String svg(boolean logarithmic, String style) {
    // Values that a logarithmic axis cannot show are left out.
    Predicate<Point> shown = point -> !logarithmic || point.min() > 0;
    AxisScale x = horizontal();
    AxisScale y = vertical(logarithmic, shown);
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "<svg class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\""
                + " data-scale=\"%s %s %s %s %b\" data-box=\"%d %d %d %d\">",
            style,
            PlotArea.WIDTH,
            AREA.height(),
            Html.escape(title + ": " + summary()),
            x.low(),
            x.high(),
            y.low(),
            y.high(),
            logarithmic,
            PlotArea.LEFT,
            PlotArea.RIGHT,
            PlotArea.TOP,
            AREA.bottom()));
    AREA.grid(out, y);
    AREA.below(out, x);
    for (Line line : lines) {
      List<Point> points = line.points().stream().filter(shown).toList();
      if (line.detail()) {
        band(out, line, points, x, y);
      }
      polyline(out, line, points, x, y);
    }
    return out.append("</svg>").toString();
  }

  private String summary() {
    List<String> parts = new ArrayList<>();
    for (Line line : lines) {
      Point last = line.points().get(line.points().size() - 1);
      parts.add(line.name() + " " + AxisScale.label(last.mean()));
    }
    return String.join(", ", parts);
  }

  private AxisScale horizontal() {
    double low = lines.stream().mapToDouble(line -> line.points().get(0).step()).min().orElse(0);
    double high =
        lines.stream()
            .mapToDouble(line -> line.points().get(line.points().size() - 1).step())
            .max()
            .orElse(1);
    return new AxisScale(low, high > low ? high : low + 1, false);
  }

  private AxisScale vertical(boolean logarithmic, Predicate<Point> shown) {
    double low = extremes(shown).min().orElse(fromZero ? 0 : 1);
    double high = extremes(shown).max().orElse(1);
    if (logarithmic) {
      return AxisScale.logarithmic(low, high);
    }
    return fromZero
        ? new AxisScale(0, high > 0 ? 1.08 * high : 1, false)
        : AxisScale.linear(low, high);
  }

  private DoubleStream extremes(Predicate<Point> shown) {
    return lines.stream()
        .flatMap(line -> line.points().stream())
        .filter(shown)
        .flatMapToDouble(point -> DoubleStream.of(point.min(), point.max()));
  }

  private static void band(
      StringBuilder out, Line line, List<Point> points, AxisScale x, AxisScale y) {
    if (points.stream().allMatch(point -> point.min() == point.max())) {
      return;
    }
    out.append("<polygon class=\"").append(line.style()).append("\" points=\"");
    for (Point point : points) {
      place(out, AREA.along(x, point.step()), AREA.down(y, point.max()));
    }
    for (int i = points.size() - 1; i >= 0; i--) {
      place(out, AREA.along(x, points.get(i).step()), AREA.down(y, points.get(i).min()));
    }
    out.append("\"/>");
  }

  private static void polyline(
      StringBuilder out, Line line, List<Point> points, AxisScale x, AxisScale y) {
    out.append("<polyline class=\"")
        .append(line.style())
        .append(line.detail() ? " faint" : "")
        .append("\" data-name=\"")
        .append(Html.escape(line.name()))
        .append("\" points=\"");
    for (Point point : points) {
      place(out, AREA.along(x, point.step()), AREA.down(y, point.mean()));
    }
    out.append("\"/>");
    if (!line.detail() && points.size() <= DOTS_UP_TO) {
      for (Point point : points) {
        out.append(
            String.format(
                Locale.ROOT,
                "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>",
                line.style(),
                AREA.along(x, point.step()),
                AREA.down(y, point.mean())));
      }
    }
  }

  private static void place(StringBuilder out, double x, double y) {
    out.append(Math.round(x * 10) / 10.0).append(',').append(Math.round(y * 10) / 10.0).append(' ');
  }
}
