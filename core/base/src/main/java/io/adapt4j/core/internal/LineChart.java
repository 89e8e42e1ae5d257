package io.adapt4j.core.internal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** Line chart in an SVG image, with its title and the keys of its lines. */
public final class LineChart {

  /** A point with the extremes of what it aggregates, or with its confidence interval. */
  public record Point(double x, double y, double low, double high) {}

  private record Line(String name, String style, List<Point> points, boolean detail) {}

  private static final int WIDTH = 480;
  private static final int HEIGHT = 250;
  private static final int LEFT = 50;
  private static final int RIGHT = WIDTH - 14;
  private static final int TOP = 8;
  private static final int BOTTOM = HEIGHT - 24;

  /** Fewer points than this are marked with dots. */
  private static final int DOTS_UP_TO = 40;

  private final String title;
  private final List<Line> lines = new ArrayList<>();
  private final Map<Double, String> ticks = new TreeMap<>();
  private boolean fromZero;
  private boolean bothScales;
  private boolean errorBars;
  private boolean shares;

  public LineChart(String title) {
    this.title = title;
  }

  /** Adds a line, unless it has no points. */
  public LineChart line(String name, String style, List<Point> points) {
    return add(name, style, points, false);
  }

  /** Adds a faint line with the range of the aggregated values at each point. */
  public LineChart detail(String name, String style, List<Point> points) {
    return add(name, style, points, true);
  }

  private LineChart add(String name, String style, List<Point> points, boolean detail) {
    List<Point> finite = points.stream().filter(point -> Double.isFinite(point.y())).toList();
    if (!finite.isEmpty()) {
      lines.add(new Line(name, style, finite, detail));
    }
    return this;
  }

  /** Starts the vertical axis at 0. */
  public LineChart fromZero() {
    fromZero = true;
    return this;
  }

  /** Draws the chart twice, linear and logarithmic, for the page's switch. */
  public LineChart bothScales() {
    bothScales = true;
    return this;
  }

  /** Marks every point and its confidence interval. */
  public LineChart errorBars() {
    errorBars = true;
    return this;
  }

  /**
   * Sets both axes to 0 to 1 and draws the diagonal. Points are then separate measurements, without
   * lines between them.
   */
  public LineChart shares() {
    shares = true;
    return errorBars();
  }

  /** Writes a text below the horizontal axis instead of numbers. */
  public LineChart tick(double x, String text) {
    ticks.put(x, text);
    return this;
  }

  /** Returns the figure; empty if no line has points. */
  public String html() {
    if (lines.isEmpty()) {
      return "";
    }
    StringBuilder out = new StringBuilder("<figure><figcaption><b>");
    out.append(Html.escape(title)).append("</b>");
    for (Line line : lines) {
      add(
          out,
          "<span class=\"key %s%s\">%s</span>",
          line.style(),
          line.detail() ? " faint" : "",
          Html.escape(line.name()));
    }
    out.append("</figcaption>");
    if (bothScales) {
      out.append(svg(false, "lin")).append(svg(true, "log"));
    } else {
      out.append(svg(false, ""));
    }
    return out.append("</figure>\n").toString();
  }

  private static void add(StringBuilder out, String pattern, Object... arguments) {
    out.append(String.format(Locale.ROOT, pattern, arguments));
  }

  private String svg(boolean logarithmic, String style) {
    // Values that a logarithmic axis cannot show are left out.
    Predicate<Point> shown = point -> !logarithmic || point.low() > 0;
    AxisScale x = horizontal();
    AxisScale y = vertical(logarithmic, shown);
    StringBuilder out = new StringBuilder();
    add(
        out,
        "<svg class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\""
            + " data-scale=\"%s %s %s %s %b\" data-box=\"%d %d %d %d\">",
        style,
        WIDTH,
        HEIGHT,
        Html.escape(shares ? title : title + ": " + summary()),
        x.low(),
        x.high(),
        y.low(),
        y.high(),
        logarithmic,
        LEFT,
        RIGHT,
        TOP,
        BOTTOM);
    axes(out, x, y);
    for (Line line : lines) {
      draw(out, line, line.points().stream().filter(shown).toList(), x, y);
    }
    return out.append("</svg>").toString();
  }

  private String summary() {
    return lines.stream()
        .map(line -> line.name() + " " + AxisScale.label(last(line).y()))
        .collect(Collectors.joining(", "));
  }

