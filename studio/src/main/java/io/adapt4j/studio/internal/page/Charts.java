package io.adapt4j.studio.internal.page;

import io.adapt4j.core.internal.Html;
import io.adapt4j.rag.internal.pdf.PdfPage;
import java.util.List;
import java.util.Locale;

/** Small charts as SVG without styles of their own, which pages forbid. */
public final class Charts {

  private static final int WIDTH = 480;
  private static final int HEIGHT = 120;
  private static final int SPAN = 180;

  private Charts() {}

  /** Draws columns with a text below each. */
  public static Markup columns(String title, List<Integer> values, List<String> labels) {
    if (values.isEmpty()) {
      return new Markup("");
    }
    int most = values.stream().mapToInt(Integer::intValue).max().orElse(1);
    double step = (double) WIDTH / values.size();
    StringBuilder out = new StringBuilder();
    out.append("<figure class=\"flat\"><figcaption><b>").append(Html.escape(title));
    out.append("</b></figcaption><svg class=\"histogram\" viewBox=\"0 0 ").append(WIDTH);
    out.append(' ').append(HEIGHT + 20).append("\" role=\"img\" aria-label=\"");
    out.append(Html.escape(title)).append("\">");
    for (int i = 0; i < values.size(); i++) {
      double height = most == 0 ? 0 : (double) values.get(i) / most * (HEIGHT - 16);
      double x = i * step;
      out.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%s: %d</title>"
                  + "</rect><text class=\"x\" x=\"%.1f\" y=\"%d\">%s</text>",
              x + step * 0.1,
              HEIGHT - Math.max(height, values.get(i) > 0 ? 1.5 : 0),
              step * 0.8,
              Math.max(height, values.get(i) > 0 ? 1.5 : 0),
              Html.escape(labels.get(i)),
              values.get(i),
              x + step / 2,
              HEIGHT + 15,
              Html.escape(labels.get(i))));
    }
    return new Markup(out.append("</svg></figure>").toString());
  }

  /** Draws a page with boxes over what is cited. */
  public static Markup page(String title, PdfPage page, String picture) {
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "<svg viewBox=\"0 0 %.1f %.1f\" role=\"img\" aria-label=\"%s\"><image href=\"%s\""
                + " width=\"%.1f\" height=\"%.1f\"/><g>",
            page.width(),
            page.height(),
            Html.escape(title),
            Html.escape(picture),
            page.width(),
            page.height()));
    for (PdfPage.Box box : page.boxes()) {
      out.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
              box.x(),
              box.y(),
              box.width(),
              box.height()));
    }
    return new Markup(out.append("</g></svg>").toString());
  }

  /** Draws a bar for a share, such as of memory. */
  public static Markup bar(double share) {
    double part = Double.isFinite(share) ? Math.max(0, Math.min(1, share)) : 0;
    return new Markup(
        String.format(
            Locale.ROOT,
            "<svg class=\"meter\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\""
                + " aria-hidden=\"true\"><rect class=\"fill\" width=\"%.1f\" height=\"6\"/></svg>",
            100 * part));
  }

  /** The ends of an axis that several intervals share. */
  public record Axis(double low, double high) {

    /** Returns an axis from the least to the greatest of some values, with a margin. */
    public static Axis of(List<Double> values) {
      List<Double> finite = values.stream().filter(Double::isFinite).toList();
      double low = finite.stream().mapToDouble(Double::doubleValue).min().orElse(0);
      double high = finite.stream().mapToDouble(Double::doubleValue).max().orElse(1);
      double margin = high > low ? (high - low) * 0.06 : Math.max(Math.abs(high) * 0.1, 0.01);
      return new Axis(low - margin, high + margin);
    }

    private double at(double value) {
      return Math.max(2, Math.min(SPAN - 2, SPAN * (value - low) / (high - low)));
    }
  }

  /**
   * Draws a value as a dot on the line of its interval.
   *
   * @param mark place of a line across, such as 0 for differences; NaN for none
   */
  public static Markup interval(
      Axis axis, double low, double value, double high, double mark, String style) {
    if (!Double.isFinite(value)) {
      return new Markup("");
    }
    String across =
        Double.isFinite(mark)
            ? String.format(Locale.ROOT, "<path class=\"mark\" d=\"M%.1f 1V21\"/>", axis.at(mark))
            : "";
    return new Markup(
        String.format(
            Locale.ROOT,
            "<svg class=\"interval %s\" viewBox=\"0 0 %d 22\" aria-hidden=\"true\">"
                + "<path class=\"axis\" d=\"M0 11H%d\"/>%s<path class=\"error\" d=\"M%.1f 11H%.1fM%.1f 7V15M%.1f 7V15\"/>"
                + "<circle cx=\"%.1f\" cy=\"11\" r=\"4.5\"/></svg>",
            style,
            SPAN,
            SPAN,
            across,
            axis.at(low),
            axis.at(high),
            axis.at(low),
            axis.at(high),
            axis.at(value)));
  }
}
