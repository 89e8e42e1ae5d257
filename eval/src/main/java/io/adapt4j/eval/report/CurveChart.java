package io.adapt4j.eval.report;

import io.adapt4j.core.internal.AxisScale;
import io.adapt4j.core.internal.Html;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** Draws points with error bars, joined by lines, as inline SVG. */
final class CurveChart {

  /** A point. */
  record Point(double x, ConfidenceInterval y) {}

  private record Line(String name, String style, List<Point> points) {}

  private static final int WIDTH = 480;
  private static final int HEIGHT = 260;
  private static final int LEFT = 50;
  private static final int RIGHT = WIDTH - 14;
  private static final int TOP = 8;
  private static final int BOTTOM = HEIGHT - 24;

  private final String title;
  private final List<Line> lines = new ArrayList<>();
  private final Map<Double, String> ticks = new TreeMap<>();
  private boolean shares;

  CurveChart(String title) {
    this.title = title;
  }

  /** Adds a line; one without points is left out. */
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

  /** Lets both axes go from 0 to 1 and draws where they are equal. */
  CurveChart shares() {
    shares = true;
    return this;
  }

  /** The metric; nothing without lines. */
  String html() {
    if (lines.isEmpty()) {
      return "";
    }
    StringBuilder out = new StringBuilder("<figure><figcaption><b>");
    out.append(Html.escape(title)).append("</b>");
    lines.forEach(
        line ->
            out.append("<span class=\"key ")
                .append(line.style())
                .append("\">")
                .append(Html.escape(line.name()))
                .append("</span>"));
    out.append("</figcaption>")
        .append(
            Texts.format(
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
                WIDTH, HEIGHT, Html.escape(title)));
    AxisScale x = shares ? unit() : horizontal();
    AxisScale y = shares ? unit() : vertical();
    grid(out, x, y);
    lines.forEach(line -> draw(out, line, x, y));
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
    for (double tick : y.ticks()) {
      out.append(
          Texts.format(
              "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">%s"
                  + "</text>",
              LEFT, down(y, tick), RIGHT, LEFT - 6, down(y, tick) + 4, AxisScale.label(tick)));
    }
    if (ticks.isEmpty()) {
      x.ticks().forEach(tick -> below(out, along(x, tick), AxisScale.label(tick)));
    } else {
      ticks.forEach((at, text) -> below(out, along(x, at), text));
    }
    if (shares) {
      out.append(
          Texts.format("<path class=\"ideal\" d=\"M%d %dL%d %d\"/>", LEFT, BOTTOM, RIGHT, TOP));
    }
  }

  private static void below(StringBuilder out, double at, String text) {
    out.append(
        Texts.format(
            "<text class=\"x\" x=\"%.1f\" y=\"%d\">%s</text>", at, HEIGHT - 6, Html.escape(text)));
  }

  private static void draw(StringBuilder out, Line line, AxisScale x, AxisScale y) {
    out.append("<polyline class=\"").append(line.style()).append("\" points=\"");
    for (Point point : line.points()) {
      out.append(Texts.format("%.1f,%.1f ", along(x, point.x()), down(y, point.y().value())));
    }
    out.append("\"/>");
    for (Point point : line.points()) {
      double at = along(x, point.x());
      out.append(
          Texts.format(
              "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
              line.style(), at, down(y, point.y().value())));
      if (Double.isFinite(point.y().low()) && Double.isFinite(point.y().high())) {
        out.append(
            Texts.format(
                "<path class=\"error %s\" d=\"M%.1f %.1fV%.1f\"/>",
                line.style(), at, down(y, point.y().low()), down(y, point.y().high())));
      }
    }
  }

  private static double along(AxisScale x, double value) {
    return LEFT + x.place(value) * (RIGHT - LEFT);
  }

  private static double down(AxisScale y, double value) {
    return BOTTOM - y.place(value) * (BOTTOM - TOP);
  }
}
