package io.adapt4j.eval.report;

import io.adapt4j.core.internal.AxisScale;
import io.adapt4j.core.internal.Html;
import io.adapt4j.core.internal.PlotArea;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** Chart of points with error bars, consecutive ones joined by lines, as inline SVG. */
final class CurveChart {

  /** A point. */
  record Point(double x, ConfidenceInterval y) {}

  private record Line(String name, String style, List<Point> points) {}

  private static final PlotArea AREA = new PlotArea(260);

  private final String title;
  private final List<Line> lines = new ArrayList<>();
  private final Map<Double, String> ticks = new TreeMap<>();
  private boolean shares;

  CurveChart(String title) {
    this.title = title;
  }

  /** Adds a line, unless it has no points. */
  CurveChart line(String name, String style, List<Point> points) {
    List<Point> finite =
        points.stream().filter(point -> Double.isFinite(point.y().value())).toList();
    if (!finite.isEmpty()) {
      lines.add(new Line(name, style, finite));
    }
    return this;
  }

  /** Writes a text below the horizontal axis instead of numbers. */
  CurveChart tick(double x, String text) {
    ticks.put(x, text);
    return this;
  }

  /**
   * Sets both axes to 0 to 1 and draws the diagonal. Points are then separate measurements, without
   * lines between them.
   */
  CurveChart shares() {
    shares = true;
    return this;
  }

  /** Returns the chart; empty without lines. */
  String html() {
    if (lines.isEmpty()) {
      return "";
    }
    StringBuilder out = PlotArea.captioned(title);
    lines.forEach(line -> PlotArea.key(out, line.style(), line.name()));
    out.append("</figcaption>")
        .append(
            Texts.format(
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
                PlotArea.WIDTH, AREA.height(), Html.escape(title)));
    AxisScale x = shares ? unit() : horizontal();
    AxisScale y = shares ? unit() : vertical();
    grid(out, x, y);
    for (Line line : lines) {
      if (!shares) {
        join(out, line, x, y);
      }
      draw(out, line, x, y);
    }
    return out.append("</svg></figure>\n").toString();
  }

  private static AxisScale unit() {
    return new AxisScale(0, 1, false);
  }

  private AxisScale horizontal() {
    return AxisScale.linear(
        points().mapToDouble(Point::x).min().orElse(0),
        points().mapToDouble(Point::x).max().orElse(1));
  }

  private AxisScale vertical() {
    return AxisScale.linear(ends().min().orElse(0), ends().max().orElse(1));
  }

  private Stream<Point> points() {
    return lines.stream().flatMap(line -> line.points().stream());
  }

  private DoubleStream ends() {
    ToDoubleFunction<Point> low = point -> point.y().low();
    ToDoubleFunction<Point> high = point -> point.y().high();
    return points()
        .flatMapToDouble(
            point ->
                DoubleStream.of(
                    point.y().value(), low.applyAsDouble(point), high.applyAsDouble(point)))
        .filter(Double::isFinite);
  }

  private void grid(StringBuilder out, AxisScale x, AxisScale y) {
    AREA.grid(out, y);
    if (ticks.isEmpty()) {
      AREA.below(out, x);
    } else {
      ticks.forEach((at, text) -> AREA.below(out, AREA.along(x, at), text));
    }
    if (shares) {
      out.append(
          Texts.format(
              "<path class=\"ideal\" d=\"M%d %dL%d %d\"/>",
              PlotArea.LEFT, AREA.bottom(), PlotArea.RIGHT, PlotArea.TOP));
    }
  }

  private static void join(StringBuilder out, Line line, AxisScale x, AxisScale y) {
    out.append("<polyline class=\"").append(line.style()).append("\" points=\"");
    for (Point point : line.points()) {
      out.append(
          Texts.format("%.1f,%.1f ", AREA.along(x, point.x()), AREA.down(y, point.y().value())));
    }
    out.append("\"/>");
  }

  private static void draw(StringBuilder out, Line line, AxisScale x, AxisScale y) {
    for (Point point : line.points()) {
      double at = AREA.along(x, point.x());
      out.append(
          Texts.format(
              "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
              line.style(), at, AREA.down(y, point.y().value())));
      if (Double.isFinite(point.y().low()) && Double.isFinite(point.y().high())) {
        out.append(
            Texts.format(
                "<path class=\"error %s\" d=\"M%.1f %.1fV%.1f\"/>",
                line.style(), at, AREA.down(y, point.y().low()), AREA.down(y, point.y().high())));
      }
    }
  }
}
