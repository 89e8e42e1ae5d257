package io.adapt4j.core.internal.forgetting;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Measured gain and forgetting of one method on one model: a row of the table in {@code
 * measured.csv}, as the study {@code Forgetting} writes it. Losses are means over the seeds.
 */
public record MeasuredRuns(
    String method,
    String model,
    int seeds,
    double before,
    double lowest,
    double compared,
    OptionalDouble rise,
    OptionalDouble low,
    OptionalDouble high,
    String name) {

  /** Identifier of full fine-tuning without a remedy, which the others are compared with. */
  public static final String PLAIN = "full";

  /** Columns of the table; a name may have commas, so it comes last. */
  private static final int COLUMNS = 10;

  static MeasuredRuns parse(String line) {
    List<String> cells = List.of(line.split(",", COLUMNS));
    if (cells.size() != COLUMNS) {
      throw new IllegalStateException(
          "measured.csv: expected " + COLUMNS + " columns, found '" + line + "'");
    }
    return new MeasuredRuns(
        cells.get(0),
        cells.get(1),
        Integer.parseInt(cells.get(2)),
        Double.parseDouble(cells.get(3)),
        Double.parseDouble(cells.get(4)),
        Double.parseDouble(cells.get(5)),
        number(cells.get(6)),
        number(cells.get(7)),
        number(cells.get(8)),
        cells.get(9));
  }

  private static OptionalDouble number(String cell) {
    return cell.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(cell));
  }

  /** Describes the gain and its price on this model. */
  String text() {
    String run = format("%s (%d seeds): %s ", model, seeds, name);
    return lowest < before
        ? run + format("lowers the loss on plays from %.2f to %.2f; %s", before, lowest, price())
        : run + format("does not lower the loss on plays, %.2f before", before);
  }

  private String price() {
    if (rise.isEmpty()) {
      return format("it does not reach the loss %.2f at which methods are compared", compared);
    }
    String risen =
        format("at a loss of %.2f that on stories has risen by %.2f", compared, rise.getAsDouble());
    return method.equals(PLAIN) ? risen : risen + ", " + difference();
  }

  private String difference() {
    if (low.isEmpty() || high.isEmpty()) {
      return "without an interval";
    }
    double least = low.getAsDouble();
    double most = high.getAsDouble();
    if (least > 0) {
      return format("%.2f to %.2f less than by full fine-tuning", least, most);
    }
    return most < 0
        ? format("%.2f to %.2f more than by full fine-tuning", -most, -least)
        : format(
            "not surely different from full fine-tuning (%.2f less to %.2f more)", most, -least);
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
