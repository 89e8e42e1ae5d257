package io.adapt4j.core.internal;

import java.util.List;
import java.util.Locale;

/** Plot area of a line chart in an SVG image. */
public record PlotArea(int height) {

  /** Width of the image. */
  public static final int WIDTH = 480;

  /** The left end of the lines. */
  public static final int LEFT = 50;

  /** The right end of the lines. */
  public static final int RIGHT = WIDTH - 14;

  /** The upper end of the lines. */
  public static final int TOP = 8;

  public int bottom() {
    return height - 24;
  }

  /** {@return the x coordinate of a value} */
  public double along(AxisScale x, double value) {
    return LEFT + x.place(value) * (RIGHT - LEFT);
  }

  /** {@return the y coordinate of a value} */
  public double down(AxisScale y, double value) {
    return bottom() - y.place(value) * (bottom() - TOP);
  }

  /** Begins the figure with a title; the keys of the lines follow. */
  public static StringBuilder captioned(String title) {
    return new StringBuilder("<figure><figcaption><b>").append(Html.escape(title)).append("</b>");
  }

  /** Adds the key of a line to the caption. */
  public static void key(StringBuilder out, String style, String name) {
    out.append("<span class=\"key ")
        .append(style)
        .append("\">")
        .append(Html.escape(name))
        .append("</span>");
  }

  /** Draws the grid lines and labels of the vertical axis. */
  public void grid(StringBuilder out, AxisScale y) {
    List<Double> ticks = y.ticks();
    List<String> labels = y.labels();
    for (int i = 0; i < ticks.size(); i++) {
      double tick = ticks.get(i);
      out.append(
          String.format(
              Locale.ROOT,
              "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">%s"
                  + "</text>",
              LEFT,
              down(y, tick),
              RIGHT,
              LEFT - 6,
              down(y, tick) + 4,
              labels.get(i)));
    }
  }

  /** Draws the labels of the horizontal axis. */
  public void below(StringBuilder out, AxisScale x) {
    List<Double> ticks = x.ticks();
    List<String> labels = x.labels();
    for (int i = 0; i < ticks.size(); i++) {
      below(out, along(x, ticks.get(i)), labels.get(i));
    }
  }

  /** Writes a text below the horizontal axis. */
  public void below(StringBuilder out, double at, String text) {
    out.append(
        String.format(
            Locale.ROOT,
            "<text class=\"x\" x=\"%.1f\" y=\"%d\">%s</text>",
            at,
            height - 6,
            Html.escape(text)));
  }
}
