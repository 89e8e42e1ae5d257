package io.adapt4j.verification;

import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.verification.ForgettingRuns.Point;
import io.adapt4j.verification.ForgettingRuns.Size;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Compares methods against catastrophic forgetting: a model of children's stories is trained on
 * Shakespeare without and with EWC, L2 and KL to the base, and replay. Prints its loss on held-out
 * stories at the same loss on held-out plays.
 *
 * <p>Run it from the root of the repository; with the argument {@code short} it takes a fifth of
 * the time.
 */
public final class Forgetting {

  private static final Size WHOLE = new Size(400, 3, 10, 120, 60);
  private static final Size SHORT = new Size(120, 2, 3, 120, 30);

  private Forgetting() {}

  /**
   * Runs the comparison.
   *
   * @param args optionally {@code short}
   */
  public static void main(String[] args) {
    Size size = args.length > 0 && args[0].equals("short") ? SHORT : WHOLE;
    ForgettingRuns runs = new ForgettingRuns(Path.of("examples"), Path.of("runs/forgetting"), size);
    Map<String, List<Point>> all = new LinkedHashMap<>();
    for (Map.Entry<String, UnaryOperator<FineTuner.Builder>> way : runs.ways().entrySet()) {
      all.put(way.getKey(), runs.run(way.getKey(), way.getValue()));
      Point last = all.get(way.getKey()).get(all.get(way.getKey()).size() - 1);
      System.out.printf(
          "%s: %d steps, plays %.3f, stories %.3f%n",
          way.getKey(), last.step(), last.newLoss(), last.oldLoss());
    }
    print(all);
  }

  private static void print(Map<String, List<Point>> all) {
    Point base = all.values().iterator().next().get(0);
    double reached = ForgettingRuns.reachedByAll(all.values());
    System.out.printf(
        "%nBase: plays %.3f, stories %.3f. All at plays %.3f:%n",
        base.newLoss(), base.oldLoss(), reached);
    System.out.println("| against forgetting | stories | increase |");
    System.out.println("| --- | --- | --- |");
    all.forEach(
        (name, points) -> {
          double old = ForgettingRuns.oldLossAt(points, reached).orElse(Double.NaN);
          System.out.printf("| %s | %.3f | %.3f |%n", name, old, old - base.oldLoss());
        });
  }
}
