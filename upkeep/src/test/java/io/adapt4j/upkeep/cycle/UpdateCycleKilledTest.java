package io.adapt4j.upkeep.cycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.Child;
import io.adapt4j.upkeep.cycle.CycleReport.Outcome;
import io.adapt4j.upkeep.registry.HistoryEntry;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cycles in a process that is killed at random moments and started again until all have ended. */
class UpdateCycleKilledTest {

  private static final int KILLS = Integer.getInteger("adapt4j.kills", 6);
  private static final int CYCLES = 8;

  @TempDir Path folder;

  /** Runs the cycles that are missing. Each version answers ten more questions. */
  static final class Cycles {

    private Cycles() {}

    public static void main(String[] arguments) throws Exception {
      Path folder = Path.of(arguments[0]);
      Registry registry = Registry.open(folder.resolve("registry"));
      UpdateCycle cycle =
          UpdateCycle.builder(registry, "m", folder.resolve("cycles"))
              .collect(
                  (window, target) -> {
                    Files.writeString(target, "rows\n");
                    return CollectedRows.of(1);
                  })
              .train(
                  job -> {
                    int number = registry.versions("m").size();
                    String weights = ScriptedVersion.weights(10 + 10 * number, 90, 10);
                    return ScriptedVersion.write(job.output(), weights);
                  })
              .exam(ScriptedVersion.exam(), ScriptedVersion::examine)
              .promote(PromotionRule.improving("new"))
              .clock(new TestClock(Instant.parse("2026-12-01T00:00:00Z")))
              .build();
      System.out.println("ready");
      while (cycle.reports().size() < CYCLES) {
        cycle.run();
      }
      System.out.println("done");
    }
  }

  @Test
  void nothingIsLostAndOneExaminedVersionIsInProductionWheneverItIsKilled() throws Exception {
    Random random = new Random(38);
    for (int kill = 0; kill < KILLS; kill++) {
      try (Child child = new Child(Cycles.class, folder)) {
        assertThat(child.line()).isEqualTo("ready");
        Thread.sleep(random.nextInt(250));
        child.kill();
      }
      check();
    }
    try (Child child = new Child(Cycles.class, folder)) {
      assertThat(child.line()).isEqualTo("ready");
      assertThat(child.line()).isEqualTo("done");
    }
    check();
    Registry registry = Registry.open(folder.resolve("registry"));
    assertThat(registry.versions("m")).hasSize(CYCLES);
    assertThat(registry.resolve("m@production").number()).isEqualTo(CYCLES);
    assertThat(productions(registry)).hasSize(CYCLES);
    assertThat(cycleReports(registry)).hasSize(CYCLES).containsOnly(Outcome.PROMOTED);
  }

  private void check() {
    Registry registry = Registry.open(folder.resolve("registry"));
    assertThat(registry.verify()).isEmpty();
    List<HistoryEntry> productions = productions(registry);
    assertThat(productions).allMatch(HistoryEntry::examined).doesNotHaveDuplicates();
    if (!productions.isEmpty()) {
      ModelVersion production = registry.resolve("m@production");
      assertThat(registry.exams(production)).isNotEmpty();
      assertThat(production.number()).isEqualTo(productions.size());
    }
  }

  private static List<HistoryEntry> productions(Registry registry) {
    return registry.history("m").stream()
        .filter(entry -> entry.alias().equals(Registry.PRODUCTION))
        .toList();
  }

  private List<Outcome> cycleReports(Registry registry) {
    return UpdateCycle.builder(registry, "m", folder.resolve("cycles"))
        .collect((window, target) -> CollectedRows.of(1))
        .train(job -> job.output())
        .exam(ScriptedVersion.exam(), ScriptedVersion::examine)
        .promote(PromotionRule.improving("new"))
        .build()
        .reports()
        .stream()
        .map(CycleReport::outcome)
        .toList();
  }
}
