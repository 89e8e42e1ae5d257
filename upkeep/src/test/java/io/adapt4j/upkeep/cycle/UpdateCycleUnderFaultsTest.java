package io.adapt4j.upkeep.cycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.HistoryEntry;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole cycle under every fault at every call of the disk, each repeated until it ends. */
class UpdateCycleUnderFaultsTest {

  private static final Change ALLOWED = Change.by("anna", "the first").allowingNoExam();
  private static final Evaluator EXAM = ScriptedVersion.exam();

  @TempDir Path temp;

  private static Registry registry(Path folder) {
    return Registry.open(folder.resolve("registry"));
  }

  private static UpdateCycle cycle(Path folder) {
    return UpdateCycle.builder(registry(folder), "m", folder.resolve("cycles"))
        .collect(
            (window, target) -> {
              Files.writeString(target, "rows\n");
              return CollectedRows.of(1);
            })
        .train(job -> ScriptedVersion.write(job.output(), ScriptedVersion.weights(80, 90, 10)))
        .exam(EXAM, ScriptedVersion::examine)
        .promote(PromotionRule.improving("new"))
        .clock(new TestClock(Instant.parse("2026-12-01T00:00:00Z")))
        .build();
  }

  private void first(Path folder) throws IOException {
    Path run = ScriptedVersion.write(temp.resolve("first"), ScriptedVersion.weights(50, 90, 10));
    ModelVersion version = registry(folder).add(NewVersion.of("m", run));
    registry(folder).promote(version, ALLOWED);
  }

  /** One whole version in production, which was examined before. */
  private static String read(Path folder) {
    Registry registry = registry(folder);
    ModelVersion production = registry.resolve("m@production");
    assertThat(registry.verify(production)).isEmpty();
    List<HistoryEntry> history = registry.history("m");
    assertThat(history)
        .filteredOn(entry -> entry.alias().equals(Registry.PRODUCTION))
        .allMatch(entry -> entry.examined() || entry.who().equals("anna"))
        .hasSizeLessThanOrEqualTo(2);
    assertThat(registry.versions("m")).hasSizeLessThanOrEqualTo(2);
    return production.reference();
  }

  @Test
  void aCycle() throws Exception {
    int faults =
        FaultCheck.of("update cycle")
            .before(this::first)
            .writing(folder -> cycle(folder).run())
            .reading(UpdateCycleUnderFaultsTest::read)
            .explainedByCallers()
            .keeping("(cycles|registry)/.*")
            .every(5)
            .run();
    assertThat(faults).isGreaterThan(100);
  }
}