  private static Point last(Line line) {
    return line.points().get(line.points().size() - 1);
  }

  private Stream<Point> points() {
    return lines.stream().flatMap(line -> line.points().stream());
  }

  private AxisScale horizontal() {
    double low = points().mapToDouble(Point::x).min().orElse(0);
    double high = points().mapToDouble(Point::x).max().orElse(1);
    if (shares) {
      return new AxisScale(0, 1, false);
    }
    return errorBars
        ? AxisScale.linear(low, high)
        : new AxisScale(low, high > low ? high : low + 1, false);
  }

  private AxisScale vertical(boolean logarithmic, Predicate<Point> shown) {
    double low = extremes(shown).min().orElse(fromZero ? 0 : 1);
    double high = extremes(shown).max().orElse(1);
    if (logarithmic) {
      return AxisScale.logarithmic(low, high);
    }
    if (shares) {
      return new AxisScale(0, 1, false);
    }
    return fromZero
        ? new AxisScale(0, high > 0 ? 1.08 * high : 1, false)
        : AxisScale.linear(low, high);
  }

  private DoubleStream extremes(Predicate<Point> shown) {
    return points()
        .filter(shown)
        .flatMapToDouble(point -> DoubleStream.of(point.low(), point.y(), point.high()))
        .filter(Double::isFinite);
  }

  private static double along(AxisScale x, double value) {
    return LEFT + x.place(value) * (RIGHT - LEFT);
  }

  private static double down(AxisScale y, double value) {
    return BOTTOM - y.place(value) * (BOTTOM - TOP);
  }

  private void axes(StringBuilder out, AxisScale x, AxisScale y) {
    for (int i = 0; i < y.ticks().size(); i++) {
      double at = down(y, y.ticks().get(i));
      add(
          out,
          "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">%s</text>",
          LEFT,
          at,
          RIGHT,
          LEFT - 6,
          at + 4,
          y.labels().get(i));
    }
    Map<Double, String> below = new TreeMap<>(ticks);
    for (int i = 0; ticks.isEmpty() && i < x.ticks().size(); i++) {
      below.put(x.ticks().get(i), x.labels().get(i));
    }
    below.forEach(
        (value, text) ->
            add(
                out,
                "<text class=\"x\" x=\"%.1f\" y=\"%d\">%s</text>",
                along(x, value),
                HEIGHT - 6,
                Html.escape(text)));
    if (shares) {
      add(out, "<path class=\"ideal\" d=\"M%d %dL%d %d\"/>", LEFT, BOTTOM, RIGHT, TOP);
    }
  }

  private void draw(StringBuilder out, Line line, List<Point> points, AxisScale x, AxisScale y) {
    if (line.detail() && points.stream().anyMatch(point -> point.low() != point.high())) {
      add(out, "<polygon class=\"%s\" points=\"", line.style());
      places(out, points, Point::high, x, y);
      List<Point> back = new ArrayList<>(points);
      Collections.reverse(back);
      places(out, back, Point::low, x, y);
      out.append("\"/>");
    }
    if (!shares) {
      add(
          out,
          "<polyline class=\"%s%s\" data-name=\"%s\" points=\"",
          line.style(),
          line.detail() ? " faint" : "",
          Html.escape(line.name()));
      places(out, points, Point::y, x, y);
      out.append("\"/>");
    }
    if (!line.detail() && (errorBars || points.size() <= DOTS_UP_TO)) {
      points.forEach(point -> mark(out, line, point, x, y));
    }
  }

  private static void places(
      StringBuilder out,
      List<Point> points,
      ToDoubleFunction<Point> value,
      AxisScale x,
      AxisScale y) {
    for (Point point : points) {
      out.append(Math.round(along(x, point.x()) * 10) / 10.0)
          .append(',')
          .append(Math.round(down(y, value.applyAsDouble(point)) * 10) / 10.0)
          .append(' ');
    }
  }

  private void mark(StringBuilder out, Line line, Point point, AxisScale x, AxisScale y) {
    double at = along(x, point.x());
    add(
        out,
        "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>",
        line.style(),
        at,
        down(y, point.y()));
    if (errorBars && Double.isFinite(point.low()) && Double.isFinite(point.high())) {
      add(
          out,
          "<path class=\"error %s\" d=\"M%.1f %.1fV%.1f\"/>",
          line.style(),
          at,
          down(y, point.low()),
          down(y, point.high()));
    }
  }
}
