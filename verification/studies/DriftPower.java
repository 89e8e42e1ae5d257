import io.adapt4j.core.data.Row;
import io.adapt4j.upkeep.drift.DriftReport;
import io.adapt4j.upkeep.drift.DriftReport.Result;
import io.adapt4j.upkeep.drift.DriftTest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * How often {@link DriftTest} finds a new domain in CLINC150, and how often it finds drift between
 * draws of the same intents. Banking is the new domain; its rows replace a share of those of now.
 *
 * <p>{@code java @verification/target/java.args verification/studies/DriftPower.java SHARED_DATA
 * [SEEDS]}, from the root of the repository. Prints a table in Markdown.
 */
public final class DriftPower {

  private static final Set<String> BANKING =
      Set.of(
          "freeze_account",
          "routing",
          "pin_change",
          "bill_due",
          "pay_bill",
          "account_blocked",
          "interest_rate",
          "min_payment",
          "bill_balance",
          "transfer",
          "order_checks",
          "balance",
          "spending_history",
          "transactions",
          "report_fraud");

  private DriftPower() {}

  /** Prints the table. */
  public static void main(String[] arguments) {
    List<Row> known = new ArrayList<>();
    List<Row> banking = new ArrayList<>();
    for (Row row : DriftTest.rows(Path.of(arguments[0], "clinc150", "train.jsonl"))) {
      String intent = row.text("intent");
      if (!intent.equals("oos")) {
        (BANKING.contains(intent) ? banking : known).add(row);
      }
    }
    int seeds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 100;
    System.out.println("| rows per period | new domain | alarms | by the classifier | mean AUC |");
    System.out.println("| --- | --- | --- | --- | --- |");
    for (int rows : new int[] {200, 500, 1000}) {
      for (double share : new double[] {0, 0.1, 0.2}) {
        line(known, banking, rows, share, seeds);
      }
    }
  }

  private static void line(List<Row> known, List<Row> banking, int rows, double share, int seeds) {
    int alarms = 0;
    int byClassifier = 0;
    double auc = 0;
    int fresh = (int) Math.round(share * rows);
    for (int seed = 0; seed < seeds; seed++) {
      Collections.shuffle(known, new Random(seed));
      Collections.shuffle(banking, new Random(seed));
      List<Row> now = new ArrayList<>(known.subList(rows, 2 * rows - fresh));
      now.addAll(banking.subList(0, fresh));
      DriftReport report =
          DriftTest.builder().text("text").seed(seed).build().compare(known.subList(0, rows), now);
      Result classifier = report.results().get(0);
      alarms += report.drifted() ? 1 : 0;
      byClassifier += classifier.drifted() ? 1 : 0;
      auc += classifier.statistic() / seeds;
    }
    System.out.printf(
        "| %d | %.0f %% | %d of %d | %d | %.3f |%n",
        rows, 100 * share, alarms, seeds, byClassifier, auc);
  }
}
