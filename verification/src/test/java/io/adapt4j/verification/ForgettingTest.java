package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.verification.ForgettingRuns.Point;
import io.adapt4j.verification.ForgettingRuns.Size;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real small model learns Shakespeare and forgets its stories, less so with each remedy. */
class ForgettingTest {

  @TempDir Path output;

  @Test
  void eachWayForgetsLessAtTheSameLossOnTheNewTask() {
    ForgettingRuns runs = new ForgettingRuns(example(""), output, new Size(96, 1, 4, 40, 20));
    Map<String, List<Point>> all = new LinkedHashMap<>();
    runs.ways().forEach((name, way) -> all.put(name, runs.run(name, way)));

    Point base = all.get("none").get(0);
    double newLoss = ForgettingRuns.reachedByAll(all.values());
    assertThat(newLoss).isLessThan(base.newLoss() - 1);
    double forgotten = increase(all.get("none"), newLoss, base);
    assertThat(forgotten).isGreaterThan(0.3);
    all.forEach(
        (name, points) -> {
          if (!name.equals("none")) {
            assertThat(increase(points, newLoss, base)).as(name).isLessThan(0.85 * forgotten);
          }
        });
  }

  private static double increase(List<Point> points, double newLoss, Point base) {
    return ForgettingRuns.oldLossAt(points, newLoss).orElseThrow() - base.oldLoss();
  }
}
